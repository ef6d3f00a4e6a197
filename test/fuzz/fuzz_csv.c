/*
 * fuzz_csv.c
 *	  CSV that is read, written and read again: the fields are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "csv.h"
#include "fuzz.h"

static int
begins_a_formula(const char *field)
{
	return field[0] != '\0' && strchr("=+-@\t\r", field[0]) != NULL;
}

static void
check_again(const SlipwayCsv *csv)
{
	SlipwayBuffer text = {0};
	size_t		line;
	const char *reason;
	SlipwayCsv *again;

	for (size_t i = 0; i < csv->count; i++)
		slipway_csv_add_line(&text, (const char *const *) csv->records[i].fields, csv->records[i].count);
	/* That is no part of the first field. */
	if (text.length >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
	{
		free(slipway_buffer_take(&text));
		return;
	}
	again = slipway_csv_parse(text.data != NULL ? text.data : "", text.length, &line, &reason);
	fuzz_check(again != NULL);
	for (size_t i = 0, j = 0; i < csv->count; i++)
	{
		const SlipwayCsvRecord *a = &csv->records[i];

		/* One empty field makes an empty line, which is no record. */
		if (a->count == 1 && a->fields[0][0] == '\0')
		{
			if (j < again->count && again->records[j].count == 1 && again->records[j].fields[0][0] == '\0')
				j++;
			continue;
		}
		fuzz_check(j < again->count && again->records[j].count == a->count);
		for (size_t k = 0; k < a->count; k++)
			fuzz_check(begins_a_formula(a->fields[k]) || strcmp(a->fields[k], again->records[j].fields[k]) == 0);
		j++;
	}
	slipway_csv_free(again);
	free(slipway_buffer_take(&text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		line = 0;
	const char *reason = NULL;
	SlipwayCsv *csv = slipway_csv_parse((const char *) data, size, &line, &reason);

	if (csv == NULL)
	{
		fuzz_check(reason != NULL && line > 0);
		return 0;
	}
	(void) slipway_csv_find_column(csv, "project");
	for (size_t i = 0; i < csv->count; i++)
		(void) slipway_csv_field(&csv->records[i], csv->records[i].count);
	check_again(csv);
	slipway_csv_free(csv);
	return 0;
}
