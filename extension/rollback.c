/*
 * rollback.c
 *	  CALL slipway.rollback(): takes back what was applied.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"

#include "approval.h"
#include "call.h"
#include "descent.h"
#include "error_code.h"
#include "message.h"
#include "perform.h"
#include "rollback.h"
#include "turn.h"

static void
report_end(SlipwayRun *run)
{
	StringInfoData json;
	char	   *head = slipway_history_head(run->project);

	slipway_perform_begin_done(run, &json);
	slipway_event_int(&json, "rolled_back", run->rolled_back);
	slipway_event_text(&json, "head", head);
	if (run->rolled_back == 0)
		slipway_event_send(&json, "project \"%s\": nothing to roll back", run->project->name);
	else
		slipway_event_send(&json, "project \"%s\": %d rolled back, %d applied, history head %s",
						   run->project->name, run->rolled_back, run->applied, head);
}

/* Under the lock; an error has given it back. */
static void
work(SlipwayRun *run, SlipwayTask *tasks, int n)
{
	bool		kept = slipway_perform(run, tasks, n);

	MemoryContextSwitchTo(run->context);
	slipway_lock_release(&run->lock);
	if (!kept)
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("the lock of project \"%s\" was lost to another run", run->project->name),
				 errdetail("A script had dropped all advisory locks, and then failed."),
				 errhint("Look at the state of things before you go on.")));
}

/* What somebody has decided on must be what there is. */
static void
check_head(const SlipwayRun *run, const char *head)
{
	const char *expected = run->options->expected_head;

	if (expected && (head == NULL || strcmp(head, expected) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the history of project \"%s\" has grown in the meantime", run->project->name),
				 errdetail("What was to be rolled back was decided on as of another state. Nothing was rolled back."),
				 errhint("Look again, and decide again.")));
}

void
slipway_rollback_run(SlipwayRun *run, const char *procedure, SlipwayRollbackLook look)
{
	char	   *head = slipway_history_head(run->project);
	bool		another = slipway_lock_is_taken(&run->lock);
	SlipwayTask *tasks = NULL;
	int			n = 0;

	/* While a run goes on there is nothing to be seen that would last. */
	if (!another)
	{
		check_head(run, head);
		tasks = look(run, &n);
	}
	if (another || n > 0)
	{
		PreventCommandDuringRecovery(procedure);
		PreventCommandIfReadOnly(procedure);
		if (slipway_turn_wait(run, &head) || another)
			tasks = look(run, &n);
		check_head(run, head);
		if (n > 0)
			work(run, tasks, n);
		else
			slipway_lock_release(&run->lock);
	}
	report_end(run);
}

static SlipwayTask *
look(SlipwayRun *run, int *n)
{
	SlipwayDescent *descent = slipway_descent_make(run->project, run->manifest, run->options);

	slipway_approval_begin(run);
	slipway_descent_check(descent, run->project);
	slipway_descent_check_roles(descent);
	slipway_approval_check_descent(run, descent);
	return slipway_descent_tasks(descent, 0, n);
}

static void
rollback(SlipwayRun *run)
{
	slipway_rollback_run(run, "slipway.rollback()", look);
}

PG_FUNCTION_INFO_V1(slipway_rollback);

Datum
slipway_rollback(PG_FUNCTION_ARGS)
{
	slipway_call(fcinfo, "rollback", rollback);
	return (Datum) 0;
}
