/*
 * role_grant.c
 *	  slipway.grant_role(), revoke_role() and set_owner().
 *
 * A grant is a row of slipway.role_grant plus the server-side privileges that
 * let the role reach the functions at all. Those are given as the owner of the
 * schema: the bookkeeper may own the tracking tables alone.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "actor.h"
#include "error_code.h"
#include "guard.h"
#include "own_catalog.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"

/*
 * What any right gives. Internal functions are here because a view calls
 * functions as the user who looks at it.
 */
static const char reader_routines[] =
"slipway.version(), slipway.lock_key(text), slipway.plan(text, text, boolean, jsonb), "
"slipway.validate(text, text, boolean, jsonb), slipway.compare(text, text), "
"slipway.check_script(text, text, text, jsonb, text), slipway.set_variables(text, text), slipway.require(text, text), slipway.find_base(text), "
"slipway.find_manifest(text, text), "
"slipway.verify_history(text), slipway.snapshot(text, text[]), slipway.fingerprint(text, text[]), "
"slipway.diff(text, text, text[]), slipway.drift(text, text[]), "
"slipway.rollback_plan(text, jsonb), slipway._status(text), slipway._may(text, text), "
"slipway.needs_approval(text), slipway._pending_approval(text), "
"slipway._is_alive(integer, timestamptz), slipway._wait(integer), slipway._work(integer), "
"slipway.credential_rights(text), slipway.credential_statements(text), slipway.credential_objects(text), "
"slipway.credential_sessions(text), slipway.check_credential(text), slipway.credential_risk(text), "
"slipway.schedule_times(text, text, integer, timestamptz)";

static const char reader_views[] =
"slipway.status, slipway.log, slipway.schema_migrations, slipway.lock_holder, "
"slipway.progress, slipway.detached, slipway.notice, slipway.saved_snapshot, slipway.metric, slipway.metric_drift, slipway.registered_project, "
"slipway.project_credential, slipway.role_usage, slipway.batch, slipway.batch_item, slipway.pending_approval, slipway.schedule";

/* A reader of all projects may look at the tables too, but at no body. */
static const char reader_tables[] =
"slipway.project, slipway.migration, slipway.manifest, slipway.run, slipway.detached_run, "
"slipway.detached_notice, slipway.history, slipway.journal, slipway.role_grant, "
"slipway.schema_snapshot, slipway.schema_object, slipway.credential_usage, "
"slipway.credential_batch, slipway.credential_item, slipway.credential_schedule";

/* What each kind adds to that; admin has all of them. */
static const char *const right_routines[] = {
	[SLIPWAY_READER] = NULL,
	[SLIPWAY_UPLOADER] =
	"slipway.add_script(text, text), slipway.add_scripts(text[], text), "
	"slipway.add_script_part(bytea, bigint, boolean, text), "
	"slipway.add_manifest(text, text), "
	"slipway.extend_manifest(text, text, text), "
	"slipway.add_migration(text, text, text, text, text)",
	[SLIPWAY_APPROVER] =
	"slipway.approve(text, text, text, text, text), slipway.withdraw_approval(text, text, text, text, text)",
	[SLIPWAY_DEPLOYER] =
	"slipway.migrate(text, jsonb), slipway.verify(text, jsonb), slipway.rehearse(text, jsonb), slipway.migrate_detached(text, jsonb), slipway.cancel(text), "
	"slipway.rollback(text, jsonb), slipway.redo(text, jsonb), slipway.rollback_losses(text, jsonb), "
	"slipway.save_snapshot(text, text, text[]), slipway.drop_snapshot(text, text)",
	[SLIPWAY_ADMIN] =
	"slipway.create_project(text, text[], text), slipway.grant_role(text, text, text), "
	"slipway.revoke_role(text, text, text), slipway.settle_unit(text, boolean, text, text), "
	"slipway.accept_checksum(text, text, text), slipway.forget_failed(text, text, text), "
	"slipway.mark_applied(text, text, text), slipway.baseline(text, text, text), slipway.require_approval(boolean, text, text), "
	"slipway.register_credential(text, text, text, text, integer, text, jsonb), slipway.register_credentials(text, jsonb), "
	"slipway.generate_credential(text, text), slipway.create_credential(text, text, boolean), "
	"slipway.update_credential(text), slipway.validate_credential(text, text), "
	"slipway.rollback_credential(text, text, text, text, text), slipway.clear_credential(text), "
	"slipway.fail_credential(text, text, text, text), slipway.record_usage(text), "
	"slipway.check_credentials(), slipway.credential_estimate(), slipway.credential_orphans(), slipway.drop_orphan(text, text, text), "
	"slipway.create_batch(text[], text, jsonb, integer), slipway.claim_item(bigint), "
	"slipway.finish_item(bigint, integer, integer, text, text), slipway.stop_batch(bigint, text), "
	"slipway.resume_batch(bigint, boolean, boolean), "
	"slipway.set_schedule(text, text, text, integer, integer, interval, integer, boolean, text), slipway.drop_schedule(text)",
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

/* Inside a scope of the schema's owner. */
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

/* Inside a scope of the schema's owner. */
static void
revoke_access(const char *role)
{
	change_routines("REVOKE", reader_routines, "FROM", role);
	for (int i = 0; i < lengthof(right_routines); i++)
		change_routines("REVOKE", right_routines[i], "FROM", role);
	run_command(psprintf("REVOKE ALL ON ALL TABLES IN SCHEMA slipway FROM %s", role));
	run_command(psprintf("REVOKE USAGE ON SCHEMA slipway FROM %s", role));
}

/* Who owns the tables or the schema needs no privileges, nor may lose them. */
static bool
owns_us(Oid role)
{
	return role == slipway_bookkeeper() || role == slipway_schema_owner();
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
	Oid			role = get_role_oid(grant.role, false);
	char	   *caller = slipway_actor_name();
	SlipwayArgs args = {0};

	add_grant_args(&args, &grant);
	slipway_arg_text(&args, caller);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
	if (!owns_us(role))
	{
		slipway_own_catalog_check();
		slipway_spi_begin_as(slipway_schema_owner());
		grant_access(grant.right, quote_identifier(grant.role), grant.project == NULL);
		slipway_spi_end();
		slipway_own_catalog_changed();
	}
	PG_RETURN_VOID();
}

/* The rights that a role still has, as RoleGrants. Opens a scope. */
static List *
list_grants(char *role)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_ROLE_GRANT_LIST, 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *grants = NIL;
	uint64		rows;

	slipway_arg_text(&args, role);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		RoleGrant  *grant = palloc0(sizeof(RoleGrant));

		grant->role = role;
		grant->kind = slipway_row_text(i, 1);
		grant->project = slipway_row_text(i, 2);
		grant->right = slipway_privilege_parse(grant->kind);
		grants = lappend(grants, grant);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return grants;
}

/* What is left is granted afresh: kinds overlap in what they give. */
static void
restore_access(char *role)
{
	const char *quoted = quote_identifier(role);
	List	   *left = list_grants(role);
	ListCell   *cell;

	slipway_own_catalog_check();
	slipway_spi_begin_as(slipway_schema_owner());
	revoke_access(quoted);
	foreach(cell, left)
	{
		RoleGrant  *grant = lfirst(cell);

		grant_access(grant->right, quoted, grant->project == NULL);
	}
	slipway_spi_end();
	slipway_own_catalog_changed();
}

PG_FUNCTION_INFO_V1(slipway_revoke_role);

Datum
slipway_revoke_role(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_ROLE_GRANT_REMOVE, 3, {TEXTOID, TEXTOID, TEXTOID}};
	RoleGrant	grant = read_arguments(fcinfo, "slipway.revoke_role()");
	Oid			role = get_role_oid(grant.role, true);
	SlipwayArgs args = {0};
	uint64		removed;

	add_grant_args(&args, &grant);
	slipway_spi_begin();
	removed = slipway_query(&query, &args, 0);
	slipway_spi_end();
	if (removed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" has no grant as %s %s", grant.role, grant.kind,
						grant.project ? psprintf("of project \"%s\"", grant.project) : "of all projects"),
				 errhint("The grants are in table slipway.role_grant.")));
	if (OidIsValid(role) && !owns_us(role))
		restore_access(grant.role);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_set_owner);

/*
 * Hands the tracking tables to a role. The functions and views stay with the
 * owner of the extension: who owned those could put code into them that every
 * deployer runs.
 */
Datum
slipway_set_owner(PG_FUNCTION_ARGS)
{
	static const char *const tables[] = {
		"project", "script", "migration", "manifest", "run", "detached_run", "detached_notice", "history",
		"journal", "journal_made", "role_grant", "schema_snapshot", "schema_object", "credential",
		"credential_usage", "credential_batch", "credential_item", "credential_schedule"
	};
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *quoted = quote_identifier(role);
	Oid			former = slipway_bookkeeper();

	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only a superuser may change the owner of the tracking tables")));
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot change the owner of the tracking tables")));
	(void) get_role_oid(role, false);
	slipway_spi_begin_as(slipway_schema_owner());
	for (int i = 0; i < lengthof(tables); i++)
		run_command(psprintf("ALTER TABLE slipway.%s OWNER TO %s", tables[i], quoted));
	/* To the server, who owns the tables owns neither the schema nor the routines. */
	if (slipway_bookkeeper() != slipway_schema_owner())
		grant_access(SLIPWAY_ADMIN, quoted, false);
	slipway_spi_end();
	if (former != slipway_bookkeeper() && !owns_us(former))
		restore_access(GetUserNameFromId(former, false));
	PG_RETURN_VOID();
}
