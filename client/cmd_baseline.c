/*
 * cmd_baseline.c
 *	  slipway baseline
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "decision.h"
#include "die.h"
#include "output.h"
#include "release.h"
#include "server.h"
#include "upload.h"

static void
say_baseline(const char *event, const char *project, const char *migration, long count)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:I}", "event", event,
									  "project", slipway_output_json_text(project),
									  "migration", slipway_output_json_text(migration),
									  "migrations", (json_int_t) count));
	else
		slipway_output_say("%ld %s up to %s %s taken as applied in project %s", count,
						   count == 1 ? "migration" : "migrations", migration,
						   strcmp(event, "baseline") == 0 ? (count == 1 ? "is" : "are") : "would be",
						   project);
}

/* What the server would do, as far as the folder and its states tell. */
static void
show_baseline(PGconn *conn, const SlipwayManifest *manifest, const char *project,
			  const char *migration)
{
	SlipwayStateList *list = slipway_server_compare(conn, manifest, project);
	long		count = 0;
	bool		beyond = false;

	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwayState *state = &list->states[i];

		if (state->applied_hash != NULL)
			slipway_die(SLIPWAY_EXIT_ERROR,
						"Single ones are taken as applied with \"slipway repair --mark-applied\".",
						"project %s has a history already: %s is applied", project,
						state->migration);
		if (!beyond)
			count++;
		beyond = beyond || strcmp(state->migration, migration) == 0;
	}
	say_baseline("would baseline", project, migration, count);
	slipway_server_free_states(list);
}

static void
make_baseline(PGconn *conn, const SlipwayManifest *manifest, const char *project,
			  const char *migration, const char *reason)
{
	const char *const values[] = {migration, reason, project};
	SlipwayUpload upload = slipway_upload_run(conn, manifest, project);
	PGresult   *result;

	PQclear(slipway_server_query(conn, "BEGIN", 0, NULL));
	result = slipway_server_query(conn, "SELECT slipway.baseline($1, $2, $3)", 3, values);
	slipway_decision_check(conn, manifest, project, migration);
	PQclear(slipway_server_query(conn, "COMMIT", 0, NULL));
	say_baseline("baseline", project, migration, strtol(PQgetvalue(result, 0, 0), NULL, 10));
	PQclear(result);
	free(upload.head);
}

SlipwayExitCode
slipway_cmd_baseline(const SlipwayArguments *arguments)
{
	const char *project = slipway_release_project(arguments);
	const char *migration = arguments->words[1];
	SlipwayManifest *manifest = slipway_release_load(arguments, NULL, NULL);
	PGconn	   *conn;

	slipway_folder_require(manifest->folder, migration);
	if (slipway_folder_find(manifest->folder, migration)->kind != SLIPWAY_VERSIONED)
		slipway_die(SLIPWAY_EXIT_USAGE, "A baseline ends with a versioned migration.",
					"\"%s\" is repeatable", migration);
	conn = slipway_connection_open(arguments);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		show_baseline(conn, manifest, project, migration);
	else
		make_baseline(conn, manifest, project, migration,
					  slipway_option_text(arguments, SLIPWAY_OPTION_REASON));
	slipway_release_free(manifest);
	return SLIPWAY_EXIT_DONE;
}
