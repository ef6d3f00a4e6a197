/*
 * test_dotenv.c
 *	  Files of settings, .env.
 */
#include "harness.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dotenv.h"

static SlipwayDotenv *
parse(const char *text)
{
	size_t		line;
	const char *reason;
	SlipwayDotenv *dotenv = slipway_dotenv_parse(text, strlen(text), &line, &reason);

	if (dotenv == NULL)
		fail_msg("line %zu of \"%s\": %s", line, text, reason);
	return dotenv;
}

/* NULL for a value: it cannot be told, or there is none of that name. */
static void
check_value(const char *text, const char *name, const char *value)
{
	SlipwayDotenv *dotenv = parse(text);
	const SlipwayDotenvEntry *entry = slipway_dotenv_find(dotenv, name);

	if (value == NULL)
		assert_true(entry == NULL || entry->problem != NULL);
	else
	{
		assert_non_null(entry);
		assert_null(entry->problem);
		assert_string_equal(entry->value, value);
		assert_int_equal(entry->length, strlen(value));
	}
	slipway_dotenv_free(dotenv);
}

static void
expect_refused(const char *text, size_t length, size_t expected_line, const char *expected_reason)
{
	size_t		line;
	const char *reason;

	assert_null(slipway_dotenv_parse(text, length, &line, &reason));
	assert_int_equal(line, expected_line);
	assert_string_equal(reason, expected_reason);
}

static void
reads_bare_values(void **state)
{
	(void) state;
	check_value("A=b", "A", "b");
	check_value("A=b\n", "A", "b");
	check_value("A=b\r\nC=d\r\n", "A", "b");
	check_value("A=b\r\nC=d\r\n", "C", "d");
	check_value("\xEF\xBB\xBF" "A=b", "A", "b");
	check_value("  A = b c \t\n", "A", "b c");
	check_value("export A=b\n", "A", "b");
	check_value("export\t A=b\n", "A", "b");
	check_value("exportA=b\n", "exportA", "b");
	check_value("A=b # comment\n", "A", "b");
	check_value("A=b#c\n", "A", "b#c");
	check_value("A=#c\n", "A", "#c");
	check_value("A = #c\n", "A", "");
	check_value("A=\t# c\n", "A", "");
	check_value("A=\n", "A", "");
	check_value("A=\nB=c\n", "A", "");
	check_value("A=b=c\n", "A", "b=c");
	check_value("A=b\\nc\n", "A", "b\\nc");
	check_value("A=b\"c'd\n", "A", "b\"c'd");
	check_value("A=1\nA=2\n", "A", "2");
	check_value("# A=b\n", "A", NULL);
	check_value("A\nexport B\nC=d\n", "C", "d");
	check_value("A=\xC3\xA4\n", "A", "\xC3\xA4");
}

static void
reads_quoted_values(void **state)
{
	(void) state;
	check_value("A='b # c'\n", "A", "b # c");
	check_value("A='b\\n\"${C}'\n", "A", "b\\n\"${C}");
	check_value("A='' # nothing\n", "A", "");
	check_value("A=\"b\" # c\n", "A", "b");
	check_value("A=\"b\"\r\nC=d", "A", "b");
	check_value("A=\"b\\\"c\\\\d\\$e\\`f\\n\\r\\tg\\h\"\n", "A", "b\"c\\d$e`f\n\r\tg\\h");
	check_value("A=\"b\nc=d\n\"\nE=f\n", "A", "b\nc=d\n");
	check_value("A=\"b\nc=d\n\"\nE=f\n", "E", "f");
	check_value("A=\"b\nc=d\n\"\nE=f\n", "c", NULL);
	check_value("A='b\r\nc'\r\n", "A", "b\nc");
	check_value("A=\"b'c\"\n", "A", "b'c");
}

static void
fills_in_variables(void **state)
{
	(void) state;
	check_value("B=1\nA=x${B}y\n", "A", "x1y");
	check_value("B=1\nA=\"x${B}y\"\n", "A", "x1y");
	check_value("B=1\nA=$B/y\n", "A", "1/y");
	check_value("B=1\nA=$B.y\n", "A", "1.y");
	check_value("B=1\nA=${B}-$B-y\n", "A", "1-1-y");
	check_value("B=1\nA=\"$B\"\n", "A", "1");
	check_value("B=1\nB.y=2\nA=$B.y\n", "A", "1.y");
	check_value("B=1\nA=$B\nB=2\n", "A", "1");
	check_value("A=${B}\nB=1\nB=2\n", "A", "2");
	check_value("C=1\nB=${C}2\nA=${B}3\n", "A", "123");
	check_value("A=1\nA=${A}2\n", "A", "12");
	check_value("A=pa$word$\n", "A", "pa$word$");
	check_value("A=5$\n", "A", "5$");
	check_value("A=\"\\${B}\"\n", "A", "${B}");
	/* what only a shell could tell */
	check_value("A=${B}\n", "A", NULL);
	check_value("A=${B:-c}\n", "A", NULL);
	check_value("A=${\n", "A", NULL);
	check_value("A=${B\nB=1\n", "A", NULL);
	check_value("A=$(id)\n", "A", NULL);
	check_value("A=`id`\n", "A", NULL);
	check_value("A=${B}\nB=${A}\n", "A", NULL);
}

/* Each of ten variables has the next one twenty times: 10^13 bytes. */
static void
ends_what_grows(void **state)
{
	char		text[2000] = "";

	(void) state;
	for (int i = 0; i < 10; i++)
	{
		(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "V%d=", i);
		for (int j = 0; j < 20; j++)
			(void) snprintf(text + strlen(text), sizeof(text) - strlen(text), "${V%d}", i + 1);
		(void) strcat(text, "\n");
	}
	(void) strcat(text, "V10=x\n");
	check_value(text, "V0", NULL);
	check_value(text, "V9", "xxxxxxxxxxxxxxxxxxxx");
}

static void
refuses_what_it_cannot_read(void **state)
{
	(void) state;
	expect_refused("A=b\nC=\"d\nE=f\n", 13, 2, "a quote is not closed");
	expect_refused("A='b", 4, 1, "a quote is not closed");
	expect_refused("A=b\n\n=c\n", 8, 3, "this is neither NAME=VALUE nor a comment");
	expect_refused("A: b\n", 5, 1, "this is neither NAME=VALUE nor a comment");
	expect_refused("1A=b\n", 5, 1, "this is neither NAME=VALUE nor a comment");
	expect_refused("A='b'c\n", 7, 1, "there is text behind the closing quote");
	expect_refused("A=b\0c\n", 6, 1, "this is not text");
}

static void
knows_lines_and_comments(void **state)
{
	SlipwayDotenv *dotenv = parse("# a\n\nA='1\n2'\n#B=c\n# export C = d\n#D=\nE=f\n");

	(void) state;
	assert_int_equal(slipway_dotenv_count(dotenv), 4);
	assert_int_equal(slipway_dotenv_entry(dotenv, 0)->line, 3);
	assert_string_equal(slipway_dotenv_entry(dotenv, 1)->name, "B");
	assert_true(slipway_dotenv_entry(dotenv, 1)->is_comment);
	assert_int_equal(slipway_dotenv_entry(dotenv, 1)->line, 5);
	assert_string_equal(slipway_dotenv_entry(dotenv, 2)->name, "C");
	assert_int_equal(slipway_dotenv_entry(dotenv, 3)->line, 8);
	assert_false(slipway_dotenv_entry(dotenv, 3)->is_comment);
	slipway_dotenv_free(dotenv);
}

static bool
is_of_database(void *context, const SlipwayDotenvEntry *entry)
{
	(void) context;
	return strncmp(entry->name, "DB_", 3) == 0;
}

static void
expect_rewritten(const char *text, const char *expected)
{
	static const SlipwayDotenvSetting settings[] = {{"STORE", "x"}, {"PLACE", "a b\"$"}};
	SlipwayDotenv *dotenv = parse(text);
	SlipwaySecretBuffer result = {0};

	slipway_dotenv_rewrite(dotenv, is_of_database, NULL, "c", settings, 2, &result);
	assert_string_equal(result.data, expected);
	slipway_secret_buffer_release(&result);
	slipway_dotenv_free(dotenv);
}

#define BLOCK "# c\nSTORE=x\nPLACE=\"a b\\\"\\$\"\n"

static void
writes_again(void **state)
{
	(void) state;
	expect_rewritten("A=1\nDB_A=2\nB=3 # x\n\nDB_B='4\n5'\nC=\"6\"", "A=1\n" BLOCK "B=3 # x\n\nC=\"6\"");
	expect_rewritten("", BLOCK);
	expect_rewritten("DB_A=1", BLOCK);
	expect_rewritten("A=1", "A=1\n" BLOCK);
	expect_rewritten("A=1\n# DB_A=2\n# b\n", "A=1\n" BLOCK "# b\n");
	expect_rewritten("A=1\r\nexport DB_A=2\r\nB=3\r\n", "A=1\r\n# c\r\nexport STORE=x\r\nexport PLACE=\"a b\\\"\\$\"\r\nB=3\r\n");
	expect_rewritten("export A=1\nDB_A=2\n export\tDB_B=3\n", "export A=1\n# c\nexport STORE=x\nexport PLACE=\"a b\\\"\\$\"\n");
	expect_rewritten("export A=1\nDB_A=2\n", "export A=1\n" BLOCK);
	expect_rewritten("export STORE=1\nDB_A=2\n", "export STORE=x\n# c\nPLACE=\"a b\\\"\\$\"\n");
	expect_rewritten("\xEF\xBB\xBF" "DB_A=1\nB=2\n", "\xEF\xBB\xBF" BLOCK "B=2\n");
	/* what is there is changed where it stands, once */
	expect_rewritten("STORE=1\nDB_A=2\nSTORE='3'\n# STORE=4\n", "# c\nPLACE=\"a b\\\"\\$\"\nSTORE=x\n# STORE=4\n");
	expect_rewritten("PLACE=1\nSTORE=2\nDB_A=3\n", "PLACE=\"a b\\\"\\$\"\nSTORE=x\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_bare_values), cmocka_unit_test(reads_quoted_values), cmocka_unit_test(fills_in_variables),
		cmocka_unit_test(ends_what_grows),
		cmocka_unit_test(refuses_what_it_cannot_read), cmocka_unit_test(knows_lines_and_comments), cmocka_unit_test(writes_again)
	};

	return cmocka_run_group_tests_name("dotenv", tests, NULL, NULL);
}
