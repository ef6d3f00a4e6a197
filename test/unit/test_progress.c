/*
 * test_progress.c
 *	  The lines about a run, at any width.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "display.h"
#include "progress.h"

#define JAPAN "\xe6\x97\xa5\xe6\x9c\xac"

static void
expect_lines(const SlipwayProgress *progress, int width, const char *expected)
{
	char	   *lines = slipway_progress_render(progress, 100000, width);

	assert_string_equal(lines, expected);
	free(lines);
}

static void
expect_fit(const char *text, int width, const char *expected)
{
	SlipwayBuffer buffer = {0};
	char	   *shown;

	slipway_display_fit(&buffer, text, width);
	shown = slipway_buffer_take(&buffer);
	assert_string_equal(shown, expected);
	free(shown);
}

static void
shows_how_far(void **state)
{
	SlipwayProgress progress = {
		.done = 3, .total = 8, .migration = "0004_orders", .started_at = 86000, .migration_started_at = 87600
	};

	(void) state;
	expect_lines(&progress, 80, "[=======>            ] 3/8  0004_orders  12.4 s (14.0 s in all)");
	progress.done = 0;
	expect_lines(&progress, 80, "[>                   ] 0/8  0004_orders  12.4 s (14.0 s in all)");
	progress.done = 8;
	expect_lines(&progress, 80, "[====================] 8/8  0004_orders  12.4 s (14.0 s in all)");
	/* more than was said: a run that was planned anew */
	progress.done = 9;
	expect_lines(&progress, 80, "[====================] 9/8  0004_orders  12.4 s (14.0 s in all)");
	progress.total = 0;
	expect_lines(&progress, 80, "9 done  0004_orders  12.4 s (14.0 s in all)");
	progress.migration = NULL;
	expect_lines(&progress, 80, "9 done  14.0 s");
}

static void
shows_long_times(void **state)
{
	SlipwayProgress progress = {.done = 1, .migration = "a", .started_at = -4000000, .migration_started_at = 35000};

	(void) state;
	expect_lines(&progress, 80, "1 done  a  1 min 5 s (1 h 8 min in all)");
	/* a clock of the server that is ahead */
	progress.migration_started_at = 100500;
	expect_lines(&progress, 80, "1 done  a  0.0 s (1 h 8 min in all)");
}

static void
fits_the_width(void **state)
{
	SlipwayProgress progress = {
		.done = 3, .total = 8, .migration = "0004_orders_of_customers", .started_at = 86000,
		.migration_started_at = 87600, .statement = "SELECT 1,\n\t   2"
	};

	(void) state;
	expect_lines(&progress, 70, "[=======>            ] 3/8  0004_orders_of_...  12.4 s (14.0 s in all)\nSELECT 1, 2");
	expect_lines(&progress, 69, "3/8  0004_orders_of_customers  12.4 s (14.0 s in all)\nSELECT 1, 2");
	expect_lines(&progress, 40, "3/8  0004_ord...  12.4 s (14.0 s in all)\nSELECT 1, 2");
	expect_lines(&progress, 10, "3/8    ...\nSELECT ...");
	progress.blocker = "pid 1 (app, psql)\tholds AccessShareLock";
	expect_lines(&progress, 40, "3/8  0004_ord...  12.4 s (14.0 s in all)\nSELECT 1, 2\n"
				 "pid 1 (app, psql) holds AccessShareLock");
	expect_lines(&progress, 10, "3/8    ...\nSELECT ...\npid 1 (...");
	progress.blocker = NULL;
	for (int width = 1; width < 100; width++)
	{
		char	   *lines = slipway_progress_render(&progress, 1e9, width);
		char	   *second = strchr(lines, '\n');

		assert_non_null(second);
		*second = '\0';
		assert_true(slipway_display_width(lines) <= width);
		assert_true(slipway_display_width(second + 1) <= width);
		free(lines);
	}
}

static void
cuts_text(void **state)
{
	(void) state;
	expect_fit("abcdef", 6, "abcdef");
	expect_fit("abcdef", 5, "ab...");
	expect_fit("abcdef", 3, "...");
	expect_fit("abcdef", 2, "..");
	expect_fit("abcdef", 0, "");
	expect_fit("", 0, "");
	/* a wide character that does not fit leaves a column free */
	expect_fit(JAPAN JAPAN, 8, JAPAN JAPAN);
	expect_fit(JAPAN JAPAN, 7, JAPAN "...");
	expect_fit(JAPAN JAPAN, 6, "\xe6\x97\xa5...");
	expect_fit("a\033b", 3, "a?b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_how_far),
		cmocka_unit_test(shows_long_times),
		cmocka_unit_test(fits_the_width),
		cmocka_unit_test(cuts_text),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
