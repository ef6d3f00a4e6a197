/*
 * credential_report.c
 *	  What there is to know of credentials: of that of a project, and of all.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/user.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "compat.h"
#include "credential.h"
#include "credential_mapping.h"
#include "credential_rights.h"
#include "credential_role.h"
#include "decision.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

static void
put_texts(FunctionCallInfo fcinfo, const char *const *texts, int n)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *values = palloc(n * sizeof(Datum));
	bool	   *nulls = palloc(n * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The rows of a query are the function's. */
static Datum
return_query(FunctionCallInfo fcinfo, SlipwayQuery *query, SlipwayArgs *args)
{
	slipway_spi_begin();
	slipway_return_rows(fcinfo, slipway_query(query, args, 0));
	slipway_spi_end();
	return (Datum) 0;
}

static void
put_rights(FunctionCallInfo fcinfo, const List *rights)
{
	ListCell   *cell;

	foreach(cell, rights)
	{
		const SlipwayRightRow *row = lfirst(cell);
		const char *const texts[] = {row->kind, row->object, row->privilege, row->state};

		put_texts(fcinfo, texts, lengthof(texts));
	}
}

PG_FUNCTION_INFO_V1(slipway_credential_rights);

Datum
slipway_credential_rights(PG_FUNCTION_ARGS)
{
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);

	InitMaterializedSRF(fcinfo, 0);
	put_rights(fcinfo, slipway_rights_compare(credential));
	put_rights(fcinfo, slipway_rights_public(credential));
	return (Datum) 0;
}

static void
put_statement(FunctionCallInfo fcinfo, const char *statement)
{
	put_texts(fcinfo, &statement, 1);
}

PG_FUNCTION_INFO_V1(slipway_credential_statements);

Datum
slipway_credential_statements(PG_FUNCTION_ARGS)
{
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);
	bool		exists = OidIsValid(get_role_oid(credential->role, true));
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	slipway_rights_require_schema(credential);
	put_statement(fcinfo, psprintf("%s ROLE %s LOGIN CONNECTION LIMIT %d PASSWORD '***'", exists ? "ALTER" : "CREATE",
								   quote_identifier(credential->role), credential->connection_limit));
	if (!exists)
		put_statement(fcinfo, psprintf("COMMENT ON ROLE %s IS %s", quote_identifier(credential->role),
									   quote_literal_cstr(slipway_credential_mark(credential))));
	foreach(cell, slipway_rights_statements(credential))
		put_statement(fcinfo, lfirst(cell));
	if (credential->mapping && !credential->updated)
		put_statement(fcinfo, slipway_mapping_statement(credential, "active"));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_credential_objects);

Datum
slipway_credential_objects(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_CREDENTIAL_OBJECTS, 1, {TEXTOID}};
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);
	SlipwayArgs args = {0};

	InitMaterializedSRF(fcinfo, 0);
	slipway_arg_text(&args, credential->role);
	return return_query(fcinfo, &query, &args);
}

PG_FUNCTION_INFO_V1(slipway_credential_risk);

/* Also of a project whose credential is still to be registered. */
Datum
slipway_credential_risk(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {"WITH own AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n"
		"session AS (" SLIPWAY_QUERY_CREDENTIAL_SESSIONS "),\n"
		"given AS (" SLIPWAY_QUERY_CREDENTIAL_GIVEN_OWN "),\n"
		"listed AS (" SLIPWAY_QUERY_CREDENTIAL_LISTED "),\n"
		"actual AS (" SLIPWAY_QUERY_CREDENTIAL_ACTUAL "),\n"
		"intended AS (" SLIPWAY_QUERY_CREDENTIAL_INTENDED ")\n"
		SLIPWAY_QUERY_CREDENTIAL_RISK, 4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	char	   *name = slipway_decision_argument(fcinfo, 0, "project");
	SlipwayCredential *credential;
	SlipwayArgs args = {0};

	slipway_privilege_require(SLIPWAY_READER, name);
	credential = slipway_credential_find(slipway_project_load(name));
	InitMaterializedSRF(fcinfo, 0);
	slipway_arg_text(&args, credential ? credential->previous_role : NULL);
	slipway_arg_text(&args, name);
	slipway_arg_text(&args, credential ? credential->preset : "read-write");
	slipway_arg_text(&args, credential ? credential->application : NULL);
	return return_query(fcinfo, &query, &args);
}

/* The server's rules of authentication are for those only who may see them. */
static void
check_authentication(FunctionCallInfo fcinfo)
{
	static SlipwayQuery may = {"SELECT has_function_privilege('pg_hba_file_rules()', 'EXECUTE') "
	"AND has_table_privilege('pg_hba_file_rules', 'SELECT')", 0};
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_HBA, 0};
	bool		isnull;

	(void) slipway_query(&may, NULL, 1);
	if (DatumGetBool(slipway_row_datum(0, 1, &isnull)))
		slipway_return_rows(fcinfo, slipway_query(&query, NULL, 0));
}

PG_FUNCTION_INFO_V1(slipway_check_credentials);

Datum
slipway_check_credentials(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_CHECKS, 1, {TEXTOID}};
	SlipwayArgs args = {0};

	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
	InitMaterializedSRF(fcinfo, 0);
	slipway_arg_text(&args, GetUserNameFromId(GetUserId(), false));
	slipway_spi_begin();
	slipway_return_rows(fcinfo, slipway_query(&query, &args, 0));
	check_authentication(fcinfo);
	slipway_spi_end();
	if (check_password_hook)
	{
		static const char *const texts[] = {
			"password policy", NULL, "a module looks at passwords; of one that comes as a verifier it sees nothing, and it may refuse it"
		};

		put_texts(fcinfo, texts, lengthof(texts));
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_credential_estimate);

Datum
slipway_credential_estimate(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_ESTIMATE, 0};
	SlipwayArgs args = {0};

	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
	InitMaterializedSRF(fcinfo, 0);
	return return_query(fcinfo, &query, &args);
}

PG_FUNCTION_INFO_V1(slipway_credential_orphans);

Datum
slipway_credential_orphans(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_ORPHANS " ORDER BY 1, 2", 0};
	SlipwayArgs args = {0};

	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
	InitMaterializedSRF(fcinfo, 0);
	return return_query(fcinfo, &query, &args);
}
