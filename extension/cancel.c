/*
 * cancel.c
 *	  slipway.cancel(): ends the run that goes on in a project.
 *
 * pg_cancel_backend() is for the same role only; here whoever may deploy may
 * also stop a deploy, whoever began it. What is signalled is the backend that
 * holds the lock which nothing but a run can take. A pid that is written in a
 * table may by now be another session's.
 *
 * A detached deploy that waits for that lock, or still looks at its scripts,
 * has nobody who could cancel it otherwise: where no run goes on, it is meant.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"

#include "detached_run.h"
#include "lock.h"
#include "privilege.h"
#include "signal_backend.h"

PG_FUNCTION_INFO_V1(slipway_cancel);

Datum
slipway_cancel(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			pid;
	bool		sent = false;
	ListCell   *cell;

	slipway_privilege_require(SLIPWAY_DEPLOYER, name);
	/* What runs, runs on the primary. */
	PreventCommandDuringRecovery("slipway.cancel()");
	pid = slipway_lock_run_pid(slipway_project_load(name));

	/* It may have ended since: then there is nothing left to cancel. */
	if (pid != 0)
		PG_RETURN_BOOL(slipway_signal_cancel(pid));
	foreach(cell, slipway_detached_run_pids(name))
		sent |= slipway_signal_cancel(lfirst_int(cell));
	PG_RETURN_BOOL(sent);
}
