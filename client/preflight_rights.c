/*
 * preflight_rights.c
 *	  Checks before a deploy: may the role do what the plan needs, and where?
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "preflight.h"
#include "server.h"

static bool
is_true(const PGresult *result, int column)
{
	return strcmp(PQgetvalue(result, 0, column), "t") == 0;
}

static void
check_project(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT slipway._may('uploader', $1), slipway._may('deployer', $1),"
	"       EXISTS (SELECT FROM slipway.registered_project WHERE project = $1)";
	const char *const values[] = {preflight->project};
	PGresult   *result = slipway_server_answer(preflight->conn, PQexecParams(preflight->conn, sql, 1, NULL, values, NULL, NULL, 0));
	char	   *hint = slipway_memory_format("An administrator runs \"slipway init -P '%s' --grant '%s=deployer' --grant '%s=uploader'\".",
											 preflight->project, PQuser(preflight->conn), PQuser(preflight->conn));

	if (PQstatus(preflight->conn) == CONNECTION_BAD)
		slipway_preflight_note(preflight, "project", SLIPWAY_OUTCOME_FAILED, NULL, "the connection was lost");
	/* A role without any right may not even ask. */
	else if (PQresultStatus(result) != PGRES_TUPLES_OK || !is_true(result, 2))
		slipway_preflight_note(preflight, "project", SLIPWAY_OUTCOME_FAILED, hint,
							   "project \"%s\" does not exist, or the role may not see it", preflight->project);
	else
	{
		preflight->is_registered = true;
		if (is_true(result, 0) && is_true(result, 1))
			slipway_preflight_note(preflight, "project", SLIPWAY_OUTCOME_OK, NULL,
								   "the role may upload and deploy in project \"%s\"", preflight->project);
		else
			slipway_preflight_note(preflight, "project", SLIPWAY_OUTCOME_FAILED, hint,
								   "the role may not %s in project \"%s\"",
								   is_true(result, 0) ? "deploy" : is_true(result, 1) ? "upload" : "upload or deploy",
								   preflight->project);
	}
	free(hint);
	PQclear(result);
}

/* Makes what is missing; false if that did not work, which is reported. */
static bool
create_schemas(SlipwayPreflight *preflight, const PGresult *missing)
{
	for (int row = 0; row < PQntuples(missing); row++)
	{
		PGresult   *result = slipway_server_answer(preflight->conn, PQexec(preflight->conn, PQgetvalue(missing, row, 1)));
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		bool		done = PQresultStatus(result) == PGRES_COMMAND_OK;

		if (!done)
			slipway_preflight_note(preflight, "schemas", SLIPWAY_OUTCOME_FAILED, NULL, "could not create schema %s: %s",
								   PQgetvalue(missing, row, 0), message != NULL ? message : "the connection was lost");
		PQclear(result);
		if (!done)
			return false;
	}
	return true;
}

static void
check_schemas(SlipwayPreflight *preflight, const char *schemas, const char *owner)
{
	static const char sql[] =
	"SELECT pg_catalog.quote_ident(s), pg_catalog.format('CREATE SCHEMA %I', s)"
	"       || CASE WHEN $2::text IS NULL THEN '' ELSE pg_catalog.format(' AUTHORIZATION %I', $2::text) END"
	"  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY u(s, n)"
	" WHERE s <> '$user' AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = s)"
	" ORDER BY n";
	PGresult   *missing = slipway_preflight_ask(preflight, preflight->conn, "schemas", sql, schemas, owner);
	char	   *list;

	if (missing == NULL)
		return;
	list = slipway_preflight_list(missing, 0);
	if (PQntuples(missing) == 0 && strcmp(schemas, "{}") == 0)
		slipway_preflight_note(preflight, "schemas", SLIPWAY_OUTCOME_FAILED,
							   "Scripts could create nothing without naming a schema. Set search_path.",
							   "no schema of the search_path exists");
	else if (PQntuples(missing) == 0)
		slipway_preflight_note(preflight, "schemas", SLIPWAY_OUTCOME_OK, NULL, "%.*s %s there",
							   (int) strlen(schemas) - 2, schemas + 1, strchr(schemas, ',') ? "are" : "is");
	else if (!slipway_option_flag(preflight->arguments, SLIPWAY_OPTION_CREATE_SCHEMAS))
		slipway_preflight_note(preflight, "schemas", SLIPWAY_OUTCOME_FAILED, "--create-schemas creates what is missing.",
							   "missing: %s", list);
	else if (create_schemas(preflight, missing))
		slipway_preflight_note(preflight, "schemas", SLIPWAY_OUTCOME_OK, NULL, "created %s", list);
	free(list);
	PQclear(missing);
}

/* May the role of scripts make objects there? */
static void
check_create(SlipwayPreflight *preflight, const char *schemas, const char *owner)
{
	static const char sql[] =
	"SELECT pg_catalog.quote_ident(s)"
	"  FROM pg_catalog.unnest($1::text[]) s"
	"  JOIN pg_catalog.pg_namespace n ON n.nspname = s"
	" WHERE NOT pg_catalog.has_schema_privilege(coalesce($2, current_user), n.oid, 'CREATE')";
	PGresult   *refused = slipway_preflight_ask(preflight, preflight->conn, "rights", sql, schemas, owner);
	const char *role = owner != NULL ? owner : PQuser(preflight->conn);
	char	   *list;
	char	   *quoted;
	char	   *hint;

	if (refused == NULL)
		return;
	list = slipway_preflight_list(refused, 0);
	quoted = slipway_preflight_quote(preflight->conn, role);
	hint = slipway_memory_format("GRANT CREATE, USAGE ON SCHEMA %s TO %s", list, quoted);
	if (PQntuples(refused) == 0)
		slipway_preflight_note(preflight, "rights", SLIPWAY_OUTCOME_OK, NULL,
							   "scripts run as role \"%s\", which may create objects there", role);
	else
		slipway_preflight_note(preflight, "rights", SLIPWAY_OUTCOME_FAILED, hint,
							   "scripts run as role \"%s\", which may not create objects in %s", role, list);
	free(hint);
	free(quoted);
	free(list);
	PQclear(refused);
}

static void
check_search_path(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT pg_catalog.current_setting('search_path'), pg_catalog.array_to_string(pg_catalog.current_schemas(false), ', ')";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "search_path", sql, NULL, NULL);

	if (result == NULL)
		return;
	if (*PQgetvalue(result, 0, 1) == '\0')
		slipway_preflight_note(preflight, "search_path", SLIPWAY_OUTCOME_WARNING,
							   "Set search_path in the section, or schemas of the project.",
							   "%s: none of it exists", PQgetvalue(result, 0, 0));
	else
		slipway_preflight_note(preflight, "search_path", SLIPWAY_OUTCOME_OK, NULL, "%s, which is %s here",
							   PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	PQclear(result);
}

static void
check_backup_role(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT r.rolname, (SELECT pg_catalog.string_agg(c.relname, ', ' ORDER BY c.relname) FROM pg_catalog.pg_class c"
	"         WHERE c.relnamespace OPERATOR(pg_catalog.=) 'slipway'::pg_catalog.regnamespace AND c.relkind IN ('r', 'S')"
	"           AND NOT (pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT')"
	"                    AND pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'USAGE')))"
	"  FROM pg_catalog.pg_roles r WHERE r.rolname = $1";
	const char *role = slipway_option_text(preflight->arguments, SLIPWAY_OPTION_BACKUP_ROLE);
	PGresult   *result;
	char	   *quoted;
	char	   *hint;

	if (role == NULL)
		return;
	result = slipway_preflight_ask(preflight, preflight->conn, "backup", sql, role, NULL);
	if (result == NULL)
		return;
	quoted = slipway_preflight_quote(preflight->conn, role);
	hint = slipway_memory_format("GRANT pg_read_all_data TO %s", quoted);
	if (PQntuples(result) == 0)
		slipway_preflight_note(preflight, "backup", SLIPWAY_OUTCOME_FAILED, NULL, "role \"%s\" does not exist", role);
	else if (!PQgetisnull(result, 0, 1))
		slipway_preflight_note(preflight, "backup", SLIPWAY_OUTCOME_FAILED, hint,
							   "role \"%s\" cannot read in schema slipway: %s", role, PQgetvalue(result, 0, 1));
	else
		slipway_preflight_note(preflight, "backup", SLIPWAY_OUTCOME_OK, NULL, "role \"%s\" can read the tracking tables", role);
	free(hint);
	free(quoted);
	PQclear(result);
}

void
slipway_preflight_rights(SlipwayPreflight *preflight)
{
	static const char sql[] = "SELECT owner FROM slipway.registered_project WHERE project = $1";
	PGresult   *result = NULL;
	const char *owner = NULL;
	const char *schemas;

	check_project(preflight);
	if (preflight->is_registered)
		result = slipway_preflight_ask(preflight, preflight->conn, "rights", sql, preflight->project, NULL);
	if (result != NULL && PQntuples(result) == 1)
		owner = slipway_server_text(result, 0, 0);
	check_search_path(preflight);
	schemas = slipway_preflight_schemas(preflight);
	check_schemas(preflight, schemas, owner);
	check_create(preflight, schemas, owner);
	check_backup_role(preflight);
	PQclear(result);
}
