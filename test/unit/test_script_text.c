/*
 * test_script_text.c
 *	  Normal form, validation and lines of scripts.
 */
#include "harness.h"

#include <string.h>

#include "hash.h"
#include "script_text.h"

static void
expect_normal(const char *given, const char *expected)
{
	char		text[64];
	size_t		length = strlen(given);

	memcpy(text, given, length);
	length = slipway_script_text_normalise(text, length, true);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(text, expected, length);
}

static void
normalises(void **state)
{
	(void) state;
	expect_normal("", "");
	expect_normal("a\r\nb\r\n", "a\nb\n");
	expect_normal("a\rb", "a\rb");
	expect_normal("a\r\r\nb", "a\nb");
	expect_normal("a\r", "a\r");
	expect_normal("\xef\xbb\xbfx", "x");
	expect_normal("\xef\xbb\xbf", "");
	expect_normal("\xef\xbb\xbf\xef\xbb\xbfx", "x");
	expect_normal("x\xef\xbb\xbf", "x\xef\xbb\xbf");
	expect_normal("\xef\xbb", "\xef\xbb");
}

static void
expect_fault(const char *text, size_t length, SlipwayTextFault fault, size_t at)
{
	size_t		offset = 12345;

	assert_int_equal(slipway_script_text_check(text, length, &offset), fault);
	if (fault != SLIPWAY_TEXT_GOOD)
		assert_int_equal(offset, at);
}

static void
checks_encoding(void **state)
{
	(void) state;
	expect_fault("", 0, SLIPWAY_TEXT_GOOD, 0);
	expect_fault("a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80", 10, SLIPWAY_TEXT_GOOD, 0);
	expect_fault("\xf4\x8f\xbf\xbf\xee\x80\x80\xed\x9f\xbf", 10, SLIPWAY_TEXT_GOOD, 0);
	expect_fault("ab\0c", 4, SLIPWAY_TEXT_NUL, 2);
	expect_fault("ab\xff", 3, SLIPWAY_TEXT_NOT_UTF8, 2);
	expect_fault("a\x80", 2, SLIPWAY_TEXT_NOT_UTF8, 1);
	expect_fault("\xc0\xaf", 2, SLIPWAY_TEXT_NOT_UTF8, 0);	/* overlong */
	expect_fault("\xe0\x9f\xbf", 3, SLIPWAY_TEXT_NOT_UTF8, 0);	/* overlong */
	expect_fault("x\xed\xa0\x80", 4, SLIPWAY_TEXT_NOT_UTF8, 1); /* surrogate */
	expect_fault("\xf0\x8f\xbf\xbf", 4, SLIPWAY_TEXT_NOT_UTF8, 0);	/* overlong */
	expect_fault("\xf4\x90\x80\x80", 4, SLIPWAY_TEXT_NOT_UTF8, 0);	/* too high */
	expect_fault("ok\xe6\x97", 4, SLIPWAY_TEXT_NOT_UTF8, 2);	/* cut off */
	expect_fault("\xe6\x97" "a", 3, SLIPWAY_TEXT_NOT_UTF8, 0);
}

static void
expect_line(const char *text, int number, const char *expected)
{
	const char *start = NULL;
	size_t		size = 0;
	bool		found = slipway_script_text_line(text, strlen(text), number, &start, &size);

	assert_int_equal(found, expected != NULL);
	if (expected == NULL)
		return;
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(start, expected, size);
}

static void
finds_lines(void **state)
{
	(void) state;
	expect_line("a\nbc\n", 1, "a");
	expect_line("a\nbc\n", 2, "bc");
	expect_line("a\nbc\n", 3, "");
	expect_line("a\nbc\n", 4, NULL);
	expect_line("a\nbc", 2, "bc");
	expect_line("", 1, "");
	expect_line("", 2, NULL);
	expect_line("a", 0, NULL);
}

static void
locates_bytes(void **state)
{
	int			line,
				column;

	(void) state;
	slipway_script_text_locate("a\n\xc3\xa4x", 4, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 2);
	slipway_script_text_locate("abc", 0, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
	slipway_script_text_locate("\xef\xbb\xbf" "abc", 4, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 2);
}

static void
hashes(void **state)
{
	char		hash[SLIPWAY_HASH_SIZE];

	(void) state;
	slipway_hash_bytes("abc", 3, hash);
	assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normalises),
		cmocka_unit_test(checks_encoding),
		cmocka_unit_test(finds_lines),
		cmocka_unit_test(locates_bytes),
		cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests_name("script_text", tests, NULL, NULL);
}
