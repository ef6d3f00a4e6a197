/*
 * migrate.c
 *	  CALL slipway.migrate(): applies what is pending.
 *
 * The procedure looks first without the lock, so that a deploy with nothing to
 * do, or with a mistake in it, neither waits nor writes. Where a run goes on,
 * scripts are not looked at before that has ended: most often it is the same
 * deploy on another machine. Then it takes the lock, looks again, and applies
 * step by step. If the lock was lost on the way, what is left is planned anew.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "call.h"
#include "error_code.h"
#include "journal.h"
#include "load_manifest.h"
#include "message.h"
#include "pause.h"
#include "pending.h"
#include "perform.h"
#include "settings.h"
#include "transaction.h"
#include "turn.h"

/*
 * How long another run is waited for without a word, and without the queue for
 * the lock, which deployers of the same manifest would pass one by one to find
 * nothing to do.
 */
#define PATIENCE_POLL_MS 10
#define PATIENCE_POLLS 50

static void
refuse_mode_all(const char *migration, const char *cause)
{
	SlipwayPlace place;

	slipway_place_push(&place, migration, NULL, true);
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("migration \"%s\" cannot share a transaction with others", migration),
			 errdetail("The cause is %s.", cause),
			 errhint("Use mode \"each\", or apply it by itself before.")));
}

/* In mode all: raises SW007 for a migration that commits in several steps, or did so before. */
static void
check_mode(const SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	const char *project = run->project->name;
	bool		open;

	if (run->options->mode != SLIPWAY_MODE_ALL)
		return;
	open = slipway_journal_is_open(project);
	for (int i = 0; i < nsteps; i++)
	{
		const SlipwayStep *step = &plan->steps[i];

		if (!slipway_step_pending(step))
			continue;
		if (step->member->outline->stepwise_reason)
			refuse_mode_all(step->name, step->member->outline->stepwise_reason);
		if (open && slipway_journal_load(project, step->name)->action)
			refuse_mode_all(step->name, "that it has stopped part way");
	}
}

/* Raises what is wrong with a plan or its scripts. */
static void
check_plan(const SlipwayRun *run, SlipwayPlan *plan, int nsteps)
{
	slipway_pending_check(run, plan, nsteps);
	check_mode(run, plan, nsteps);
}

/* What history has beyond the manifest, as a list of names. */
static void
add_future(StringInfo json, const SlipwayPlan *plan)
{
	bool		first = true;

	for (int i = 0; i < plan->n; i++)
	{
		if (plan->steps[i].state != SLIPWAY_FUTURE)
			continue;
		appendStringInfoString(json, first ? ",\"future\":[" : ",");
		escape_json(json, plan->steps[i].name);
		first = false;
	}
	if (!first)
		appendStringInfoChar(json, ']');
}

/* plan is NULL where another run has applied it. */
static void
report_done(SlipwayRun *run, const SlipwayPlan *plan)
{
	StringInfoData json;
	char	   *head = slipway_history_head(run->project);

	slipway_perform_begin_done(run, &json);
	slipway_event_text(&json, "head", head);
	if (plan)
		add_future(&json, plan);
	if (run->applied == 0)
		slipway_event_send(&json, "project \"%s\": nothing to do%s", run->project->name,
						   plan && plan->future > 0 ? ", the database is ahead of this manifest" : "");
	else
		slipway_event_send(&json, "project \"%s\": %d applied, history head %s",
						   run->project->name, run->applied, head);
}

/*
 * Lets a run that goes on end if it does so soon. True: it has left our
 * manifest applied, so that the lock is not needed.
 */
static bool
another_does_it(const SlipwayRun *run)
{
	for (int i = 0; i < PATIENCE_POLLS && slipway_lock_is_taken(&run->lock); i++)
	{
		slipway_transaction_next();
		slipway_pause(PATIENCE_POLL_MS);
	}
	slipway_transaction_next();
	return slipway_manifest_state(run->project->name, run->manifest->hash).settled;
}

/* Applies the plan under the lock; false if the lock was lost. */
static bool
apply_plan(SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	int			n;
	SlipwayTask *tasks = slipway_task_list(plan, nsteps, &n);

	/* Since it was checked another run may have stopped part way. */
	check_mode(run, plan, nsteps);
	slipway_pending_warn_of_order(run, plan, nsteps);
	run->whole = nsteps == plan->n && plan->future == 0;
	return slipway_perform(run, tasks, n);
}

/* From the first look to the last report. */
static void
migrate(SlipwayRun *run)
{
	char	   *head = slipway_history_head(run->project);
	bool		another = slipway_lock_is_taken(&run->lock);
	SlipwayPlan *plan = NULL;
	int			nsteps;
	bool		done = false;

	if (!another || !slipway_run_same_goes_on(run))
	{
		plan = slipway_pending_plan(run, &nsteps);
		done = slipway_pending_count(plan, nsteps) == 0;
		if (done && run->options->to)
			slipway_pending_note_beyond(plan, nsteps, run->options->to);
	}
	if (done || !another)
		check_plan(run, plan, nsteps);
	else
	{
		plan = NULL;
		done = another_does_it(run);
	}
	if (!done)
	{
		PreventCommandDuringRecovery("slipway.migrate()");
		PreventCommandIfReadOnly("slipway.migrate()");
	}
	while (!done)
	{
		/* A plan is as good as the history it was made from. */
		if (slipway_turn_wait(run, &head))
		{
			done = slipway_manifest_state(run->project->name, run->manifest->hash).settled;
			plan = NULL;
		}
		if (!done && plan == NULL)
		{
			plan = slipway_pending_plan(run, &nsteps);
			check_plan(run, plan, nsteps);
		}
		done = done || apply_plan(run, plan, nsteps);
		MemoryContextSwitchTo(run->context);
		slipway_lock_release(&run->lock);
	}
	report_done(run, plan);
}

PG_FUNCTION_INFO_V1(slipway_migrate);

Datum
slipway_migrate(PG_FUNCTION_ARGS)
{
	slipway_call(fcinfo, "migrate", migrate);
	return (Datum) 0;
}
