/*
 * rehearsal_snapshot.c
 *	  The schema before a rehearsal, and in it when all has run.
 *
 * It is read in a subtransaction: that it cannot be read is no reason to lose the rest. The
 * locks that the rehearsal holds go on meanwhile, and so does the time that they may be held.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/resowner.h"

#include "ignore.h"
#include "lock_hold.h"
#include "message.h"
#include "rehearsal_snapshot.h"
#include "schema_diff.h"

static SlipwaySnapshot *
take(SlipwayRun *run)
{
	SlipwayIgnore ignore = slipway_ignore_default();
	SlipwaySnapshot *snapshot;

	slipway_lock_hold_arm();
	snapshot = slipway_snapshot_take(run->project->name, &ignore, run->options->lock_timeout, run->context);
	slipway_lock_hold_disarm();
	return snapshot;
}

static void
warn(const ErrorData *error, bool stopped)
{
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("the schema is not compared: %s",
					stopped ? slipway_lock_hold_message() : error->message)));
}

SlipwaySnapshot *
slipway_rehearsal_snapshot(SlipwayRun *run)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	SlipwaySnapshot *volatile snapshot = NULL;

	if (!run->options->snapshot)
		return NULL;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		snapshot = take(run);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;
		bool		stopped;

		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		stopped = slipway_lock_hold_ended(error);
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && !stopped)
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		warn(error, stopped);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return snapshot;
}

void
slipway_rehearsal_report_difference(const SlipwaySnapshot *before, const SlipwaySnapshot *after)
{
	ListCell   *cell;

	if (before == NULL || after == NULL)
		return;
	foreach(cell, slipway_schema_diff(before, after))
	{
		const SlipwayDifference *difference = lfirst(cell);
		StringInfoData json;

		slipway_event_begin(&json, "difference");
		slipway_event_text(&json, "kind", difference->kind);
		slipway_event_text(&json, "identity", difference->identity);
		slipway_event_text(&json, "change", difference->change);
		slipway_event_null(&json, "before", difference->before);
		slipway_event_null(&json, "after", difference->after);
		slipway_event_send(&json, "%s %s %s", difference->change, difference->kind, difference->identity);
	}
}
