/*
 * test_display.c
 *	  Text of others on a terminal.
 */
#include "harness.h"

#include <stdlib.h>

#include "display.h"

static void
expect_tame(const char *given, const char *expected)
{
	char	   *tame = slipway_display_tame(given);

	assert_string_equal(tame, expected);
	free(tame);
}

static void
tames_text(void **state)
{
	(void) state;
	expect_tame("", "");
	expect_tame("a\tb\nc é 名 \xf0\x9d\x84\x9e", "a\tb\nc é 名 \xf0\x9d\x84\x9e");
	expect_tame("\x1b[2J\x1b]0;x\x07\r\b\x7f", "\\x1b[2J\\x1b]0;x\\x07\\x0d\\x08\\x7f");
	/* U+009B, a CSI of one character; U+202E, which turns what follows; U+2066, U+200F */
	expect_tame("a\xc2\x9b" "2Jb", "a\\u009b2Jb");
	expect_tame("\xe2\x80\xae" "x\xe2\x81\xa6" "y\xe2\x80\x8f", "\\u202ex\\u2066y\\u200f");
	expect_tame("\xc2\xa0", "\xc2\xa0");
	/* what is no UTF-8 stays, and ends nothing */
	expect_tame("\xff\xc2\x1b\xe2\x80", "\xff\xc2\\x1b\xe2\x80");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tames_text),
	};

	return cmocka_run_group_tests_name("display", tests, NULL, NULL);
}
