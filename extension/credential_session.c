/*
 * credential_session.c
 *	  Sessions that serve a project as the role which it had before.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "credential_session.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

#define SESSIONS "WITH own AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n" \
	"session AS (" SLIPWAY_QUERY_CREDENTIAL_SESSIONS ")\n"

static void
add_args(SlipwayArgs *args, const SlipwayCredential *credential)
{
	slipway_arg_text(args, credential->previous_role);
	slipway_arg_text(args, credential->project->name);
	slipway_arg_text(args, credential->preset);
	slipway_arg_text(args, credential->application);
}

List *
slipway_credential_sessions_now(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {SESSIONS "SELECT pid::bigint, coalesce(application_name, ''), evidence FROM session ORDER BY pid", 4,
	{TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *sessions = NIL;
	uint64		rows;

	add_args(&args, credential);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		SlipwayCredentialSession *session = palloc(sizeof(SlipwayCredentialSession));

		session->pid = slipway_row_int8(i, 1);
		session->application = slipway_row_text(i, 2);
		session->evidence = slipway_row_text(i, 3);
		sessions = lappend(sessions, session);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return sessions;
}

PG_FUNCTION_INFO_V1(slipway_credential_sessions);

Datum
slipway_credential_sessions(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SESSIONS "SELECT * FROM session ORDER BY pid", 4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);
	SlipwayArgs args = {0};

	InitMaterializedSRF(fcinfo, 0);
	add_args(&args, credential);
	slipway_spi_begin();
	slipway_return_rows(fcinfo, slipway_query(&query, &args, 0));
	slipway_spi_end();
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_record_usage);

/* It may go on for days beside deploys: it takes no lock of the project. */
Datum
slipway_record_usage(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SESSIONS SLIPWAY_QUERY_CREDENTIAL_USAGE_ADD, 4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayCredential *credential = slipway_credential_look(fcinfo, 0);
	SlipwayArgs args = {0};
	int64		sessions = 0;
	uint64		rows;

	slipway_privilege_require(SLIPWAY_ADMIN, credential->project->name);
	add_args(&args, credential);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
		sessions += slipway_row_int8(i, 1);
	slipway_spi_end();
	PG_RETURN_INT64(sessions);
}
