/*
 * cmd_init.c
 *	  slipway init
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "schema_list.h"
#include "server.h"

/* ROLE=KIND taken apart. */
typedef struct Grant
{
	char	   *role;
	const char *kind;
} Grant;

/* Where to, and whether for real. */
typedef struct Target
{
	PGconn	   *conn;
	const char *project;
	bool		dry_run;
	bool		has_extension;	/* without it there is nothing to ask */
} Target;

/* "extension pg_slipway 0.1.0: created" */
static void
say_action(const char *what, const char *name, const char *action)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:s}", "event", what,
									  "name", slipway_output_json_text(name), "action", action));
	else
		slipway_output_say("%s %s: %s", what, name, action);
}

static Grant
parse_grant(const char *text)
{
	static const char *const kinds[] = {"reader", "uploader", "approver", "deployer", "admin"};
	const char *equals = strrchr(text, '=');

	if (equals != NULL && equals > text)
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(equals + 1, kinds[i]) == 0)
				return (Grant) {
					slipway_memory_copy_bytes(text, (size_t) (equals - text)), kinds[i]
				};
	slipway_die(SLIPWAY_EXIT_USAGE,
				"It is ROLE=KIND, with KIND one of reader, uploader, approver, deployer, admin.",
				"invalid value \"%s\" of option \"--grant\"", text);
}

/* Runs a statement for its effect, unless it is a dry run. */
static void
execute(const Target *target, const char *sql, int count, const char *const *values)
{
	if (!target->dry_run)
		PQclear(slipway_server_query(target->conn, sql, count, values));
}

/* Is the answer to a yes-or-no question about the extension's tables true? */
static bool
ask(const Target *target, const char *sql, int count, const char *const *values)
{
	PGresult   *result;
	bool		answer;

	if (!target->has_extension)
		return false;
	result = slipway_server_query(target->conn, sql, count, values);
	answer = PQntuples(result) > 0 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	return answer;
}

static void
init_extension(Target *target)
{
	static const char sql[] =
		"SELECT default_version, installed_version,"
		" pg_catalog.string_to_array(default_version, '.')::int[]"
		" OPERATOR(pg_catalog.>) pg_catalog.string_to_array(installed_version, '.')::int[]"
		" FROM pg_catalog.pg_available_extensions WHERE name = 'pg_slipway'";
	PGresult   *result = slipway_server_query(target->conn, sql, 0, NULL);
	const char *action = "already there";
	int			version = 0;	/* field of the one that there will be */
	char	   *name;

	if (PQntuples(result) == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Install pg_slipway on the server's machine first.",
					"the server has no extension pg_slipway to create");
	target->has_extension = !PQgetisnull(result, 0, 1);
	if (!target->has_extension)
	{
		execute(target, "CREATE EXTENSION IF NOT EXISTS pg_slipway", 0, NULL);
		target->has_extension = !target->dry_run;
		action = target->dry_run ? "would be created" : "created";
	}
	else if (strcmp(PQgetvalue(result, 0, 2), "t") == 0)
	{
		execute(target, "ALTER EXTENSION pg_slipway UPDATE", 0, NULL);
		action = target->dry_run ? "would be updated" : "updated";
	}
	else
		version = 1;
	name = slipway_memory_format("pg_slipway %s", PQgetvalue(result, 0, version));
	say_action("extension", name, action);
	free(name);
	PQclear(result);
}

/* Whoever is admin of that project alone may not look at the tables. */
static bool
is_registered(const Target *target)
{
	return ask(target, "SELECT EXISTS (SELECT FROM slipway.registered_project WHERE project = $1)", 1, &target->project);
}

static void
init_project(const Target *target, const char *schemas, const char *owner)
{
	const char *const values[] = {target->project, schemas, owner};
	static const char is_so[] =
		"SELECT ($2::text[] IS NULL OR schemas OPERATOR(pg_catalog.=) $2::text[])"
		" AND ($3::text IS NULL OR owner IS NOT DISTINCT FROM $3::text)"
		" FROM slipway.registered_project WHERE project = $1";
	bool		exists = is_registered(target);
	bool		done = exists && ask(target, is_so, 3, values);
	const char *action = target->dry_run ? (exists ? "would be changed" : "would be created")
		: exists ? "changed" : "created";

	/* what was not given stays as it is */
	if (!done)
		execute(target,
				"SELECT slipway.create_project($1,"
				" coalesce($2::text[], (SELECT schemas FROM slipway.registered_project WHERE project = $1)),"
				" coalesce($3::text, (SELECT owner FROM slipway.registered_project WHERE project = $1)))",
				3, values);
	say_action("project", target->project, done ? "already there" : action);
}

static void
init_owner(const Target *target, const char *owner)
{
	static const char is_so[] =
		"SELECT pg_catalog.pg_get_userbyid(relowner) = $1 FROM pg_catalog.pg_class"
		" WHERE oid OPERATOR(pg_catalog.=) 'slipway.history'::pg_catalog.regclass";
	const char *const values[] = {owner};
	bool		done = ask(target, is_so, 1, values);

	if (!done)
		execute(target, "SELECT slipway.set_owner($1)", 1, values);
	say_action("owner", owner, done ? "already owns the tracking tables"
			   : target->dry_run ? "would own the tracking tables"
			   : "owns the tracking tables now");
}

static void
init_grant(const Target *target, const Grant *grant)
{
	const char *const values[] = {grant->role, grant->kind, target->project};
	bool		visible = ask(target, "SELECT pg_catalog.has_table_privilege('slipway.role_grant', 'SELECT')", 0, NULL);
	bool		done = visible && ask(target,
									  "SELECT EXISTS (SELECT FROM slipway.role_grant"
									  " WHERE role = $1 AND kind = $2 AND project = $3)", 3, values);
	const char *state = done ? "already is" : target->dry_run ? "would be" : "is now";
	char	   *action = slipway_memory_format("%s %s of project %s", state, grant->kind,
											   target->project);

	/* granted again in any case: a restored dump has the row, not the privileges */
	execute(target, "SELECT slipway.grant_role($1, $2, $3)", 3, values);
	say_action("role", grant->role, action);
	free(action);
}

static void
init_approval(const Target *target, bool wanted, const char *reason)
{
	const char *const values[] = {target->project, wanted ? "true" : "false", reason};
	bool		done = is_registered(target)
		? ask(target, "SELECT slipway.needs_approval($1) = $2::boolean", 2, values) : !wanted;

	if (!done)
		execute(target, "SELECT slipway.require_approval($2::boolean, $3, $1)", 3, values);
	say_action("approval", target->project, done ? (wanted ? "already required" : "not required")
			   : target->dry_run ? (wanted ? "would be required" : "would not be required any more")
			   : wanted ? "is now required" : "is not required any more");
}

SlipwayExitCode
slipway_cmd_init(const SlipwayArguments *arguments)
{
	Target		target = {
		.project = slipway_release_project(arguments),
		.dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN),
	};
	const char *owner = slipway_option_text(arguments, SLIPWAY_OPTION_OWNER);
	const char *approval = slipway_option_text(arguments, SLIPWAY_OPTION_APPROVAL);
	char	   *schemas = slipway_schema_list(slipway_option_text(arguments, SLIPWAY_OPTION_SCHEMAS));
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_GRANT];
	Grant	   *grants = slipway_memory_new(list->count * sizeof(Grant));

	if (approval != NULL && slipway_option_text(arguments, SLIPWAY_OPTION_REASON) == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Say why with --reason TEXT; it is kept in the history.",
					"option \"--approval\" needs a reason");
	for (size_t i = 0; i < list->count; i++)
		grants[i] = parse_grant(list->values[i]);
	target.conn = slipway_connection_open(arguments);
	/* "already exists, skipping" is said here in our own words */
	PQclear(slipway_server_query(target.conn, "SET client_min_messages = warning", 0, NULL));
	init_extension(&target);
	if (target.has_extension)
		(void) slipway_server_greet(target.conn, NULL, 0, NULL);
	init_project(&target, schemas, slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT_OWNER));
	if (owner != NULL)
		init_owner(&target, owner);
	if (approval != NULL)
		init_approval(&target, strcmp(approval, "on") == 0, slipway_option_text(arguments, SLIPWAY_OPTION_REASON));
	for (size_t i = 0; i < list->count; i++)
	{
		init_grant(&target, &grants[i]);
		free(grants[i].role);
	}
	free(grants);
	free(schemas);
	return SLIPWAY_EXIT_DONE;
}
