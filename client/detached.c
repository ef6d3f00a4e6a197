/*
 * detached.c
 *	  Deploys that a worker of the server carries out.
 */
#include "detached.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"

char *
slipway_detached_start(PGconn *conn, const char *project, const char *options)
{
	const char *const values[] = {project, options};
	PGresult   *result = slipway_server_query(conn, "SELECT slipway.migrate_detached($1, $2::jsonb)",
											  2, values);
	char	   *number = slipway_memory_copy(PQgetvalue(result, 0, 0));

	PQclear(result);
	return number;
}

/* The first row of the view that a condition and an order, with $2, select. */
static SlipwayDetached *
read_row(PGconn *conn, const char *project, const char *which, const char *value)
{
	static const char sql[] =
		"SELECT number, outcome, runs, runs[pg_catalog.array_upper(runs, 1)], role, application_name,"
		" pid, applied, " SLIPWAY_SERVER_MS("coalesce(finished_at, pg_catalog.clock_timestamp()) - started_at") ","
		" NOT EXISTS (SELECT FROM slipway.progress p WHERE p.project = d.project"
		" AND p.started_at > d.started_at AND p.run <> ALL (coalesce(d.runs, '{}'))),"
		" sqlstate, message, detail, hint, context, stopped_unit, units"
		" FROM slipway.detached d WHERE project = $1 ";
	const char *const values[] = {project, value};
	char	   *query = slipway_memory_format("%s%s LIMIT 1", sql, which);
	PGresult   *result = slipway_server_query_outcome(conn, query, value != NULL ? 2 : 1, values);
	SlipwayDetached *deploy;

	free(query);
	if (PQntuples(result) == 0)
	{
		PQclear(result);
		return NULL;
	}
	deploy = slipway_memory_new(sizeof(SlipwayDetached));
	*deploy = (SlipwayDetached) {
		.result = result,
		.project = project,
		.number = PQgetvalue(result, 0, 0),
		.outcome = PQgetvalue(result, 0, 1),
		.runs = slipway_server_text(result, 0, 2),
		.run = slipway_server_text(result, 0, 3),
		.role = slipway_server_text(result, 0, 4),
		.application = slipway_server_text(result, 0, 5),
		.pid = slipway_server_text(result, 0, 6),
		.applied = (long) slipway_server_number(result, 0, 7, 0),
		.elapsed = slipway_server_number(result, 0, 8, 0),
		.newest = strcmp(PQgetvalue(result, 0, 9), "t") == 0,
		.sqlstate = slipway_server_text(result, 0, 10),
		.message = slipway_server_text(result, 0, 11),
		.detail = slipway_server_text(result, 0, 12),
		.hint = slipway_server_text(result, 0, 13),
		.context = slipway_server_text(result, 0, 14),
		.stopped_unit = (int) slipway_server_number(result, 0, 15, 0),
		.units = (int) slipway_server_number(result, 0, 16, 0),
	};
	return deploy;
}

SlipwayDetached *
slipway_detached_read(PGconn *conn, const char *project, const char *number)
{
	return read_row(conn, project, "AND number = $2::bigint", number);
}

PGresult *
slipway_detached_list(PGconn *conn, const char *project)
{
	static const char sql[] =
		"SELECT number FROM slipway.detached WHERE project = $1 AND outcome = 'running' ORDER BY number";
	const char *const values[] = {project};

	return slipway_server_query(conn, sql, 1, values);
}

SlipwayDetached *
slipway_detached_of_run(PGconn *conn, const char *project, const char *run)
{
	return read_row(conn, project, "AND $2::bigint = ANY (runs)", run);
}

SlipwayDetached *
slipway_detached_oldest(PGconn *conn, const char *project)
{
	return read_row(conn, project, "AND outcome = 'running' ORDER BY number", NULL);
}

SlipwayDetached *
slipway_detached_last(PGconn *conn, const char *project)
{
	return read_row(conn, project, "ORDER BY number DESC", NULL);
}

void
slipway_detached_free(SlipwayDetached *deploy)
{
	if (deploy == NULL)
		return;
	PQclear(deploy->result);
	free(deploy);
}

bool
slipway_detached_goes_on(const SlipwayDetached *deploy)
{
	return strcmp(deploy->outcome, "running") == 0;
}

static json_t *
make_integer(const char *text)
{
	return text != NULL ? json_integer(strtoll(text, NULL, 10)) : json_null();
}

void
slipway_detached_say(const SlipwayDetached *deploy, const char *event)
{
	bool		named = deploy->application != NULL && *deploy->application != '\0';

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:I}", "event", event,
									  "project", slipway_output_json_text(deploy->project),
									  "detached", make_integer(deploy->number),
									  "run", make_integer(deploy->run),
									  "outcome", deploy->outcome,
									  "pid", make_integer(deploy->pid),
									  "applied", (json_int_t) deploy->applied));
	else
		slipway_output_say("%s%sdetached deploy %s of project %s, by %s (%s%s%s)",
						   strcmp(event, "detached") != 0 ? event : "",
						   strcmp(event, "detached") != 0 ? " " : "",
						   deploy->number, deploy->project, deploy->role,
						   named ? deploy->application : "?",
						   deploy->pid != NULL ? ", pid " : "",
						   deploy->pid != NULL ? deploy->pid : "");
}
