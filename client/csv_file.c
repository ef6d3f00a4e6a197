/*
 * csv_file.c
 *	  A table in a file of the user's.
 */
#include "csv_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "secret_buffer.h"

#define MAX_LENGTH ((size_t) 64 * 1024 * 1024)

static void
read_bytes(const char *path, SlipwaySecretBuffer *bytes)
{
	int			file = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int			error;

	if (file < 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", path, strerror(errno));
	error = slipway_secret_buffer_read(bytes, file, MAX_LENGTH);
	if (file != STDIN_FILENO)
		(void) close(file);
	if (error != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", path, strerror(error));
	if (bytes->length > MAX_LENGTH)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" has more than %zu MB", path, MAX_LENGTH >> 20);
}

/* Nobody knows which of two is meant. */
static void
refuse_twins(const SlipwayCsv *csv, const char *path)
{
	for (size_t i = 0; i < csv->records[0].count; i++)
	{
		const char *name = slipway_csv_field(&csv->records[0], i);

		if (*name != '\0' && slipway_csv_find_column(csv, name) != i)
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: there are two columns \"%s\"", path, csv->records[0].line, name);
	}
}

SlipwayCsv *
slipway_csv_file_read(const char *path)
{
	SlipwaySecretBuffer bytes = {0};
	size_t		line = 0;
	const char *reason = NULL;
	SlipwayCsv *csv;

	read_bytes(path, &bytes);
	csv = slipway_csv_parse(bytes.data != NULL ? bytes.data : "", bytes.length, &line, &reason);
	slipway_secret_buffer_release(&bytes);
	if (csv == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: %s", path, line, reason);
	if (csv->count == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Its first line is to name the columns.", "%s:1: there is nothing in it", path);
	refuse_twins(csv, path);
	for (size_t i = 1; i < csv->count; i++)
		if (csv->records[i].count != csv->records[0].count)
			slipway_die(SLIPWAY_EXIT_USAGE, "A field with a comma or a line feed in it needs quotation marks around it.",
						"%s:%zu: %zu fields, where the first line names %zu columns", path, csv->records[i].line,
						csv->records[i].count, csv->records[0].count);
	return csv;
}

/* The caller frees it. */
static char *
list_columns(const SlipwayCsv *csv)
{
	SlipwayBuffer names = {0};

	for (size_t i = 0; i < csv->records[0].count; i++)
		slipway_buffer_format(&names, "%s\"%s\"", i > 0 ? ", " : "", slipway_csv_field(&csv->records[0], i));
	return slipway_buffer_take(&names);
}

size_t
slipway_csv_file_column(const SlipwayCsv *csv, const char *path, const char *name, const char *other)
{
	size_t		column = slipway_csv_find_column(csv, name);

	if (column == SLIPWAY_CSV_NONE && other != NULL)
		column = slipway_csv_find_column(csv, other);
	if (column == SLIPWAY_CSV_NONE)
		slipway_die(SLIPWAY_EXIT_USAGE, slipway_memory_format("There is %s.", list_columns(csv)),
					"%s:%zu: there is no column \"%s\"", path, csv->records[0].line, name);
	return column;
}
