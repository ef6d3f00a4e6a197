/*
 * rows.c
 *	  The answer to a query, printed as it is.
 */
#include "rows.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "csv.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"
#include "table.h"

/* As pg_type.h has them. */
#define BOOLOID 16
#define INT8OID 20
#define INT4OID 23
#define FLOAT8OID 701

SlipwayRowsFormat
slipway_rows_format(const SlipwayArguments *arguments)
{
	const char *format = slipway_option_text(arguments, SLIPWAY_OPTION_FORMAT);

	if (format == NULL)
		return slipway_output_is_json() ? SLIPWAY_ROWS_JSON : SLIPWAY_ROWS_TABLE;
	if (strcmp(format, "html") == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is one of table, csv, json.", "this command does not write HTML");
	return strcmp(format, "csv") == 0 ? SLIPWAY_ROWS_CSV : strcmp(format, "json") == 0 ? SLIPWAY_ROWS_JSON : SLIPWAY_ROWS_TABLE;
}

static bool
is_number(Oid type)
{
	return type == INT8OID || type == INT4OID || type == FLOAT8OID;
}

static void
print_table(const PGresult *result)
{
	size_t		width = (size_t) PQnfields(result);
	SlipwayColumn *columns = slipway_memory_new((width + 1) * sizeof(SlipwayColumn));
	const char **cells = slipway_memory_new((width + 1) * sizeof(char *));
	SlipwayTable *table;

	for (size_t i = 0; i < width; i++)
	{
		char	   *title = slipway_memory_copy(PQfname(result, (int) i));

		for (char *p = title; *p != '\0'; p++)
			if (*p == '_')
				*p = ' ';
		columns[i] = (SlipwayColumn) {title, is_number(PQftype(result, (int) i)), i + 1 == width};
	}
	table = slipway_table_new(columns, width);
	for (int row = 0; row < PQntuples(result); row++)
	{
		for (size_t i = 0; i < width; i++)
			cells[i] = slipway_server_text(result, row, (int) i);
		slipway_table_add(table, cells, 0, SLIPWAY_COLOR_NONE);
	}
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < width; i++)
		free((char *) columns[i].title);
	free(columns);
	free(cells);
}

static void
print_csv(const PGresult *result)
{
	int			width = PQnfields(result);
	const char **cells = slipway_memory_new(((size_t) width + 1) * sizeof(char *));
	SlipwayBuffer text = {0};

	for (int row = -1; row < PQntuples(result); row++)
	{
		for (int i = 0; i < width; i++)
			cells[i] = row < 0 ? PQfname(result, i) : slipway_server_text(result, row, i);
		slipway_csv_add_line(&text, cells, (size_t) width);
	}
	(void) fwrite(text.data, 1, text.length, stdout);
	free(text.data);
	free(cells);
}

static json_t *
make_value(const PGresult *result, int row, int column)
{
	const char *text = slipway_server_text(result, row, column);

	if (text == NULL)
		return json_null();
	switch (PQftype(result, column))
	{
		case BOOLOID:
			return json_boolean(*text == 't');
		case INT4OID:
		case INT8OID:
			return json_integer(strtoll(text, NULL, 10));
		case FLOAT8OID:
			return json_real(strtod(text, NULL));
		default:
			return slipway_output_json_text(text);
	}
}

static void
print_json(const PGresult *result, const char *event)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		json_t	   *object = json_pack("{s:s}", "event", event);

		for (int i = 0; i < PQnfields(result); i++)
			(void) json_object_set_new(object, PQfname(result, i), make_value(result, row, i));
		slipway_output_json(object);
	}
}

void
slipway_rows_print(const PGresult *result, SlipwayRowsFormat format, const char *event)
{
	switch (format)
	{
		case SLIPWAY_ROWS_TABLE:
			print_table(result);
			break;
		case SLIPWAY_ROWS_CSV:
			print_csv(result);
			break;
		case SLIPWAY_ROWS_JSON:
			print_json(result, event);
			break;
	}
}
