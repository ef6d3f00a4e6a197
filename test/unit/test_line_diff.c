/*
 * test_line_diff.c
 *	  What differs between two texts, line by line.
 */
#include "harness.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "line_diff.h"
#include "memory.h"

/* " same|-removed|+added|~N" for lines that are left out. */
static char *
write_diff(const SlipwayLineDiff *diff)
{
	static const char marks[] = " -+";
	SlipwayBuffer text = {0};

	for (size_t i = 0; i < diff->count; i++)
	{
		const SlipwayLine *line = &diff->lines[i];
		char	   *part = line->change == SLIPWAY_LINE_GAP
			? slipway_memory_format("~%zu", line->count)
			: slipway_memory_format("%c%.*s", marks[line->change], (int) line->length, line->text);

		if (i > 0)
			slipway_buffer_add(&text, "|");
		slipway_buffer_add(&text, part);
		free(part);
	}
	return slipway_buffer_take(&text);
}

static void
expect_diff(const char *before, const char *after, size_t context, const char *expected)
{
	SlipwayLineDiff *diff = slipway_line_diff_make(before, after, context);
	char	   *text = write_diff(diff);

	assert_string_equal(text, expected);
	free(text);
	slipway_line_diff_free(diff);
}

static void
shows_what_changed(void **state)
{
	(void) state;
	expect_diff("a\nb\nc\n", "a\nB\nc\n", 3, " a|-b|+B| c");
	expect_diff("a\nb\nc", "b\nc\nd", 3, "-a| b| c|+d");
	expect_diff("a\n\nb", "a\nb", 3, " a|-| b");
	/* a last line feed is none of the text's */
	expect_diff("a\nb\n", "a\nb", 3, "");
	expect_diff("", "", 3, "");
}

static void
takes_none_for_no_lines(void **state)
{
	(void) state;
	expect_diff(NULL, "a\nb\n", 3, "+a|+b");
	expect_diff("a\nb\n", NULL, 3, "-a|-b");
	expect_diff(NULL, NULL, 3, "");
}

static void
leaves_out_what_is_far(void **state)
{
	(void) state;
	expect_diff("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\n5\nsix\n7\n8\n9", 1, "~4| 5|-6|+six| 7|~2");
	expect_diff("1\n2\n3\n4\n5\n6\n7", "one\n2\n3\n4\n5\n6\nseven", 1, "-1|+one| 2|~3| 6|-7|+seven");
	/* a gap of one line would take as much room as the line */
	expect_diff("1\n2\n3\n4", "1\n2\n3\nfour", 2, " 1| 2| 3|-4|+four");
	expect_diff("1\n2\n3\n4", "1\n2\n3\nfour", 0, "~3|-4|+four");
}

/* Lines "0" to "3", so that many of them are the same. */
static char *
make_text(unsigned *seed, int *lines, int *count)
{
	SlipwayBuffer text = {0};

	*count = rand_r(seed) % 14;
	for (int i = 0; i < *count; i++)
	{
		lines[i] = rand_r(seed) % 4;
		slipway_buffer_add_char(&text, (char) ('0' + lines[i]));
		slipway_buffer_add_char(&text, '\n');
	}
	return slipway_buffer_take(&text);
}

static int
count_common(const int *a, int n, const int *b, int m)
{
	int			common[16][16] = {{0}};

	for (int i = 1; i <= n; i++)
		for (int j = 1; j <= m; j++)
		{
			int			skip = common[i - 1][j] > common[i][j - 1] ? common[i - 1][j] : common[i][j - 1];

			common[i][j] = a[i - 1] == b[j - 1] ? common[i - 1][j - 1] + 1 : skip;
		}
	return common[n][m];
}

/* The text that a diff with all its lines has on one side. */
static char *
read_side(const SlipwayLineDiff *diff, SlipwayLineChange other, size_t *same)
{
	SlipwayBuffer text = {0};

	*same = 0;
	for (size_t i = 0; i < diff->count; i++)
	{
		*same += diff->lines[i].change == SLIPWAY_LINE_SAME;
		if (diff->lines[i].change == other)
			continue;
		slipway_buffer_add_bytes(&text, diff->lines[i].text, diff->lines[i].length);
		slipway_buffer_add_char(&text, '\n');
	}
	return slipway_buffer_take(&text);
}

static void
is_as_short_as_can_be(void **state)
{
	unsigned	seed = 6;
	int			compared = 0;

	(void) state;
	for (int round = 0; round < 3000; round++)
	{
		int			a[16];
		int			b[16];
		int			n,
					m;
		char	   *before = make_text(&seed, a, &n);
		char	   *after = make_text(&seed, b, &m);
		SlipwayLineDiff *diff = slipway_line_diff_make(before, after, 100);
		size_t		same;
		char	   *old = read_side(diff, SLIPWAY_LINE_ADDED, &same);
		char	   *new = read_side(diff, SLIPWAY_LINE_REMOVED, &same);

		if (diff->count > 0)
		{
			compared++;
			assert_string_equal(old, before);
			assert_string_equal(new, after);
			assert_int_equal(same, count_common(a, n, b, m));
		}
		else
			assert_string_equal(before, after);
		free(old);
		free(new);
		free(before);
		free(after);
		slipway_line_diff_free(diff);
	}
	assert_true(compared > 2000);
}

/* Two bodies of many lines without one in common: an end is found in time. */
static void
gives_up_in_time(void **state)
{
	SlipwayBuffer texts[2] = {{0}, {0}};
	SlipwayLineDiff *diff;
	size_t		same;
	char	   *side;

	(void) state;
	for (int t = 0; t < 2; t++)
		for (int i = 0; i < 20000; i++)
		{
			char	   *line = slipway_memory_format("%d of %d\n", i, i % 500 == 0 ? 2 : t);

			slipway_buffer_add(&texts[t], line);
			free(line);
		}
	diff = slipway_line_diff_make(texts[0].data, texts[1].data, 50000);
	side = read_side(diff, SLIPWAY_LINE_ADDED, &same);
	assert_string_equal(side, texts[0].data);
	free(side);
	side = read_side(diff, SLIPWAY_LINE_REMOVED, &same);
	assert_string_equal(side, texts[1].data);
	free(side);
	slipway_line_diff_free(diff);
	free(texts[0].data);
	free(texts[1].data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_changed),
		cmocka_unit_test(takes_none_for_no_lines),
		cmocka_unit_test(leaves_out_what_is_far),
		cmocka_unit_test(is_as_short_as_can_be),
		cmocka_unit_test(gives_up_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
