/*
 * test_server_error.c
 *	  Where an error happened, and which versions fit.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "server.h"
#include "server_error.h"

static void
expect_part(const char *context, SlipwayScriptPart part, SlipwayErrorPlace place, const char *migration, int line, int column, size_t length)
{
	char	   *found;
	SlipwayScriptPart found_part;
	int			found_line,
				found_column;
	size_t		found_length;

	assert_int_equal(slipway_server_error_locate(context, &found, &found_part, &found_line, &found_column, &found_length), place);
	assert_int_equal(found_line, line);
	assert_int_equal(found_column, column);
	assert_int_equal(found_length, length);
	if (migration == NULL)
		assert_null(found);
	else
	{
		assert_non_null(found);
		assert_string_equal(found, migration);
	}
	free(found);
	assert_int_equal(found_part, part);
}

static void
expect_place(const char *context, SlipwayErrorPlace place, const char *migration, int line, int column, size_t length)
{
	expect_part(context, SLIPWAY_PART_UP, place, migration, line, column, length);
}

static void
locates_errors(void **state)
{
	(void) state;
	expect_place("migration \"0001_a\", line 12, column 9", SLIPWAY_ERROR_RUN, "0001_a", 12, 9, 0);
	expect_place("migration \"0001_a\", line 12", SLIPWAY_ERROR_RUN, "0001_a", 12, 0, 0);
	expect_place("migration \"0001_a\"", SLIPWAY_ERROR_RUN, "0001_a", 0, 0, 0);
	expect_place("check of migration \"a b\", line 1, column 2", SLIPWAY_ERROR_CHECK, "a b", 1, 2, 0);
	expect_place("function f() line 3\nmigration \"x\", line 1", SLIPWAY_ERROR_RUN, "x", 1, 0, 19);
	expect_part("migration \"0001_a\", verify script, line 3, column 9", SLIPWAY_PART_VERIFY, SLIPWAY_ERROR_RUN, "0001_a", 3, 9, 0);
	expect_part("check of migration \"0001_a\", verify script, line 3", SLIPWAY_PART_VERIFY, SLIPWAY_ERROR_CHECK, "0001_a", 3, 0, 0);
	/* another script than its up script */
	expect_part("migration \"x\", down script, unit 2 of 3, line 4, column 5", SLIPWAY_PART_DOWN, SLIPWAY_ERROR_RUN, "x", 4, 5, 0);
	expect_part("check of migration \"x\", down script, line 1", SLIPWAY_PART_DOWN, SLIPWAY_ERROR_CHECK, "x", 1, 0, 0);
	expect_place("migration \"x\", down scripts", SLIPWAY_ERROR_ELSEWHERE, NULL, 0, 0, 27);
	/* names with the very words around them */
	expect_place("migration \"a\"b\", line 7, column 1\", line 3, column 4", SLIPWAY_ERROR_RUN,
				 "a\"b\", line 7, column 1", 3, 4, 0);
	expect_place("migration \"a, line 2\", line 5", SLIPWAY_ERROR_RUN, "a, line 2", 5, 0, 0);
	/* not the engine's */
	expect_place("PL/pgSQL function f() line 3", SLIPWAY_ERROR_ELSEWHERE, NULL, 0, 0, 28);
	expect_place("migration \"x\" is odd", SLIPWAY_ERROR_ELSEWHERE, NULL, 0, 0, 20);
	expect_place("migration \"x\", line 1\nelsewhere", SLIPWAY_ERROR_ELSEWHERE, NULL, 0, 0, 31);
	expect_place("", SLIPWAY_ERROR_ELSEWHERE, NULL, 0, 0, 0);
}

static void
compares_versions(void **state)
{
	(void) state;
	assert_int_equal(slipway_server_compare_versions("0.1.0", "0.1.9"), 0);
	assert_int_equal(slipway_server_compare_versions("0.1.0", "0.2.0"), 0);
	assert_int_equal(slipway_server_compare_versions("0.2.0", "0.1.0"), 0);
	assert_true(slipway_server_compare_versions("0.1.0", "0.3.0") < 0);
	assert_true(slipway_server_compare_versions("0.3.0", "0.1.0") > 0);
	assert_true(slipway_server_compare_versions("1.9.0", "2.0.0") < 0);
	assert_true(slipway_server_compare_versions("2.0.0", "1.9.0") > 0);
	assert_true(slipway_server_compare_versions("0.1.0", "odd") < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locates_errors),
		cmocka_unit_test(compares_versions),
	};

	return cmocka_run_group_tests_name("server_error", tests, NULL, NULL);
}
