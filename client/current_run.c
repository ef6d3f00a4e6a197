/*
 * current_run.c
 *	  The run that goes on in a project.
 */
#include "current_run.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"

#define ELAPSED(column) SLIPWAY_SERVER_MS("pg_catalog.clock_timestamp() - " column)

SlipwayCurrentRun *
slipway_current_run_read(PGconn *conn, const char *project)
{
	static const char sql[] =
		"SELECT run, outcome,"
		" " SLIPWAY_SERVER_UTC("started_at") ","
		" " SLIPWAY_SERVER_UTC_ISO("started_at") ", " SLIPWAY_SERVER_UTC_ISO("finished_at") ","
		" role, application_name, pg_catalog.host(client_addr), applied, migration,"
		" " ELAPSED("started_at") ", " ELAPSED("migration_started_at") ", pid,"
		" nullif(statement, '<insufficient privilege>'), wait_event_type, pending, waits_for, blockers,"
		" phase, percent, units_done, action"
		" FROM slipway.progress WHERE project = $1";
	const char *const values[] = {project};
	SlipwayCurrentRun *run = slipway_memory_new(sizeof(SlipwayCurrentRun));
	PGresult   *result = slipway_server_query_outcome(conn, sql, 1, values);

	if (PQntuples(result) == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway init\".",
					"project \"%s\" does not exist, or role \"%s\" may not read it",
					project, PQuser(conn));
	*run = (SlipwayCurrentRun) {
		.result = result,
		.project = project,
		.number = slipway_server_text(result, 0, 0),
		.outcome = slipway_server_text(result, 0, 1),
		.started_at = slipway_server_text(result, 0, 2),
		.started_at_iso = slipway_server_text(result, 0, 3),
		.finished_at_iso = slipway_server_text(result, 0, 4),
		.role = slipway_server_text(result, 0, 5),
		.application = slipway_server_text(result, 0, 6),
		.client_addr = slipway_server_text(result, 0, 7),
		.applied = (long) slipway_server_number(result, 0, 8, 0),
		.migration = slipway_server_text(result, 0, 9),
		.elapsed = slipway_server_number(result, 0, 10, -1),
		.migration_elapsed = slipway_server_number(result, 0, 11, -1),
		.pid = slipway_server_text(result, 0, 12),
		.phase = slipway_server_text(result, 0, 18),
		.percent = (int) slipway_server_number(result, 0, 19, -1),
		.action = slipway_server_text(result, 0, PQfnumber(result, "action")),
		.units_done = (long) slipway_server_number(result, 0, 20, 0),
		.statement = slipway_server_text(result, 0, 13),
		.wait_event_type = slipway_server_text(result, 0, 14),
		.total = (long) slipway_server_number(result, 0, 15, 0),
		.waits_for = slipway_server_text(result, 0, 16),
		.blockers = json_loads(PQgetvalue(result, 0, 17), 0, NULL),
	};
	return run;
}

void
slipway_current_run_free(SlipwayCurrentRun *run)
{
	json_decref(run->blockers);
	PQclear(run->result);
	free(run);
}

bool
slipway_current_run_goes_on(const SlipwayCurrentRun *run)
{
	return run->outcome != NULL && strcmp(run->outcome, "running") == 0;
}

char *
slipway_current_run_describe(const SlipwayCurrentRun *run)
{
	bool		named = run->application != NULL && *run->application != '\0';

	return slipway_memory_format("run %s of project %s, by %s (%s%s%s%s%s) since %s",
								 run->number, run->project, run->role,
								 named ? run->application : "?",
								 run->client_addr != NULL ? " on " : "",
								 run->client_addr != NULL ? run->client_addr : "",
								 run->pid != NULL ? ", pid " : "",
								 run->pid != NULL ? run->pid : "", run->started_at);
}

static json_t *
make_integer(const char *text)
{
	return text != NULL ? json_integer(strtoll(text, NULL, 10)) : json_null();
}

json_t *
slipway_current_run_json(const SlipwayCurrentRun *run, const char *event)
{
	json_t	   *object = json_object();
	const struct
	{
		const char *key;
		const char *text;
	}			texts[] = {
		{"action", run->action}, {"outcome", run->outcome}, {"started_at", run->started_at_iso},
		{"finished_at", run->finished_at_iso}, {"role", run->role},
		{"application_name", run->application}, {"client_addr", run->client_addr},
		{"migration", run->migration}, {"statement", run->statement},
		{"wait_event_type", run->wait_event_type}, {"waits_for", run->waits_for},
		{"phase", run->phase}
	};

	(void) json_object_set_new(object, "event", json_string(event));
	(void) json_object_set_new(object, "project", slipway_output_json_text(run->project));
	(void) json_object_set_new(object, "run", make_integer(run->number));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void) json_object_set_new(object, texts[i].key, slipway_output_json_text(texts[i].text));
	(void) json_object_set_new(object, "applied", json_integer(run->applied));
	(void) json_object_set_new(object, "total", json_integer(run->total));
	(void) json_object_set_new(object, "units_done", json_integer(run->units_done));
	(void) json_object_set_new(object, "percent", run->percent >= 0 ? json_integer(run->percent) : json_null());
	(void) json_object_set_new(object, "pid", make_integer(run->pid));
	(void) json_object_set_new(object, "blockers", run->blockers != NULL ? json_incref(run->blockers) : json_array());
	return object;
}

const char *
slipway_current_run_verb(const SlipwayCurrentRun *run)
{
	if (run->action != NULL && strcmp(run->action, "rollback") == 0)
		return "rolled back";
	return run->action != NULL && strcmp(run->action, "redo") == 0 ? "rolled back or applied" : "applied";
}

void
slipway_current_run_say_idle(const SlipwayCurrentRun *run)
{
	if (slipway_output_is_json())
		slipway_output_json(slipway_current_run_json(run, "idle"));
	else if (run->number == NULL)
		slipway_output_say("nothing runs in project %s, and nothing ever ran", run->project);
	else
		slipway_output_say("nothing runs in project %s; its last run, %s, %s with %ld %s %s",
						   run->project, run->number,
						   strcmp(run->outcome, "interrupted") == 0
						   ? "was interrupted" : run->outcome, run->applied,
						   run->applied == 1 ? "migration" : "migrations", slipway_current_run_verb(run));
}
