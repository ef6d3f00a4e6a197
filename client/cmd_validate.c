/*
 * cmd_validate.c
 *	  slipway validate
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "check.h"
#include "command.h"
#include "connection.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "server.h"

/* Adds what is wrong with the chain of the history. */
static void
check_history(PGconn *conn, SlipwayCheck *check, const char *project)
{
	static const char sql[] = "SELECT entry, problem FROM slipway.verify_history($1)";
	const char *const values[] = {project};
	PGresult   *result = slipway_server_query(conn, sql, 1, values);

	for (int row = 0; row < PQntuples(result); row++)
	{
		SlipwayProblem problem = {.sqlstate = "SW014"};
		const char *text = PQgetvalue(result, row, 1);

		problem.message = slipway_check_keep(
			check, PQgetisnull(result, row, 0) ? slipway_memory_copy(text)
			: slipway_memory_format("history entry %s: %s", PQgetvalue(result, row, 0), text));
		slipway_check_add(check, &problem);
	}
	PQclear(result);
}

/* Compares the history with what was kept outside; without --anchor it does nothing. */
static void
check_anchor(PGconn *conn, SlipwayCheck *check, SlipwayAnchor *anchor, const char *project)
{
	SlipwayProblem problem = {.sqlstate = "SW014"};
	char	   *message = anchor != NULL ? slipway_anchor_problem(anchor, conn, project, &problem.hint) : NULL;

	if (message == NULL)
		return;
	problem.message = slipway_check_keep(check, message);
	slipway_check_add(check, &problem);
}

/* Hooks are none. */
static size_t
count_migrations(const SlipwayFolder *folder)
{
	size_t		count = 0;

	for (size_t i = 0; i < folder->count; i++)
		count += folder->migrations[i].kind != SLIPWAY_HOOK;
	return count;
}

static void
say_valid(size_t count)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:I}", "event", "valid",
									  "migrations", (json_int_t) count));
	else
		slipway_output_say("%zu %s, all valid", count, count == 1 ? "migration" : "migrations");
}

SlipwayExitCode
slipway_cmd_validate(const SlipwayArguments *arguments)
{
	SlipwayCheckOptions options = slipway_check_options(arguments);
	SlipwayAnchor *anchor = slipway_anchor_read(arguments, false);
	SlipwayManifest *manifest = slipway_release_load(arguments, NULL, NULL);
	PGconn	   *conn = slipway_connection_open(arguments);
	SlipwayStateList *states = slipway_server_compare(conn, manifest, options.project);
	SlipwayCheck *check;
	size_t		problems;

	options.companions = true;
	check = slipway_check_run(conn, manifest, states, &options);
	check_history(conn, check, options.project);
	check_anchor(conn, check, anchor, options.project);
	slipway_check_print(check, manifest->folder);
	problems = check->problem_count;
	if (problems > 0)
		slipway_output_say("%zu %s found", problems, problems == 1 ? "problem" : "problems");
	else
		say_valid(count_migrations(manifest->folder));
	slipway_check_free(check);
	slipway_anchor_free(anchor);
	slipway_server_free_states(states);
	slipway_release_free(manifest);
	return problems > 0 ? SLIPWAY_EXIT_INVALID : SLIPWAY_EXIT_DONE;
}
