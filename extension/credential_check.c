/*
 * credential_check.c
 *	  Is all well with the role of a project?
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "credential_check.h"
#include "credential_rights.h"
#include "credential_role.h"
#include "credential_session.h"
#include "error_code.h"
#include "spi.h"

static List *
add(List *findings, const char *what, char *object, char *detail)
{
	SlipwayCredentialFinding *finding = palloc(sizeof(SlipwayCredentialFinding));

	finding->what = what;
	finding->object = object;
	finding->detail = detail;
	return lappend(findings, finding);
}

/* The role as it is in the server. */
typedef struct Role
{
	bool		exists;
	bool		can_login;
	bool		expired;
	int			connection_limit;
} Role;

static Role
read_role(const char *name)
{
	static SlipwayQuery query = {"SELECT rolcanlogin, coalesce(rolvaliduntil < now(), false), rolconnlimit::bigint "
		"FROM pg_roles WHERE rolname = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	Role		role = {0};
	bool		isnull;

	slipway_arg_text(&args, name);
	slipway_spi_begin();
	role.exists = slipway_query(&query, &args, 1) > 0;
	if (role.exists)
	{
		role.can_login = DatumGetBool(slipway_row_datum(0, 1, &isnull));
		role.expired = DatumGetBool(slipway_row_datum(0, 2, &isnull));
		role.connection_limit = slipway_row_int8(0, 3);
	}
	slipway_spi_end();
	return role;
}

static List *
check_role(List *findings, const SlipwayCredential *credential, const Role *role)
{
	char	   *name = credential->role;

	if (!role->exists)
		return add(findings, "no role", name, "it does not exist");
	if (!credential->adopted && !slipway_credential_is_ours(credential))
		findings = add(findings, "foreign role", name, "it was not made for this project");
	if (!role->can_login)
		findings = add(findings, "no login", name, "it may not log in");
	if (role->expired)
		findings = add(findings, "no login", name, "its password has expired");
	if (!slipway_credential_has_password(name))
		findings = add(findings, "no login", name, "it has no password");
	if (role->connection_limit != credential->connection_limit)
		findings = add(findings, "connection limit", name,
					   psprintf("it is %d, and should be %d", role->connection_limit, credential->connection_limit));
	return findings;
}

static List *
check_rights(List *findings, const List *rights)
{
	ListCell   *cell;

	foreach(cell, rights)
	{
		const SlipwayRightRow *row = lfirst(cell);

		if (strcmp(row->state, "granted") != 0)
			findings = add(findings, psprintf("%s right", row->state), psprintf("%s %s", row->kind, row->object),
						   row->privilege);
	}
	return findings;
}

static List *
check_sessions(List *findings, const SlipwayCredential *credential)
{
	ListCell   *cell;

	foreach(cell, slipway_credential_sessions_now(credential))
	{
		const SlipwayCredentialSession *session = lfirst(cell);

		findings = add(findings, "previous role", psprintf("pid %d", session->pid),
					   psprintf("role %s, application \"%s\", known by its %s", quote_identifier(credential->previous_role),
								session->application, session->evidence));
	}
	return findings;
}

List *
slipway_credential_findings(const SlipwayCredential *credential)
{
	Role		role = read_role(credential->role);
	List	   *findings = NIL;

	if (strcmp(credential->status, "active") != 0)
		findings = add(findings, "status", credential->status, "it is not active");
	findings = check_role(findings, credential, &role);
	if (role.exists)
	{
		findings = check_rights(findings, slipway_rights_compare(credential));
		findings = check_rights(findings, slipway_rights_public(credential));
	}
	return check_sessions(findings, credential);
}

#define SHOWN 20

void
slipway_credential_require_sound(const SlipwayCredential *credential)
{
	List	   *findings = slipway_credential_findings(credential);
	StringInfoData list;
	ListCell   *cell;
	int			n = 0;

	initStringInfo(&list);
	foreach(cell, findings)
	{
		const SlipwayCredentialFinding *finding = lfirst(cell);

		/* What has failed before may be well now: that is being found out. */
		if (strcmp(finding->what, "status") == 0)
			continue;
		if (n++ < SHOWN)
			appendStringInfo(&list, "%s%s: %s: %s", n > 1 ? "\n" : "", finding->what, finding->object,
							 finding->detail);
	}
	if (n > SHOWN)
		appendStringInfo(&list, "\nand %d more", n - SHOWN);
	if (n > 0)
		ereport(ERROR,
				(errcode(SLIPWAY_CREDENTIAL_INVALID),
				 errmsg("the credential of project \"%s\" is not as it should be", credential->project->name),
				 errdetail("%s", list.data),
				 errhint("See slipway.check_credential().")));
}

PG_FUNCTION_INFO_V1(slipway_check_credential);

Datum
slipway_check_credential(PG_FUNCTION_ARGS)
{
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, slipway_credential_findings(credential))
	{
		const SlipwayCredentialFinding *finding = lfirst(cell);
		Datum		values[] = {
			CStringGetTextDatum(finding->what), CStringGetTextDatum(finding->object), CStringGetTextDatum(finding->detail)
		};
		bool		nulls[lengthof(values)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
