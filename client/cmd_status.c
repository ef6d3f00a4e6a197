/*
 * cmd_status.c
 *	  slipway status
 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "command.h"
#include "connection.h"
#include "ignore_list.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "server.h"
#include "table.h"

static const SlipwayColor state_colors[SLIPWAY_STATE_COUNT] = {
	[SLIPWAY_STATE_APPLIED] = SLIPWAY_COLOR_GREEN,
	[SLIPWAY_STATE_PENDING] = SLIPWAY_COLOR_YELLOW,
	[SLIPWAY_STATE_FAILED] = SLIPWAY_COLOR_RED,
	[SLIPWAY_STATE_CHANGED] = SLIPWAY_COLOR_RED,
	[SLIPWAY_STATE_MISSING] = SLIPWAY_COLOR_RED,
	[SLIPWAY_STATE_FUTURE] = SLIPWAY_COLOR_YELLOW,
	[SLIPWAY_STATE_OUT_OF_ORDER] = SLIPWAY_COLOR_RED,
	[SLIPWAY_STATE_ROLLED_BACK_PART] = SLIPWAY_COLOR_RED,
};

/* "failed", or "failed, 2 units done", or "pending, not approved" */
static char *
name_state(const SlipwayState *state)
{
	const char *name = slipway_server_state_name(state->kind);
	const char *more = state->approval != NULL && strcmp(state->approval, "missing") == 0 ? ", not approved" : "";

	if (state->units_done == 0)
		return slipway_memory_format("%s%s", name, more);
	return slipway_memory_format("%s, %d %s done%s", name, state->units_done,
								 state->units_done == 1 ? "unit" : "units", more);
}

static void
print_states(const SlipwayStateList *list)
{
	static const SlipwayColumn columns[] = {
		{.title = "MIGRATION",.flexible = true}, {.title = "STATE"}, {.title = "APPLIED AT (UTC)"},
		{.title = "DURATION",.right = true}, {.title = "BY",.flexible = true}
	};
	SlipwayTable *table = slipway_table_new(columns, 5);
	char	  **durations = slipway_memory_new(list->count * sizeof(char *));
	char	  **states = slipway_memory_new(list->count * sizeof(char *));

	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwayState *state = &list->states[i];
		const char *cells[5] = {
			state->migration, NULL, state->applied_at, NULL, state->applied_by
		};

		states[i] = name_state(state);
		cells[1] = states[i];

		if (state->duration >= 0)
			durations[i] = slipway_output_duration(state->duration);
		cells[3] = durations[i];
		slipway_table_add(table, cells, 1, state_colors[state->kind]);
	}
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < list->count; i++)
	{
		free(durations[i]);
		free(states[i]);
	}
	free(durations);
	free(states);
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	(void) json_object_set_new(object, key, slipway_output_json_text(text));
}

static void
print_states_json(const SlipwayStateList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwayState *state = &list->states[i];
		json_t	   *object = json_object();
		json_t	   *run = state->run != NULL
			? json_integer(strtoll(state->run, NULL, 10)) : json_null();

		set_text(object, "migration", state->migration);
		set_text(object, "state", slipway_server_state_name(state->kind));
		set_text(object, "applied_at", state->applied_at_iso);
		(void) json_object_set_new(object, "duration_ms",
								   state->duration >= 0 ? json_real(state->duration) : json_null());
		set_text(object, "applied_by", state->applied_by);
		(void) json_object_set_new(object, "run", run);
		(void) json_object_set_new(object, "units_done", json_integer(state->units_done));
		(void) json_object_set_new(object, "kind",
								   json_string(state->repeatable ? "repeatable" : "versioned"));
		set_text(object, "script_hash", state->script_hash);
		set_text(object, "applied_hash", state->applied_hash);
		set_text(object, "approval", state->approval);
		slipway_output_json(object);
	}
}

/* "project default: 6 applied, 2 pending" */
static void
say_summary(const char *project, const size_t counts[SLIPWAY_STATE_COUNT])
{
	SlipwayBuffer text = {0};
	char	   *summary;

	for (int kind = 0; kind < SLIPWAY_STATE_COUNT; kind++)
	{
		char	   *part;

		if (counts[kind] == 0)
			continue;
		part = slipway_memory_format("%s%zu %s", text.length > 0 ? ", " : "", counts[kind],
									 slipway_server_state_name((SlipwayStateKind) kind));
		slipway_buffer_add(&text, part);
		free(part);
	}
	summary = slipway_buffer_take(&text);
	slipway_output_say("project %s: %s", project, *summary != '\0' ? summary : "no migrations");
	free(summary);
}

/* Says whether somebody has changed the schema since the last run. That is not worth failing for. */
static void
say_drift(PGconn *conn, const SlipwayArguments *arguments)
{
	static const char sql[] = "SELECT slipway.drift($1, $2::text[])";
	char	   *ignore = slipway_ignore_list_array(arguments);
	const char *const values[] = {slipway_release_project(arguments), ignore};
	PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, sql, 2, NULL, values, NULL, NULL, 0));
	bool		known = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
	json_int_t	objects = known ? (json_int_t) slipway_server_number(result, 0, 0, -1) : -1;

	if (!known)
		slipway_server_warn_of_drift(result);
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o}", "event", "drift", "objects",
									  objects >= 0 ? json_integer(objects) : json_null()));
	else if (objects > 0)
		slipway_output_say("drift: %lld %s from the last run; see \"slipway diff\"", (long long) objects,
						   objects == 1 ? "object differs" : "objects differ");
	PQclear(result);
	free(ignore);
}

/* What --exit-code says: first what migrate would not go on with. */
static SlipwayExitCode
judge(const size_t counts[SLIPWAY_STATE_COUNT])
{
	if (counts[SLIPWAY_STATE_ROLLED_BACK_PART] > 0)
		return SLIPWAY_EXIT_STOPPED;
	if (counts[SLIPWAY_STATE_PENDING] + counts[SLIPWAY_STATE_FAILED] + counts[SLIPWAY_STATE_OUT_OF_ORDER] > 0)
		return SLIPWAY_EXIT_PENDING;
	return SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_status(const SlipwayArguments *arguments)
{
	SlipwayManifest *manifest = slipway_release_load(arguments, NULL, NULL);
	PGconn	   *conn = slipway_connection_open(arguments);
	const char *project = slipway_release_project(arguments);
	SlipwayStateList *list = slipway_server_compare(conn, manifest, project);
	size_t		counts[SLIPWAY_STATE_COUNT] = {0};

	for (size_t i = 0; i < list->count; i++)
		counts[list->states[i].kind]++;
	if (slipway_output_is_json())
		print_states_json(list);
	else
		print_states(list);
	say_summary(project, counts);
	if (!slipway_option_flag(arguments, SLIPWAY_OPTION_NO_DRIFT))
		say_drift(conn, arguments);
	slipway_server_free_states(list);
	slipway_release_free(manifest);
	return slipway_option_flag(arguments, SLIPWAY_OPTION_EXIT_CODE) ? judge(counts) : SLIPWAY_EXIT_DONE;
}
