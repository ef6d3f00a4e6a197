/*
 * role_grant.c
 *	  slipway.grant_role(), revoke_role() and set_owner().
 *
 * A grant is a row of slipway.role_grant plus the server-side privileges that
 * let the role reach the functions at all. Both are given as the bookkeeper,
 * who owns everything in the schema.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"

/*
 * What any right gives. Internal functions are here because a view calls
 * functions as the user who looks at it.
 */
static const char reader_routines[] =
"slipway.version(), slipway.lock_key(text), slipway.plan(text, text, boolean), "
"slipway.validate(text, text, boolean), slipway.compare(text, text), "
"slipway.check_script(text, text, text), slipway.require(text, text), "
"slipway.verify_history(text), slipway._status(text), slipway._may(text, text)";

static const char reader_views[] =
"slipway.status, slipway.log, slipway.schema_migrations, slipway.lock_holder";

/* A reader of all projects may look at the tables too, but at no body. */
static const char reader_tables[] =
"slipway.project, slipway.migration, slipway.manifest, slipway.run, slipway.history, slipway.role_grant";

/* What each kind adds to that; admin has all of them. */
static const char *const right_routines[] = {
	[SLIPWAY_READER] = NULL,
	[SLIPWAY_UPLOADER] =
	"slipway.add_script(text, text), slipway.add_manifest(text, text), "
	"slipway.add_migration(text, text, text, text, text)",
	[SLIPWAY_APPROVER] = NULL,
	[SLIPWAY_DEPLOYER] = "slipway.migrate(text, jsonb)",
	[SLIPWAY_ADMIN] =
	"slipway.create_project(text, text[], text), slipway.grant_role(text, text, text), "
	"slipway.revoke_role(text, text, text)",
};

static void
run_command(const char *command)
{
	if (SPI_execute(command, false, 0) < 0)
		elog(ERROR, "could not run \"%s\"", command);
}

/* verb: "GRANT", with "TO"; or "REVOKE", with "FROM" */
static void
change_routines(const char *verb, const char *routines, const char *preposition, const char *role)
{
	if (routines)
		run_command(psprintf("%s EXECUTE ON ROUTINE %s %s %s", verb, routines, preposition, role));
}

static void
grant_access(SlipwayRight right, const char *role, bool all_projects)
{
	run_command(psprintf("GRANT USAGE ON SCHEMA slipway TO %s", role));
	change_routines("GRANT", reader_routines, "TO", role);
	run_command(psprintf("GRANT SELECT ON %s TO %s", reader_views, role));
	if (all_projects)
	{
		run_command(psprintf("GRANT SELECT ON %s TO %s", reader_tables, role));
		run_command(psprintf("GRANT SELECT (hash, created_at, created_by) ON slipway.script TO %s", role));
	}
	for (int i = 0; i < lengthof(right_routines); i++)
		if (i == right || right == SLIPWAY_ADMIN)
			change_routines("GRANT", right_routines[i], "TO", role);
}

static void
revoke_access(const char *role)
{
	change_routines("REVOKE", reader_routines, "FROM", role);
	for (int i = 0; i < lengthof(right_routines); i++)
		change_routines("REVOKE", right_routines[i], "FROM", role);
	run_command(psprintf("REVOKE ALL ON ALL TABLES IN SCHEMA slipway FROM %s", role));
	run_command(psprintf("REVOKE USAGE ON SCHEMA slipway FROM %s", role));
}

/* The three arguments that grant_role() and revoke_role() share. */
typedef struct RoleGrant
{
	char	   *role;
	char	   *kind;
	char	   *project;		/* NULL: all */
	SlipwayRight right;
} RoleGrant;

static RoleGrant
read_arguments(FunctionCallInfo fcinfo, const char *function)
{
	RoleGrant	grant = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role and kind of %s must not be null", function)));
	grant.role = text_to_cstring(PG_GETARG_TEXT_PP(0));
	grant.kind = text_to_cstring(PG_GETARG_TEXT_PP(1));
	grant.project = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	grant.right = slipway_privilege_parse(grant.kind);
	slipway_privilege_require(SLIPWAY_ADMIN, grant.project);
	if (grant.project)
		(void) slipway_project_load(grant.project);
	return grant;
}

static void
add_grant_args(SlipwayArgs *args, const RoleGrant *grant)
{
	slipway_arg_text(args, grant->role);
	slipway_arg_text(args, grant->kind);
	slipway_arg_text(args, grant->project);
}

PG_FUNCTION_INFO_V1(slipway_grant_role);

Datum
slipway_grant_role(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_ROLE_GRANT_ADD, 4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	RoleGrant	grant = read_arguments(fcinfo, "slipway.grant_role()");
	char	   *caller = GetUserNameFromId(GetSessionUserId(), false);
	SlipwayArgs args = {0};

	(void) get_role_oid(grant.role, false);
	add_grant_args(&args, &grant);
	slipway_arg_text(&args, caller);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	grant_access(grant.right, quote_identifier(grant.role), grant.project == NULL);
	slipway_spi_end();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_revoke_role);

Datum
slipway_revoke_role(PG_FUNCTION_ARGS)
{
	static SlipwayQuery remove = {SLIPWAY_QUERY_ROLE_GRANT_REMOVE, 3, {TEXTOID, TEXTOID, TEXTOID}};
	static SlipwayQuery remaining = {SLIPWAY_QUERY_ROLE_GRANT_LIST, 1, {TEXTOID}};
	RoleGrant	grant = read_arguments(fcinfo, "slipway.revoke_role()");
	SlipwayArgs args = {0};
	SlipwayArgs role_args = {0};
	uint64		removed;

	add_grant_args(&args, &grant);
	slipway_arg_text(&role_args, grant.role);
	slipway_spi_begin();
	removed = slipway_query(&remove, &args, 0);
	if (removed > 0 && OidIsValid(get_role_oid(grant.role, true)))
	{
		uint64		rows;

		/* What is left is granted afresh: kinds overlap in what they give. */
		revoke_access(quote_identifier(grant.role));
		rows = slipway_query(&remaining, &role_args, 0);
		if (rows > 0)
		{
			SPITupleTable *table = SPI_tuptable;

			for (uint64 i = 0; i < rows; i++)
			{
				char	   *kind = SPI_getvalue(table->vals[i], table->tupdesc, 1);
				char	   *project = SPI_getvalue(table->vals[i], table->tupdesc, 2);

				grant_access(slipway_privilege_parse(kind), quote_identifier(grant.role),
							 project == NULL);
			}
		}
	}
	slipway_spi_end();
	if (removed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" has no grant as %s %s", grant.role, grant.kind,
						grant.project ? psprintf("of project \"%s\"", grant.project) : "of all projects"),
				 errhint("The grants are in table slipway.role_grant.")));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_set_owner);

/*
 * Hands everything in the schema to a role, the schema included. Privileges
 * granted before go along: ALTER ... OWNER rewrites the grantor.
 */
Datum
slipway_set_owner(PG_FUNCTION_ARGS)
{
	static const char list_query[] = SLIPWAY_QUERY_OWNED_OBJECTS;
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *quoted = quote_identifier(role);
	SPITupleTable *table;
	uint64		rows;
	int			nest;

	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only a superuser may change the owner of the tracking tables")));
	(void) get_role_oid(role, false);
	nest = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(list_query, false, 0) < 0)
		elog(ERROR, "could not list the objects of schema slipway");
	table = SPI_tuptable;
	rows = SPI_processed;
	for (uint64 i = 0; i < rows; i++)
		run_command(psprintf("ALTER %s OWNER TO %s",
							 SPI_getvalue(table->vals[i], table->tupdesc, 1), quoted));
	SPI_finish();
	AtEOXact_GUC(true, nest);
	PG_RETURN_VOID();
}
