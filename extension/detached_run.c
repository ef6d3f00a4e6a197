/*
 * detached_run.c
 *	  The row that a detached deploy has in slipway.detached_run.
 *
 * What ends before there is a run to record, by a mistake in a script or a lock
 * that was not obtained, has no other place where the client could read it.
 *
 * A worker that is killed can write nothing any more. Its row then says for
 * ever that it goes on, but there is no backend of that pid any more that
 * started at that very moment.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "actor.h"
#include "clip.h"
#include "detached_notice.h"
#include "detached_run.h"
#include "lock.h"
#include "lookup.h"
#include "peer.h"
#include "query.h"
#include "spi.h"

PG_FUNCTION_INFO_V1(slipway_is_alive);

Datum
slipway_is_alive(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(slipway_peer_started_at(PG_GETARG_INT32(0)) == PG_GETARG_TIMESTAMPTZ(1));
}

int64
slipway_detached_run_add(const SlipwayProject *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DETACHED_ADD, 7,
	{TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID}};
	const SlipwayActor *actor = slipway_actor_current(NULL, NULL);
	SlipwayArgs args = {0};
	int64		number;

	slipway_lock_detached(project->lock_key);
	number = slipway_lookup_last("detached_run", project->name, "number") + 1;
	slipway_arg_text(&args, project->name);
	slipway_arg_int8(&args, number);
	slipway_arg_text(&args, actor->session_role);
	slipway_arg_text(&args, actor->client_addr);
	slipway_arg_text(&args, actor->application_name);
	slipway_arg_int8(&args, MyProcPid);
	slipway_arg_datum(&args, TimestampTzGetDatum(MyStartTimestamp), false);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
	return number;
}

void
slipway_detached_run_end(const char *project, int64 number, const SlipwayDetachedEnd *end)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DETACHED_END, 10,
	{TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, INT8OID}};
	const ErrorData *error = end->error;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, number);
	slipway_arg_text(&args, error ? "failed" : "succeeded");
	slipway_arg_text(&args, error ? pstrdup(unpack_sql_state(error->sqlerrcode)) : NULL);
	slipway_arg_text(&args, error ? slipway_clip(error->message) : NULL);
	slipway_arg_text(&args, error ? slipway_clip(error->detail) : NULL);
	slipway_arg_text(&args, error ? slipway_clip(error->hint) : NULL);
	slipway_arg_text(&args, error ? slipway_clip(error->context) : NULL);
	slipway_arg_datum(&args, Int64GetDatum(end->stopped_unit), end->stopped_unit == 0);
	slipway_arg_datum(&args, Int64GetDatum(end->units), end->stopped_unit == 0);
	slipway_spi_begin();
	slipway_detached_notice_save(project, false);
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

List *
slipway_detached_run_pids(const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DETACHED_OPEN, 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *pids = NIL;
	uint64		rows;

	slipway_arg_text(&args, project);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		int			pid = (int) slipway_row_int8(i, 1);
		bool		isnull;
		TimestampTz started_at = DatumGetTimestampTz(slipway_row_datum(i, 2, &isnull));
		MemoryContext spi;

		if (slipway_peer_started_at(pid) != started_at)
			continue;
		spi = MemoryContextSwitchTo(caller);
		pids = lappend_int(pids, pid);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return pids;
}
