/*
 * preflight.c
 *	  What all checks before a deploy have in common.
 */
#include "preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "schema_list.h"
#include "server.h"
#include "table.h"

/* How many of a list are named. */
#define NAMED 3

static const char *const outcome_names[SLIPWAY_OUTCOME_COUNT] = {
	[SLIPWAY_OUTCOME_OK] = "ok",
	[SLIPWAY_OUTCOME_WARNING] = "warning",
	[SLIPWAY_OUTCOME_FAILED] = "failed",
	[SLIPWAY_OUTCOME_SKIPPED] = "skipped",
};

static const SlipwayColor outcome_colors[SLIPWAY_OUTCOME_COUNT] = {
	[SLIPWAY_OUTCOME_OK] = SLIPWAY_COLOR_GREEN,
	[SLIPWAY_OUTCOME_WARNING] = SLIPWAY_COLOR_YELLOW,
	[SLIPWAY_OUTCOME_FAILED] = SLIPWAY_COLOR_RED,
	[SLIPWAY_OUTCOME_SKIPPED] = SLIPWAY_COLOR_NONE,
};

/* At once, as the next one may take its time; titles are as wide as the cells will be. */
static void
print_line(const char *check, SlipwayOutcome outcome, const char *hint, const char *text)
{
	static const SlipwayColumn columns[] = {
		{.title = "OUTCOME"}, {.title = "CHECK      "}, {.title = "WHAT WAS FOUND",.flexible = true}
	};
	static SlipwayTable *table = NULL;
	const char *const cells[] = {outcome_names[outcome], check, text};

	if (table == NULL)
		table = slipway_table_new(columns, 3);
	slipway_table_add(table, cells, 0, outcome_colors[outcome]);
	if (hint != NULL)
	{
		char	   *note = slipway_memory_format("hint: %s", hint);

		slipway_table_note(table, note);
		slipway_table_flush(table, stdout);
		free(note);
	}
	else
		slipway_table_flush(table, stdout);
	(void) fflush(stdout);
}

static void
print_json(const char *check, SlipwayOutcome outcome, const char *hint, const char *text)
{
	json_t	   *object = json_pack("{s:s, s:s, s:o}", "check", check, "outcome", outcome_names[outcome],
								   "text", slipway_output_json_text(text));

	if (hint != NULL)
		(void) json_object_set_new(object, "hint", slipway_output_json_text(hint));
	slipway_output_json(object);
}

void
slipway_preflight_note(SlipwayPreflight *preflight, const char *check, SlipwayOutcome outcome,
					   const char *hint, const char *format,...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	preflight->counts[outcome]++;
	if (slipway_output_is_json())
		print_json(check, outcome, hint, text);
	else
		print_line(check, outcome, hint, text);
	free(text);
}

/* What the role may not see is left to who may. */
static bool
is_forbidden(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strcmp(sqlstate, "42501") == 0;
}

PGresult *
slipway_preflight_ask(SlipwayPreflight *preflight, PGconn *conn, const char *check,
					  const char *sql, const char *first, const char *second)
{
	const char *const values[] = {first, second};
	int			count = second != NULL || strstr(sql, "$2") != NULL ? 2
		: first != NULL || strstr(sql, "$1") != NULL ? 1 : 0;
	PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0));
	const char *message;

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	if (PQstatus(conn) == CONNECTION_BAD)
		slipway_preflight_note(preflight, check, SLIPWAY_OUTCOME_FAILED, NULL, "the connection was lost");
	else
		slipway_preflight_note(preflight, check, is_forbidden(result) ? SLIPWAY_OUTCOME_SKIPPED : SLIPWAY_OUTCOME_FAILED, NULL,
							   "could not be checked: %s", message != NULL ? message : PQerrorMessage(conn));
	PQclear(result);
	return NULL;
}

char *
slipway_preflight_list(const PGresult *result, int column)
{
	SlipwayBuffer list = {0};
	int			count = PQntuples(result);

	for (int row = 0; row < count && row < NAMED; row++)
	{
		slipway_buffer_add(&list, row == 0 ? "" : ", ");
		slipway_buffer_add(&list, PQgetvalue(result, row, column));
	}
	if (count > NAMED)
	{
		char	   *rest = slipway_memory_format(" and %d more", count - NAMED);

		slipway_buffer_add(&list, rest);
		free(rest);
	}
	return slipway_buffer_take(&list);
}

char *
slipway_preflight_quote(PGconn *conn, const char *name)
{
	char	   *quoted = PQescapeIdentifier(conn, name, strlen(name));
	char	   *copy = slipway_memory_copy(quoted != NULL ? quoted : name);

	PQfreemem(quoted);
	return copy;
}

bool
slipway_preflight_sees_sessions(SlipwayPreflight *preflight)
{
	PGresult   *result = slipway_server_answer(preflight->conn, PQexec(preflight->conn, "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"));
	bool		sees = PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return sees;
}

/* The first field of a query, or NULL. The caller frees it. */
static char *
ask_schemas(SlipwayPreflight *preflight, const char *sql, const char *value)
{
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "schemas", sql, value, NULL);
	char	   *schemas = result != NULL && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0)
		? slipway_memory_copy(PQgetvalue(result, 0, 0)) : NULL;

	PQclear(result);
	return schemas;
}

const char *
slipway_preflight_schemas(SlipwayPreflight *preflight)
{
	if (preflight->schemas == NULL && preflight->is_registered)
		preflight->schemas = ask_schemas(preflight, "SELECT schemas FROM slipway.registered_project WHERE project = $1",
										 preflight->project);
	if (preflight->schemas == NULL)
		preflight->schemas = slipway_schema_list(slipway_option_text(preflight->arguments, SLIPWAY_OPTION_SCHEMAS));
	if (preflight->schemas == NULL)
		preflight->schemas = ask_schemas(preflight, "SELECT pg_catalog.current_schemas(false)", NULL);
	if (preflight->schemas == NULL)
		preflight->schemas = slipway_memory_copy("{}");
	return preflight->schemas;
}
