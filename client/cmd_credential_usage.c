/*
 * cmd_credential_usage.c
 *	  slipway credential fallback-usage: who still uses the roles that projects have shared.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "credential_command.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "rows.h"
#include "server.h"
#include "server_error.h"

#define DEFAULT_INTERVAL 5000.0

/* The projects that are named, else all that have a previous role; as an array's text. */
static char *
find_projects(PGconn *conn, const SlipwayArguments *arguments)
{
	PGresult   *result;
	char	   *list;

	if (arguments->word_count > 1 || slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT) != NULL)
	{
		size_t		count;
		const char **projects = slipway_credential_command_projects(arguments, &count);
		json_t	   *array = json_array();
		char	   *text;
		const char *values[1];

		for (size_t i = 0; i < count; i++)
			(void) json_array_append_new(array, slipway_output_json_text(projects[i]));
		text = json_dumps(array, JSON_COMPACT);
		values[0] = text;
		result = slipway_server_query(conn, "SELECT pg_catalog.array_agg(v) FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) v", 1, values);
		free(text);
		json_decref(array);
		free(projects);
	}
	else
		result = slipway_server_query(conn, "SELECT coalesce(pg_catalog.array_agg(project ORDER BY project), '{}') FROM slipway.project_credential"
									  " WHERE previous_role IS NOT NULL", 0, NULL);
	list = slipway_memory_copy(PQgetvalue(result, 0, 0));
	PQclear(result);
	return list;
}

/* One after the other: a project in which a deploy runs just now (SW006) is looked at the next time. */
static void
record(PGconn *conn, const char *projects)
{
	PGresult   *list = slipway_server_query(conn, "SELECT pg_catalog.unnest($1::pg_catalog.text[])", 1, &projects);

	for (int row = 0; row < PQntuples(list); row++)
	{
		const char *const values[] = {PQgetvalue(list, row, 0)};
		PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, "SELECT slipway.record_usage($1)", 1, NULL, values, NULL, NULL, 0));
		const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) != PGRES_TUPLES_OK && (sqlstate == NULL || strcmp(sqlstate, "SW006") != 0))
			slipway_server_error_die(conn, result, NULL);
		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			slipway_output_detail("%s: not now, as something is done in the project", values[0]);
		PQclear(result);
	}
	PQclear(list);
}

static void
print_usage(PGconn *conn, const char *projects, SlipwayRowsFormat format)
{
	PGresult   *result = slipway_server_query(
		conn, "SELECT project, role, application_name, evidence, " SLIPWAY_SERVER_UTC_ISO("first_seen_at") " AS first_seen_at, "
		SLIPWAY_SERVER_UTC_ISO("last_seen_at") " AS last_seen_at, looks, sessions FROM slipway.role_usage"
		" WHERE project OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[]) ORDER BY 1, 2, 3, 4", 1, &projects);

	slipway_rows_print(result, format, "role_usage");
	if (PQntuples(result) == 0)
		slipway_output_say("no session of a previous role was ever seen");
	PQclear(result);
}

/* What there is now; the same as the last time is not shown again. */
static void
print_now(PGconn *conn, const char *projects, SlipwayRowsFormat format, char **before)
{
	PGresult   *result = slipway_server_query(
		conn, "SELECT " SLIPWAY_SERVER_UTC_ISO("pg_catalog.now()") " AS at, p.project, s.role, s.application_name, s.evidence,"
		" pg_catalog.count(*) AS sessions FROM pg_catalog.unnest($1::pg_catalog.text[]) p(project)"
		" CROSS JOIN LATERAL slipway.credential_sessions(p.project) s GROUP BY 2, 3, 4, 5 ORDER BY 2, 3, 4, 5", 1, &projects);
	SlipwayBuffer text = {0};
	char	   *now;

	for (int row = 0; row < PQntuples(result); row++)
		for (int column = 1; column < PQnfields(result); column++)
			slipway_buffer_format(&text, "%s\t", PQgetvalue(result, row, column));
	now = slipway_buffer_take(&text);
	if (*before == NULL || strcmp(*before, now) != 0)
	{
		if (PQntuples(result) == 0)
			slipway_output_say("no session of a previous role serves a project");
		slipway_rows_print(result, format, "role_in_use");
	}
	free(*before);
	*before = now;
	(void) slipway_output_flush();
	PQclear(result);
}

SlipwayExitCode
slipway_cmd_credential_usage(const SlipwayArguments *arguments)
{
	SlipwayRowsFormat format = slipway_rows_format(arguments);
	bool		follow = slipway_option_flag(arguments, SLIPWAY_OPTION_FOLLOW);
	double		interval = slipway_option_duration(arguments, SLIPWAY_OPTION_INTERVAL, DEFAULT_INTERVAL);
	PGconn	   *conn = slipway_credential_connect(arguments);
	char	   *projects = find_projects(conn, arguments);
	char	   *before = NULL;
	struct pollfd signals = {.fd = slipway_interrupt_watch(),.events = POLLIN};

	record(conn, projects);
	while (follow && !slipway_interrupt_arrived())
	{
		print_now(conn, projects, format, &before);
		(void) poll(&signals, 1, (int) interval);
		record(conn, projects);
	}
	slipway_interrupt_unwatch();
	if (!follow)
		print_usage(conn, projects, format);
	free(before);
	free(projects);
	return SLIPWAY_EXIT_DONE;
}
