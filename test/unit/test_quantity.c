/*
 * test_quantity.c
 *	  Sizes and numbers for people.
 */
#include "harness.h"

#include <stdlib.h>

#include "quantity.h"

static void
expect_size(double bytes, const char *expected)
{
	char	   *text = slipway_quantity_size(bytes);

	assert_string_equal(text, expected);
	free(text);
}

static void
expect_number(long long number, const char *expected)
{
	char	   *text = slipway_quantity_number(number);

	assert_string_equal(text, expected);
	free(text);
}

static void
says_sizes(void **state)
{
	(void) state;
	expect_size(0, "0 bytes");
	expect_size(1, "1 byte");
	expect_size(999, "999 bytes");
	expect_size(8192, "8.0 kB");
	expect_size(1024 * 1023, "1.0 MB");
	expect_size(10.0 * 1024 * 1024, "10 MB");
	expect_size(1.2 * 1024 * 1024 * 1024, "1.2 GB");
	expect_size(640.0 * 1024 * 1024, "640 MB");
	expect_size(32.0 * 1024 * 1024 * 1024 * 1024, "32 TB");
}

static void
says_numbers(void **state)
{
	(void) state;
	expect_number(0, "0");
	expect_number(999, "999");
	expect_number(1000, "1,000");
	expect_number(-8000000, "-8,000,000");
	expect_number(12345678901LL, "12,345,678,901");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(says_sizes), cmocka_unit_test(says_numbers)};

	return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
