/*
 * test_display.c
 *	  Text of others on a terminal.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

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
	/* what is no UTF-8 could be a control character of another encoding */
	expect_tame("\xff\xc2\x1b\xe2\x80" "x\x9b" "31m", "\\xff\\xc2\\x1b\\xe2\\x80x\\x9b31m");
}

/* What services that run deploys would take for commands. */
static void
tames_commands(void **state)
{
	(void) state;
	expect_tame("a::b\n::error::c\n \t::d\n:::e\nf ::g", "a::b\n\\x3a:error::c\n \t\\x3a:d\n\\x3a::e\nf ::g");
	expect_tame("::at the beginning there is ours", "::at the beginning there is ours");
	expect_tame("a ##[group]b ###[c] ##vso[task.setvariable]d ## [e]",
				"a \\x23#[group]b #\\x23#[c] \\x23#vso[task.setvariable]d ## [e]");
}

static void
fits_text(void **state)
{
	SlipwayBuffer shown = {0};
	char	   *text;

	(void) state;
	slipway_display_fit(&shown, "a\xe2\x80\xae" "b\xc2\x9b" "c\x9b" "d\x1b" "e", 20);
	text = slipway_buffer_take(&shown);
	assert_string_equal(text, "a?b?c?d?e");
	free(text);
}

/* What is printed is the same but at its beginning, whatever its length is; and JSON stays what it is for who parses it. */
static void
prints_text(void **state)
{
	static const char expected[] = "\\x3a:a\n \\x1bb\n::a\\x23#[b\n"
		"{\"a\\u0023#vso[b::\\u001b\":\"\\u202e \\u009b\\u007f é\"}\n";
	char		text[8192];
	char	   *shown = NULL;
	size_t		length;
	FILE	   *stream = open_memstream(&shown, &length);

	(void) state;
	memset(text, '\x1b', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	slipway_display_print(stream, "::a\n \x1b" "b", true, "\n");
	slipway_display_print(stream, "::a##[b", false, "\n");
	slipway_display_print_json(stream, "{\"a##vso[b::\\u001b\":\"\xe2\x80\xae \xc2\x9b\x7f é\"}");
	slipway_display_print(stream, text, false, "");
	(void) fclose(stream);
	assert_memory_equal(shown, expected, strlen(expected));
	assert_int_equal(length, strlen(expected) + 4 * (sizeof(text) - 1));
	assert_string_equal(shown + length - 8, "\\x1b\\x1b");
	free(shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tames_text),
		cmocka_unit_test(tames_commands),
		cmocka_unit_test(prints_text),
		cmocka_unit_test(fits_text),
	};

	return cmocka_run_group_tests_name("display", tests, NULL, NULL);
}
