/*
 * rollback.c
 *	  CALL slipway.rollback(): takes back what was applied.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"

#include "approval.h"
#include "call.h"
#include "caller_session.h"
#include "descent.h"
#include "error_code.h"
#include "message.h"
#include "perform.h"
#include "privilege.h"
#include "query.h"
#include "rollback.h"
#include "spi.h"
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

static bool
is_of_project(const SlipwayRun *run, const uint8 *script)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_DOWN_SCRIPT, 2, {TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};
	bool		found;

	slipway_arg_text(&args, run->project->name);
	slipway_arg_hash(&args, script);
	slipway_spi_begin();
	found = slipway_query(&query, &args, 1) > 0;
	slipway_spi_end();
	return found;
}

/*
 * Scripts are known by their hashes alone, whatever project they were uploaded to. What runs with the rights of this
 * one's owner role is not for somebody to choose among them who has not got these, and could not have uploaded it here.
 */
static void
check_choice(const SlipwayRun *run, const SlipwayDescent *descent)
{
	if (!descent->one_script || descent->n == 0 || run->approval || !slipway_caller_session_borrows(run) ||
		slipway_privilege_has(SLIPWAY_UPLOADER, run->project->name) ||
		is_of_project(run, descent->steps[0].script))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("script %s is no down script of project \"%s\"", slipway_hash_hex(descent->steps[0].script),
					run->project->name),
			 errdetail("It would run as role \"%s\", whose rights you have not, and you may not upload to the project.",
					   run->project->owner),
			 errhint("Have somebody roll back who may upload to the project.")));
}

static SlipwayTask *
look(SlipwayRun *run, int *n)
{
	SlipwayDescent *descent = slipway_descent_make(run->project, run->manifest, run->options);

	slipway_approval_begin(run);
	check_choice(run, descent);
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
