/*
 * test_schema_diff.c
 *	  What is no difference of a table, and what is ignored.
 */
#include "harness.h"

#include <stdlib.h>

#include "column_order.h"
#include "ignore_list.h"

static void
expect_before(const char *before, const char *after, const char *expected)
{
	char	   *result = slipway_column_order_take_over(before, after);

	assert_string_equal(result, expected);
	free(result);
}

static void
takes_over_what_came_and_went(void **state)
{
	(void) state;
	expect_before("owner: a\ncolumns: a, b\nx: y", "owner: b\ncolumns: a, b, c", "owner: a\ncolumns: a, b, c\nx: y");
	expect_before("columns: a, b, c", "columns: c", "columns: c");
	expect_before("columns: a", "columns: b", "columns: b");
	expect_before("attributes: a, b", "attributes: new, a, b", "attributes: new, a, b");
	expect_before("columns: ", "columns: a", "columns: a");
}

static void
keeps_another_order(void **state)
{
	(void) state;
	expect_before("columns: a, b, c", "columns: b, a", "columns: a, b, c");
	expect_before("columns: a, b", "columns: b, a", "columns: a, b");
}

static void
knows_names_and_bodies(void **state)
{
	(void) state;
	/* one name with a comma, and a quotation mark in it */
	expect_before("columns: \"a, b\", c", "columns: a, \"a, b\", c", "columns: a, \"a, b\", c");
	expect_before("columns: \"a, \"\"b\", c", "columns: c, \"a, \"\"b\"", "columns: \"a, \"\"b\", c");
	/* what stands in a body is no property */
	expect_before("body:\ncolumns: a", "body:\ncolumns: a, b", "body:\ncolumns: a");
	expect_before("type: text", "type: integer", "type: text");
	/* nor what stands in a comment */
	expect_before("owner: a\ncomment: b\ncolumns: a", "owner: a\ncomment: b\ncolumns: a, b", "owner: a\ncomment: b\ncolumns: a");
	expect_before("owner: a\ntype: composite\nattributes: a", "owner: a\ntype: composite\nattributes: b", "owner: a\ntype: composite\nattributes: b");
	/* a name with an end of line */
	expect_before("columns: \"a\nb\", c\nx: y", "columns: \"a\nb\", c, d\nx: y", "columns: \"a\nb\", c, d\nx: y");
}

static void
splits_patterns(void **state)
{
	static const struct
	{
		const char *text;
		const char *array;
	}			cases[] = {
		{"audit.*", "{\"audit.*\"}"},
		{" schema:a , kind:policy,", "{\"schema:a\",\"kind:policy\"}"},
		{"public.\"a,b\",c", "{\"public.\\\"a,b\\\"\",\"c\"}"},
		{"a\\b", "{\"a\\\\b\"}"},
		{" , ", "{}"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char	   *array = slipway_ignore_list_split(cases[i].text);

		assert_string_equal(array, cases[i].array);
		free(array);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_over_what_came_and_went),
		cmocka_unit_test(keeps_another_order),
		cmocka_unit_test(knows_names_and_bodies),
		cmocka_unit_test(splits_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
