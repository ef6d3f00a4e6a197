/*
 * test_csv.c
 *	  Tables as text with commas.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "memory.h"

/* "line:field|field;..." of what is read, or "line: reason". */
static char *
show(const char *text, size_t length)
{
	size_t		line = 0;
	const char *reason = NULL;
	SlipwayCsv *csv = slipway_csv_parse(text, length, &line, &reason);
	SlipwayBuffer shown = {0};

	if (csv == NULL)
		return slipway_memory_format("%zu: %s", line, reason);
	for (size_t i = 0; i < csv->count; i++)
	{
		slipway_buffer_format(&shown, "%s%zu:", i > 0 ? ";" : "", csv->records[i].line);
		for (size_t k = 0; k < csv->records[i].count; k++)
			slipway_buffer_format(&shown, "%s%s", k > 0 ? "|" : "", csv->records[i].fields[k]);
	}
	slipway_csv_free(csv);
	return slipway_buffer_take(&shown);
}

static void
expect_read(const char *text, const char *expected)
{
	/* no byte behind the text may be looked at */
	char	   *exact = malloc(strlen(text) + 1);
	char	   *shown;

	memcpy(exact, text, strlen(text));
	exact = realloc(exact, strlen(text) > 0 ? strlen(text) : 1);
	shown = show(exact, strlen(text));
	assert_string_equal(shown, expected);
	free(shown);
	free(exact);
}

static void
reads_records(void **state)
{
	(void) state;
	expect_read("", "");
	expect_read("a", "1:a");
	expect_read("a,b\nc,d", "1:a|b;2:c|d");
	expect_read("a,b\r\nc,d\r\n", "1:a|b;2:c|d");
	expect_read("a\rb\r", "1:a;2:b");
	expect_read("\xEF\xBB\xBF" "a,b\n", "1:a|b");
	expect_read("\xEF\xBB\xBF" "\"a\"\n", "1:a");
	expect_read("\xEF\xBB\xBF", "");
	expect_read("\n\na\n\r\n\nb", "3:a;6:b");
	expect_read(",\n,,", "1:|;2:||");
	expect_read("a,", "1:a|");
	expect_read(" a , b ", "1: a | b ");
	expect_read("\xC3\xA4,\xE2\x82\xAC", "1:\xC3\xA4|\xE2\x82\xAC");
}

static void
reads_quoted_fields(void **state)
{
	(void) state;
	expect_read("\"a\",\"b\"", "1:a|b");
	expect_read("\"\"\n\"\",\"\"", "1:;2:|");
	expect_read("\"a,b\",c", "1:a,b|c");
	expect_read("\"a\"\"b\",\"\"\"\"", "1:a\"b|\"");
	expect_read("\"a\nb\",c\nd", "1:a\nb|c;3:d");
	expect_read("\"a\r\nb\rc\",d\r\ne", "1:a\r\nb\rc|d;4:e");
	expect_read("\"a\"\r\nb", "1:a;2:b");
}

static void
refuses_what_is_none(void **state)
{
	char	   *shown = show("a\nb\0c", 5);

	(void) state;
	assert_string_equal(shown, "2: a NUL byte");
	free(shown);
	expect_read("a\nb,\"c", "2: a quotation mark that is not closed");
	expect_read("a\n\"b\nc\nd", "2: a quotation mark that is not closed");
	expect_read("\"", "1: a quotation mark that is not closed");
	expect_read("\"a\"\"", "1: a quotation mark that is not closed");
	expect_read("a\r\nb\"c\"", "2: a quotation mark inside a field that has none around it");
	expect_read("\"a\"b", "1: text behind the closing quotation mark of a field");
	expect_read("\"a\" ,b", "1: text behind the closing quotation mark of a field");
	expect_read("a\n\xFF", "2: text that is not UTF-8");
	expect_read("\xFF\xFE" "a", "1: text that is not UTF-8");
}

static void
finds_columns(void **state)
{
	static const char text[] = "Project_Ref , b\n x ,y\nz\n";
	size_t		line;
	const char *reason;
	SlipwayCsv *csv = slipway_csv_parse(text, strlen(text), &line, &reason);

	(void) state;
	assert_int_equal(slipway_csv_find_column(csv, "project_ref"), 0);
	assert_int_equal(slipway_csv_find_column(csv, "B"), 1);
	assert_true(slipway_csv_find_column(csv, "c") == SLIPWAY_CSV_NONE);
	assert_string_equal(slipway_csv_field(&csv->records[1], 0), "x");
	assert_string_equal(slipway_csv_field(&csv->records[2], 1), "");
	slipway_csv_free(csv);
}

static void
expect_written(const char *a, const char *b, const char *expected)
{
	const char *const fields[] = {a, b};
	SlipwayBuffer text = {0};

	slipway_csv_add_line(&text, fields, 2);
	assert_string_equal(text.data, expected);
	free(text.data);
}

static void
writes_lines(void **state)
{
	(void) state;
	expect_written("a", NULL, "a,\r\n");
	expect_written("a,b", "c\"d", "\"a,b\",\"c\"\"d\"\r\n");
	expect_written("a\nb", "\xC3\xA4", "\"a\nb\",\xC3\xA4\r\n");
	expect_written("-1.5", "+2", "-1.5,+2\r\n");
	expect_written("=A1", "-x", "\"'=A1\",\"'-x\"\r\n");
	expect_written("@sum", "a=b", "\"'@sum\",a=b\r\n");
}

/* Whatever the bytes are: either a reason, or records that are read the same once they are written. */
static void
survives_anything(void **state)
{
	static const char alphabet[] = "a,\"\n\r \xC3\xA4;";
	unsigned int seed = 4711;

	(void) state;
	for (int round = 0; round < 20000; round++)
	{
		char		text[24];
		size_t		length = (size_t) (rand_r(&seed) % 24);
		size_t		line = 0;
		const char *reason = NULL;
		SlipwayCsv *csv;

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t) rand_r(&seed) % (sizeof(alphabet) - 1)];
		csv = slipway_csv_parse(text, length, &line, &reason);
		assert_true(csv != NULL || (reason != NULL && line >= 1 && line <= length + 1));
		for (size_t i = 0; csv != NULL && i < csv->count; i++)
		{
			SlipwayBuffer written = {0};
			SlipwayCsv *again;
			const SlipwayCsvRecord *record = &csv->records[i];

			if (record->count == 1 && record->fields[0][0] == '\0')
				continue;
			slipway_csv_add_line(&written, (const char *const *) record->fields, record->count);
			again = slipway_csv_parse(written.data, written.length, &line, &reason);
			assert_non_null(again);
			assert_int_equal(again->count, 1);
			assert_int_equal(again->records[0].count, record->count);
			for (size_t k = 0; k < record->count; k++)
				if (record->fields[k][0] != '\r')
					assert_string_equal(again->records[0].fields[k], record->fields[k]);
			slipway_csv_free(again);
			free(written.data);
		}
		slipway_csv_free(csv);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_records), cmocka_unit_test(reads_quoted_fields), cmocka_unit_test(refuses_what_is_none),
		cmocka_unit_test(finds_columns), cmocka_unit_test(writes_lines), cmocka_unit_test(survives_anything)
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
