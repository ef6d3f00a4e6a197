/*
 * csv.c
 *	  Tables as text with commas.
 */
#include "csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "memory.h"
#include "script_text.h"

/* Where a text is being read. */
typedef struct Reader
{
	const char *at;
	const char *end;
	size_t		line;
	const char *fault;			/* or NULL */
	SlipwayBuffer field;
} Reader;

static bool
is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* CRLF is one end of a line. */
static void
pass_line_end(Reader *reader)
{
	if (*reader->at == '\r' && reader->at + 1 < reader->end && reader->at[1] == '\n')
		reader->at++;
	reader->at++;
	reader->line++;
}

static void
read_bare(Reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at != ',' && *reader->at != '"' && !is_line_end(*reader->at))
		reader->at++;
	slipway_buffer_add_bytes(&reader->field, start, (size_t) (reader->at - start));
	if (reader->at < reader->end && *reader->at == '"')
		reader->fault = "a quotation mark inside a field that has none around it";
}

/* From its first quote on. */
static void
read_quoted(Reader *reader)
{
	size_t		first_line = reader->line;

	for (reader->at++; reader->at < reader->end; reader->at++)
	{
		if (*reader->at == '"' && (++reader->at == reader->end || *reader->at != '"'))
		{
			if (reader->at < reader->end && *reader->at != ',' && !is_line_end(*reader->at))
				reader->fault = "text behind the closing quotation mark of a field";
			return;
		}
		/* of CRLF, the second one counts */
		if (*reader->at == '\n' || (*reader->at == '\r' && (reader->at + 1 == reader->end || reader->at[1] != '\n')))
			reader->line++;
		slipway_buffer_add_char(&reader->field, *reader->at);
	}
	reader->line = first_line;
	reader->fault = "a quotation mark that is not closed";
}

static void
read_field(Reader *reader, SlipwayCsvRecord *record)
{
	if (reader->at < reader->end && *reader->at == '"')
		read_quoted(reader);
	else
		read_bare(reader);
	record->fields = slipway_memory_resize(record->fields, record->count + 1, sizeof(char *));
	record->fields[record->count++] = slipway_buffer_take(&reader->field);
}

static void
read_record(Reader *reader, SlipwayCsvRecord *record)
{
	*record = (SlipwayCsvRecord) {.line = reader->line};
	for (;;)
	{
		read_field(reader, record);
		if (reader->fault != NULL || reader->at == reader->end || *reader->at != ',')
			break;
		reader->at++;
	}
	if (reader->fault == NULL && reader->at < reader->end)
		pass_line_end(reader);
}

static const char *
find_bad_byte(const char *text, size_t length, size_t *line)
{
	size_t		offset = 0;
	SlipwayTextFault fault = slipway_script_text_check(text, length, &offset);

	if (fault == SLIPWAY_TEXT_GOOD)
		return NULL;
	*line = 1;
	for (size_t i = 0; i < offset; i++)
		*line += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
	return fault == SLIPWAY_TEXT_NUL ? "a NUL byte" : "text that is not UTF-8";
}

SlipwayCsv *
slipway_csv_parse(const char *text, size_t length, size_t *line, const char **reason)
{
	bool		has_mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0;
	Reader		reader = {.at = text + (has_mark ? 3 : 0), .end = text + length, .line = 1};
	SlipwayCsv *csv;

	*reason = find_bad_byte(text, length, line);
	if (*reason != NULL)
		return NULL;
	csv = slipway_memory_new(sizeof(SlipwayCsv));
	while (reader.at < reader.end && reader.fault == NULL)
	{
		if (is_line_end(*reader.at))
		{
			pass_line_end(&reader);
			continue;
		}
		csv->records = slipway_memory_resize(csv->records, csv->count + 1, sizeof(SlipwayCsvRecord));
		read_record(&reader, &csv->records[csv->count++]);
	}
	if (reader.fault == NULL)
		return csv;
	*line = reader.line;
	*reason = reader.fault;
	slipway_csv_free(csv);
	return NULL;
}

void
slipway_csv_free(SlipwayCsv *csv)
{
	if (csv == NULL)
		return;
	for (size_t i = 0; i < csv->count; i++)
	{
		for (size_t k = 0; k < csv->records[i].count; k++)
			free(csv->records[i].fields[k]);
		free(csv->records[i].fields);
	}
	free(csv->records);
	free(csv);
}

/* Takes the blanks around a field away, in place. */
static void
trim(char *field)
{
	size_t		blank = strspn(field, " \t");
	size_t		length = strlen(field + blank);

	while (length > 0 && (field[blank + length - 1] == ' ' || field[blank + length - 1] == '\t'))
		length--;
	memmove(field, field + blank, length);
	field[length] = '\0';
}

const char *
slipway_csv_field(const SlipwayCsvRecord *record, size_t column)
{
	if (column >= record->count)
		return "";
	trim(record->fields[column]);
	return record->fields[column];
}

size_t
slipway_csv_find_column(const SlipwayCsv *csv, const char *name)
{
	if (csv->count == 0)
		return SLIPWAY_CSV_NONE;
	for (size_t column = 0; column < csv->records[0].count; column++)
		if (strcasecmp(slipway_csv_field(&csv->records[0], column), name) == 0)
			return column;
	return SLIPWAY_CSV_NONE;
}

/* Spreadsheets run what begins like that; a number is harmless. */
static bool
is_formula(const char *field)
{
	return strchr("=@\t\r", field[0]) != NULL || (strchr("+-", field[0]) != NULL && field[strspn(field, "+-.0123456789")] != '\0');
}

static void
add_field(SlipwayBuffer *text, const char *field)
{
	bool		formula = field[0] != '\0' && is_formula(field);

	if (!formula && strpbrk(field, ",\"\r\n") == NULL)
	{
		slipway_buffer_add(text, field);
		return;
	}
	slipway_buffer_add(text, formula ? "\"'" : "\"");
	for (; *field != '\0'; field++)
	{
		if (*field == '"')
			slipway_buffer_add_char(text, '"');
		slipway_buffer_add_char(text, *field);
	}
	slipway_buffer_add_char(text, '"');
}

void
slipway_csv_add_line(SlipwayBuffer *text, const char *const *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		if (i > 0)
			slipway_buffer_add_char(text, ',');
		add_field(text, fields[i] != NULL ? fields[i] : "");
	}
	slipway_buffer_add(text, "\r\n");
}
