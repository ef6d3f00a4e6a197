/*
 * credential.c
 *	  The credential of a project: the role as which its application logs in.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "actor.h"
#include "credential.h"
#include "decision.h"
#include "error_code.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

char *
slipway_credential_argument(FunctionCallInfo fcinfo, int arg)
{
	char	   *value = PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	return value && *value ? value : NULL;
}

SlipwayCredential *
slipway_credential_find(SlipwayProject *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_FIND, 1, {TEXTOID}};
	SlipwayCredential *credential = NULL;
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project->name);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		credential = MemoryContextAllocZero(caller, sizeof(SlipwayCredential));
		credential->project = project;
		credential->role = slipway_row_text(0, 1);
		credential->preset = slipway_row_text(0, 2);
		credential->status = slipway_row_text(0, 3);
		credential->previous_role = slipway_row_text(0, 4);
		credential->application = slipway_row_text(0, 5);
		credential->mapping = slipway_row_text(0, 6);
		credential->reference = slipway_row_text(0, 7);
		credential->before = slipway_row_text(0, 8);
		credential->mapped = slipway_row_text(0, 9);
		credential->connection_limit = slipway_row_int8(0, 10);
		credential->adopted = slipway_row_int8(0, 11) != 0;
		credential->generated = slipway_row_int8(0, 12) != 0;
		credential->made = slipway_row_int8(0, 13) != 0;
		credential->updated = slipway_row_int8(0, 14) != 0;
	}
	slipway_spi_end();
	return credential;
}

static SlipwayCredential *
require(SlipwayProject *project)
{
	SlipwayCredential *credential = slipway_credential_find(project);

	if (credential == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_NO_CREDENTIAL),
				 errmsg("project \"%s\" has no credential", project->name),
				 errhint("Register one with slipway.register_credential().")));
	return credential;
}

SlipwayCredential *
slipway_credential_look(FunctionCallInfo fcinfo, int arg)
{
	char	   *name = slipway_decision_argument(fcinfo, arg, "project");

	slipway_privilege_require(SLIPWAY_READER, name);
	return require(slipway_project_load(name));
}

SlipwayCredential *
slipway_credential_begin(FunctionCallInfo fcinfo, int arg, const char *function)
{
	return require(slipway_decision_begin(function, slipway_decision_argument(fcinfo, arg, "project")));
}

void
slipway_credential_refuse(const SlipwayCredential *credential, const char *why, const char *hint)
{
	ereport(ERROR,
			(errcode(SLIPWAY_CREDENTIAL_STATE),
			 errmsg("the credential of project \"%s\" %s", credential->project->name, why),
			 hint ? errhint("%s", hint) : 0));
	pg_unreachable();
}

static void
store(const SlipwayCredential *credential, bool validated)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_SET, 11,
	{TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, BOOLOID, BOOLOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, credential->project->name);
	slipway_arg_text(&args, credential->status);
	slipway_arg_text(&args, credential->reference);
	slipway_arg_datum(&args, BoolGetDatum(credential->adopted), false);
	slipway_arg_text(&args, credential->before);
	slipway_arg_text(&args, credential->mapped);
	slipway_arg_datum(&args, BoolGetDatum(credential->generated), false);
	slipway_arg_datum(&args, BoolGetDatum(credential->made), false);
	slipway_arg_datum(&args, BoolGetDatum(credential->updated), false);
	slipway_arg_datum(&args, BoolGetDatum(validated), false);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_query(&query, &args, 0);
}

static void
add_fact(StringInfo facts, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfoString(facts, facts->len == 0 ? "{" : ", ");
	escape_json(facts, name);
	appendStringInfoString(facts, ": ");
	escape_json(facts, value);
}

/* As jsonb writes it, which is how it is hashed again: shorter keys first. */
static char *
describe(const SlipwayCredential *credential)
{
	StringInfoData facts;

	initStringInfo(&facts);
	add_fact(&facts, "role", credential->role);
	add_fact(&facts, "preset", credential->preset);
	add_fact(&facts, "status", credential->status);
	add_fact(&facts, "reference", credential->reference);
	appendStringInfoChar(&facts, '}');
	return facts.data;
}

void
slipway_credential_record(SlipwayCredential *credential, const char *status, const char *action,
						  const char *reason, const ErrorData *error)
{
	SlipwayEvent event = slipway_decision_event(credential->project, NULL, action, reason);

	/* No script of the project is run: what is done is done as the caller. */
	event.actor = slipway_actor_current(NULL, NULL);
	event.started_at = GetCurrentStatementStartTimestamp();
	event.outcome = error ? "failed" : "succeeded";
	event.error = error;
	credential->status = pstrdup(status);
	event.variables = describe(credential);
	slipway_spi_begin();
	store(credential, error == NULL && strcmp(action, "credential_validate") == 0);
	slipway_history_append(&event);
	slipway_spi_end();
}
