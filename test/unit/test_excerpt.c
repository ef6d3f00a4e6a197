/*
 * test_excerpt.c
 *	  Where the caret goes.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "display.h"
#include "excerpt.h"

static void
expect_excerpt(const char *text, int line, int column, int width, const char *expected)
{
	char	   *excerpt = slipway_excerpt_render(text, strlen(text), line, column, width);

	if (expected == NULL)
		assert_null(excerpt);
	else
	{
		assert_non_null(excerpt);
		assert_string_equal(excerpt, expected);
	}
	free(excerpt);
}

static void
points_at_characters(void **state)
{
	(void) state;
	expect_excerpt("x\n  SELECT totl\n", 2, 10, 80,
				   "    2 |   SELECT totl\n"
				   "      |          ^\n");
	expect_excerpt("abc", 1, 1, 80, "    1 | abc\n      | ^\n");
	/* at the end of the text, and beyond the line */
	expect_excerpt("abc", 1, 4, 80, "    1 | abc\n      |    ^\n");
	expect_excerpt("abc\n", 1, 99, 80, "    1 | abc\n      |    ^\n");
	expect_excerpt("abc", 1, 0, 80, "    1 | abc\n");
	expect_excerpt("", 1, 1, 80, "    1 | \n      | ^\n");
	expect_excerpt("abc", 2, 1, 80, NULL);
}

static void
counts_columns(void **state)
{
	(void) state;
	/* two columns for each of these, and none for the combining accent */
	expect_excerpt("'\xe6\x97\xa5\xe6\x9c\xac' x", 1, 6, 80,
				   "    1 | '\xe6\x97\xa5\xe6\x9c\xac' x\n      |        ^\n");
	expect_excerpt("e\xcc\x81x", 1, 3, 80, "    1 | e\xcc\x81x\n      |  ^\n");
	expect_excerpt("\xc3\xa4\xc3\xb6x", 1, 3, 80, "    1 | \xc3\xa4\xc3\xb6x\n      |   ^\n");
	expect_excerpt("\tx\ty", 1, 4, 80, "    1 |         x       y\n      |                 ^\n");
}

static void
shows_no_control_characters(void **state)
{
	(void) state;
	expect_excerpt("a\033[31mb\x7f", 1, 7, 80, "    1 | a?[31mb?\n      |       ^\n");
	expect_excerpt("a\rb", 1, 3, 80, "    1 | a?b\n      |   ^\n");
	/* C1 control characters, which some terminals obey */
	expect_excerpt("a\xc2\x9b" "b", 1, 3, 80, "    1 | a?b\n      |   ^\n");
}

static void
cuts_long_lines(void **state)
{
	const char *digits = "0123456789012345678901234567890123456789012345678901234567890123456789";

	(void) state;
	expect_excerpt(digits, 1, 1, 38, "    1 | 012345678901234567890123456...\n      | ^\n");
	expect_excerpt(digits, 1, 36, 38, "    1 | ...012345678901234567890123...\n      |                   ^\n");
	expect_excerpt(digits, 1, 70, 38, "    1 | ...45678901234567890123456789\n      |                             ^\n");
	expect_excerpt(digits, 1, 71, 38, "    1 | ...45678901234567890123456789\n      |                              ^\n");
}

static void
measures_text(void **state)
{
	(void) state;
	assert_int_equal(slipway_display_width(""), 0);
	assert_int_equal(slipway_display_width("abc"), 3);
	assert_int_equal(slipway_display_width("\xe6\x97\xa5"), 2);
	assert_int_equal(slipway_display_width("a\tb"), 9);
	assert_int_equal(slipway_display_width("\xff\xfe"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(points_at_characters),
		cmocka_unit_test(counts_columns),
		cmocka_unit_test(shows_no_control_characters),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(measures_text),
	};

	return cmocka_run_group_tests_name("excerpt", tests, NULL, NULL);
}
