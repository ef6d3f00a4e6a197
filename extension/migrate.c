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
#include "perform.h"
#include "settings.h"
#include "transaction.h"
#include "turn.h"
#include "validate.h"

/*
 * How long another run is waited for without a word, and without the queue for
 * the lock, which deployers of the same manifest would pass one by one to find
 * nothing to do.
 */
#define PATIENCE_POLL_MS 10
#define PATIENCE_POLLS 50

/* How many steps of the plan option "to" includes. */
static int
steps_wanted(const SlipwayRun *run, const SlipwayPlan *plan)
{
	const char *near;

	if (run->options->to == NULL)
		return plan->n;
	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].member && strcmp(plan->steps[i].name, run->options->to) == 0)
			return i + 1;
	near = slipway_plan_nearest(plan, run->options->to);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target migration \"%s\" is not in the manifest", run->options->to),
			 near ? errhint("Perhaps you meant \"%s\".", near) : 0));
}

/* A target with nothing to do before it may be a wish to go back, which a rollback is for. */
static void
note_beyond(const SlipwayPlan *plan, int nsteps, const char *to)
{
	for (int i = nsteps; i < plan->n; i++)
		if (plan->steps[i].applied && plan->steps[i].kind == SLIPWAY_VERSIONED)
		{
			ereport(NOTICE,
					(errmsg("migration \"%s\" is applied, and so are later ones", to),
					 errdetail("migrate does not go back.")));
			break;
		}
}

static int
count_pending(const SlipwayPlan *plan, int nsteps)
{
	int			pending = 0;

	for (int i = 0; i < nsteps; i++)
		pending += slipway_step_pending(&plan->steps[i]);
	return pending;
}

/* Plans with what is committed now. */
static SlipwayPlan *
make_plan(SlipwayRun *run, int *nsteps)
{
	SlipwayPlan *plan;

	/* The target may be one of those that are applied. */
	slipway_manifest_read(run->manifest, run->project->name,
						  run->options->to ? SLIPWAY_PART_WHOLE : SLIPWAY_PART_UNAPPLIED);
	plan = slipway_plan_make(run->project->name, run->manifest);
	*nsteps = steps_wanted(run, plan);
	return plan;
}

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

/* Whoever looks at a plan need not be the one who may carry it out. */
static void
check_roles(const SlipwayPlan *plan, int nsteps)
{
	for (int i = 0; i < nsteps; i++)
	{
		const SlipwayStep *step = &plan->steps[i];
		SlipwayPlace place;

		if (!slipway_step_pending(step))
			continue;
		slipway_place_push(&place, step->name, NULL, true);
		slipway_terms_check(&step->member->outline->directives, &place);
		slipway_place_pop(&place);
	}
}

/* Raises what is wrong with a plan or its scripts. */
static void
check_plan(const SlipwayRun *run, SlipwayPlan *plan, int nsteps)
{
	List	   *problems = slipway_validate_plan(plan, nsteps, run->project,
												 run->options->out_of_order != SLIPWAY_OUT_OF_ORDER_REFUSE);

	if (run->options->verify)
		problems = list_concat(problems, slipway_validate_verify(plan, nsteps, run->project));
	slipway_validate_raise(problems);
	check_roles(plan, nsteps);
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

/* Of what is about to be applied. */
static void
warn_of_order(const SlipwayPlan *plan, int nsteps)
{
	for (int i = 0; i < nsteps; i++)
		if (plan->steps[i].state == SLIPWAY_OUT_OF_ORDER)
			ereport(WARNING,
					(errcode(SLIPWAY_NOT_IN_ORDER),
					 errmsg("migration \"%s\" is applied behind later ones", plan->steps[i].name),
					 errdetail("Where it was applied in its order, what follows it has met another database.")));
}

/* Applies the plan under the lock; false if the lock was lost. */
static bool
apply_plan(SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	int			n;
	SlipwayTask *tasks = slipway_task_list(plan, nsteps, &n);

	/* Since it was checked another run may have stopped part way. */
	check_mode(run, plan, nsteps);
	if (run->options->out_of_order == SLIPWAY_OUT_OF_ORDER_WARN)
		warn_of_order(plan, nsteps);
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
		plan = make_plan(run, &nsteps);
		done = count_pending(plan, nsteps) == 0;
		if (done && run->options->to)
			note_beyond(plan, nsteps, run->options->to);
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
			plan = make_plan(run, &nsteps);
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
