/*
 * run_snapshot.c
 *	  The snapshot of the schema that a run leaves behind.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "detached_notice.h"
#include "hold_cancel.h"
#include "run_snapshot.h"
#include "settings.h"
#include "spi.h"
#include "stored_snapshot.h"
#include "transaction.h"

static void
store(SlipwayRun *run, MemoryContext context)
{
	const char *project = run->project->name;
	SlipwayIgnore ignore = slipway_ignore_default();
	SlipwaySnapshot *taken;

	slipway_transaction_next();
	/* Nobody is to wait longer for it than for a migration. */
	slipway_settings_put("lock_timeout", psprintf("%d", run->options->lock_timeout), PGC_USERSET, GUC_ACTION_LOCAL);
	slipway_settings_put("statement_timeout", "0", PGC_USERSET, GUC_ACTION_LOCAL);
	/* Should a crash lose it, the entries of the history that come after the one before tell that. */
	slipway_settings_put("synchronous_commit", "off", PGC_USERSET, GUC_ACTION_LOCAL);
	taken = slipway_snapshot_take(project, &ignore, run->options->lock_timeout, context);
	slipway_spi_begin();
	slipway_stored_write(project, NULL, taken, &ignore, run->actor->session_role);
	slipway_spi_end();
	slipway_transaction_next();
}

/* Says why there is none, in a worker also to who will ask later. */
static void
warn(SlipwayRun *run, const ErrorData *error)
{
	uint32		held;

	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("no snapshot of the schema was stored: %s", error->message),
			 error->detail ? errdetail_internal("%s", error->detail) : 0,
			 errhint("Nothing else is the matter with the run. \"slipway diff --accept\" or slipway.save_snapshot() takes it later.")));
	/* The run is over: a second cancel must not make it fail. */
	held = slipway_hold_cancel();
	slipway_spi_begin();
	slipway_detached_notice_save(run->project->name, false);
	slipway_spi_end();
	slipway_transaction_next();
	slipway_resume_cancel(held);
}

/* What went wrong, or NULL. Either way a sound transaction is open afterwards. */
static ErrorData *
try_to_store(SlipwayRun *run, MemoryContext context)
{
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		store(run, context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		slipway_transaction_recover();
	}
	PG_END_TRY();
	return error;
}

void
slipway_run_snapshot(SlipwayRun *run, bool cancelled)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	ErrorData  *error;

	if (!run->options->snapshot || !run->changed)
		return;
	/* It can take a second or two. */
	pgstat_report_activity(STATE_RUNNING, "slipway: storing a snapshot of the schema");
	context = AllocSetContextCreate(run->context, "slipway snapshot", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	error = try_to_store(run, context);
	if (error && cancelled && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		error = try_to_store(run, context);
	if (error)
		warn(run, error);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
