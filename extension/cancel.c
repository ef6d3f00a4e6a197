/*
 * cancel.c
 *	  slipway.cancel(): ends the run that goes on in a project.
 *
 * pg_cancel_backend() is for the same role only; here whoever may deploy may
 * also stop a deploy, whoever began it. What is signalled is the backend that
 * holds the lock which nothing but a run can take. A pid that is written in a
 * table may by now be another session's.
 */
#include "postgres.h"

#include <signal.h>

#include "fmgr.h"
#include "storage/procarray.h"
#include "utils/builtins.h"

#include "lock.h"
#include "privilege.h"

/* As pg_cancel_backend() does: the backend may have children of its own. */
static bool
send_cancel(int pid)
{
#ifdef HAVE_SETSID
	return kill(-pid, SIGINT) == 0;
#else
	return kill(pid, SIGINT) == 0;
#endif
}

PG_FUNCTION_INFO_V1(slipway_cancel);

Datum
slipway_cancel(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int			pid;

	slipway_privilege_require(SLIPWAY_DEPLOYER, name);
	pid = slipway_lock_run_pid(slipway_project_load(name));

	/* It may have ended since: then there is nothing left to cancel. */
	PG_RETURN_BOOL(pid != 0 && BackendPidGetProc(pid) != NULL && send_cancel(pid));
}
