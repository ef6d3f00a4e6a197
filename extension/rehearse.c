/*
 * rehearse.c
 *	  CALL slipway.rehearse(): what would a deploy do?
 *
 * It is a deploy, with the plan, the checks and the lock of one, up to the moment where the
 * first transaction would commit; there it ends. Nothing is recorded of it.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"

#include "advice.h"
#include "call.h"
#include "exec_rehearsal.h"
#include "finding.h"
#include "message.h"
#include "pending.h"
#include "rehearsal_snapshot.h"
#include "turn.h"

static void
report_done(const SlipwayRun *run, const SlipwayRehearsal *rehearsal, const int *findings)
{
	StringInfoData json;
	int			statements = list_length(rehearsal->statements);

	slipway_event_begin(&json, "done");
	slipway_event_text(&json, "project", run->project->name);
	slipway_event_int(&json, "rehearsed", rehearsal->migrations);
	slipway_event_int(&json, "statements", statements);
	slipway_event_int(&json, "not_rehearsed", rehearsal->not_rehearsed);
	slipway_event_ms(&json, "duration_ms", rehearsal->duration_ms);
	slipway_event_int(&json, "danger", findings[SLIPWAY_DANGER]);
	slipway_event_int(&json, "warning", findings[SLIPWAY_WARNING]);
	slipway_event_int(&json, "note", findings[SLIPWAY_NOTE]);
	if (rehearsal->migrations == 0 && statements == 0)
		slipway_event_send(&json, "project \"%s\": nothing to rehearse", run->project->name);
	else
		slipway_event_send(&json, "project \"%s\": %d rehearsed and rolled back", run->project->name,
						   rehearsal->migrations);
}

/* What failed may have needed what was left out. */
static void
add_left_out(const SlipwayRehearsal *rehearsal, ErrorData *error)
{
	const SlipwayObserved *first = NULL;
	ListCell   *cell;
	const char *text;

	foreach(cell, rehearsal->statements)
	{
		const SlipwayObserved *observed = lfirst(cell);

		if (first == NULL && strcmp(observed->outcome, SLIPWAY_OUTCOME_NOT_REHEARSED) == 0)
			first = observed;
	}
	if (first == NULL)
		return;
	text = psprintf("%d statements before it were not rehearsed, first that in line %d of \"%s\"; it may need what they do.",
					rehearsal->not_rehearsed, first->line, first->migration ? first->migration : first->hook);
	error->hint = error->hint ? psprintf("%s\n%s", error->hint, text) : (char *) text;
}

static void
run_plan(SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	SlipwayRehearsal rehearsal = {0};
	int			findings[SLIPWAY_SEVERITIES] = {0};
	int			n;
	SlipwayTask *tasks = slipway_task_list(plan, nsteps, &n);

	if (n > 0)
	{
		slipway_pending_warn_of_order(run, plan, nsteps);
		slipway_exec_rehearsal(run, tasks, n, &rehearsal);
	}
	MemoryContextSwitchTo(run->context);
	slipway_rehearsal_report_difference(rehearsal.before, rehearsal.after);
	slipway_advice_report(&rehearsal, findings);
	if (rehearsal.result.error)
	{
		add_left_out(&rehearsal, rehearsal.result.error);
		ReThrowError(rehearsal.result.error);
	}
	report_done(run, &rehearsal, findings);
}

/* Like a deploy: first without the lock, and again with it if somebody was faster. */
static void
rehearse(SlipwayRun *run)
{
	char	   *head = slipway_history_head(run->project);
	int			nsteps;
	SlipwayPlan *plan = slipway_pending_plan(run, &nsteps);

	slipway_pending_check(run, plan, nsteps);
	if (slipway_pending_count(plan, nsteps) == 0)
	{
		if (run->options->to)
			slipway_pending_note_beyond(plan, nsteps, run->options->to);
		run_plan(run, plan, 0);
		return;
	}
	PreventCommandDuringRecovery("slipway.rehearse()");
	PreventCommandIfReadOnly("slipway.rehearse()");
	if (slipway_turn_wait(run, &head))
	{
		plan = slipway_pending_plan(run, &nsteps);
		slipway_pending_check(run, plan, nsteps);
	}
	run_plan(run, plan, nsteps);
	slipway_lock_release(&run->lock);
}

PG_FUNCTION_INFO_V1(slipway_rehearse);

Datum
slipway_rehearse(PG_FUNCTION_ARGS)
{
	slipway_call(fcinfo, "rehearse", rehearse);
	return (Datum) 0;
}
