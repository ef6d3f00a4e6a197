/*
 * migrate.c
 *	  CALL slipway.migrate(): applies what is pending.
 *
 * The procedure looks first without the lock, so that a deploy with nothing to
 * do, or with a mistake in it, neither waits nor writes. Where a run goes on,
 * scripts are not looked at before that has ended: most often it is the same
 * deploy on another machine. Then it takes the lock, looks again, and applies
 * step by step. A migration that met a lock timeout or a deadlock has been rolled
 * back whole and is tried again. If a script dropped the public lock and failed,
 * another deployer may have run in between: then this run is over, and what is left
 * is planned anew under the lock.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "body.h"
#include "detached.h"
#include "error_code.h"
#include "exec_alone.h"
#include "exec_stepwise.h"
#include "exec_transactional.h"
#include "guard.h"
#include "journal.h"
#include "leftover.h"
#include "load_manifest.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "pause.h"
#include "privilege.h"
#include "run.h"
#include "spi.h"
#include "transaction.h"
#include "validate.h"

/* Back-off before a retry: doubles from the first to the last, jittered. */
#define BACKOFF_FIRST_MS 100.0
#define BACKOFF_LAST_MS 5000.0

/*
 * How long another run is waited for without a word, and without the queue for
 * the lock, which deployers of the same manifest would pass one by one to find
 * nothing to do.
 */
#define PATIENCE_POLL_MS 10
#define PATIENCE_POLLS 50

/* How long another run may take to write its end. */
#define OTHERS_POLL_MS 20
#define OTHERS_POLLS 250

/* How many steps of the plan option "to" includes. */
static int
steps_wanted(const SlipwayRun *run, const SlipwayPlan *plan)
{
	if (run->options->to == NULL)
		return plan->n;
	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].member && strcmp(plan->steps[i].name, run->options->to) == 0)
			return i + 1;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target migration \"%s\" is not in the manifest", run->options->to)));
}

static const SlipwayStep *
next_pending(const SlipwayPlan *plan, int from, int nsteps)
{
	for (int i = from; i < nsteps; i++)
		if (slipway_step_pending(&plan->steps[i]))
			return &plan->steps[i];
	return NULL;
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

/* Raises what is wrong with a plan or its scripts. */
static void
check_plan(const SlipwayRun *run, SlipwayPlan *plan, int nsteps)
{
	slipway_validate_raise(slipway_validate_plan(plan, nsteps, run->project,
												 run->options->allow_out_of_order));
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

	slipway_event_begin(&json, "done");
	slipway_event_text(&json, "project", run->project->name);
	if (run->number > 0)
		slipway_event_int(&json, "run", run->number);
	slipway_event_int(&json, "applied", run->applied);
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

static void
report_start(const SlipwayRun *run, const SlipwayStep *first, int pending)
{
	StringInfoData json;

	slipway_event_begin(&json, "start");
	slipway_event_text(&json, "project", run->project->name);
	slipway_event_int(&json, "run", run->number);
	slipway_event_int(&json, "pending", pending);
	slipway_event_text(&json, "migration", first->name);
	slipway_event_int(&json, "pid", MyProcPid);
	slipway_event_send(&json, "project \"%s\": run " INT64_FORMAT ", %d pending",
					   run->project->name, run->number, pending);
}

static void
report_applied(const SlipwayStep *step, const SlipwayStep *next, int done, int total, double ms)
{
	StringInfoData json;

	if (step->member->outline->nstatements == 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("migration \"%s\" is empty", step->name),
				 errdetail("Its script holds no statement; it is recorded as applied.")));
	slipway_event_begin(&json, "applied");
	slipway_event_text(&json, "migration", step->name);
	slipway_event_int(&json, "done", done);
	slipway_event_int(&json, "total", total);
	slipway_event_ms(&json, "duration_ms", ms);
	slipway_event_text(&json, "next", next ? next->name : NULL);
	slipway_event_send(&json, "%s: applied in %.1f ms", step->name, ms);
}

static bool
may_retry(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE;
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

/* Lets runs that lost their lock to us write their end, a few seconds at most. */
static void
wait_for_others(SlipwayRun *run)
{
	for (int i = 0; i < OTHERS_POLLS && slipway_run_others_alive(run); i++)
	{
		slipway_transaction_next();
		slipway_pause(OTHERS_POLL_MS);
	}
	slipway_transaction_next();
}

/* Waits before try number attempt + 1, in a transaction without a snapshot. */
static void
back_off(const SlipwayStep *step, const SlipwayResult *result, int attempt, int retries)
{
	double		limit = Min(BACKOFF_FIRST_MS * pow(2, attempt - 1), BACKOFF_LAST_MS);
	long		ms = (long) (limit * (0.5 + pg_prng_double(&pg_global_prng_state) / 2));
	StringInfoData json;

	slipway_event_begin(&json, "retry");
	slipway_event_text(&json, "migration", step->name);
	slipway_event_int(&json, "attempt", attempt);
	slipway_event_int(&json, "retries", retries);
	slipway_event_text(&json, "sqlstate", unpack_sql_state(result->error->sqlerrcode));
	slipway_event_text(&json, "message", result->error->message);
	slipway_event_text(&json, "detail", result->error->detail);
	slipway_lock_watch_add(&json);
	slipway_event_send(&json, "%s: rolled back (%s%s), retry %d of %d", step->name,
					   result->error->message, slipway_lock_watch_summary(), attempt, retries);
	slipway_pause(ms);
}

/*
 * Ends the run as failed, with an event of the history if there is one. That
 * must not hide the error it is about: if it cannot be written, there is a
 * warning, and the next run will find this one unfinished.
 */
static void
write_failure(SlipwayRun *run, const SlipwayEvent *event)
{
	MemoryContext caller = CurrentMemoryContext;

	HOLD_CANCEL_INTERRUPTS();
	PG_TRY();
	{
		slipway_spi_begin();
		if (event)
			slipway_history_append(event);
		slipway_run_end(run, "failed");
		slipway_spi_end();
		run->number = 0;
		slipway_transaction_next();
		RESUME_CANCEL_INTERRUPTS();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		slipway_transaction_recover();
		run->number = 0;
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("the failure could not be recorded: %s", error->message)));
	}
	PG_END_TRY();
}

/* Writes down that a migration failed, and with it the run. */
static void
record_failure(SlipwayRun *run, const SlipwayStep *step, const SlipwayResult *result)
{
	SlipwayEvent event = slipway_run_event(run, step, "failed", result->started_at);

	event.error = result->error;
	event.position = result->position;
	write_failure(run, &event);
}

/*
 * A migration that was begun in parts goes on so, whatever its script looks like now. The plan may be
 * older than the lock, and not know of that.
 */
static SlipwayResult
exec(SlipwayRun *run, const SlipwayStep *step, bool last, const char *body)
{
	if (step->member->outline->stepwise_reason || run->journal_open)
		return slipway_exec_stepwise(run, step, last, body);
	return slipway_exec_transactional(run, step, last, body);
}

/* Says how much of a migration that failed stays, and where the next run goes on. */
static void
add_part_way(const SlipwayStep *step, SlipwayResult *result)
{
	StringInfoData json;
	ErrorData  *error = result->error;
	const char *text = psprintf("Migration \"%s\" has stopped part way: what it has committed stays, and the next run goes on behind that.",
								step->name);

	error->detail = error->detail ? psprintf("%s\n%s", error->detail, text) : (char *) text;
	slipway_detached_note_stop(result->unit, step->member->outline->nunits);
	slipway_event_begin(&json, "stopped");
	slipway_event_text(&json, "migration", step->name);
	slipway_event_int(&json, "unit", result->unit);
	slipway_event_int(&json, "units", step->member->outline->nunits);
	slipway_event_send(&json, "%s: stopped at unit %d of %d", step->name, result->unit,
					   step->member->outline->nunits);
}

static void
give_up(SlipwayRun *run, const SlipwayStep *step, SlipwayResult *result)
{
	slipway_leftover_afterwards();
	if (result->part_way)
		add_part_way(step, result);
	record_failure(run, step, result);
	ReThrowError(result->error);
}

/*
 * Applies one step, trying again where that can help. Returns false if the
 * lock was lost on the way: then the plan is stale, and this run has ended.
 */
static bool
apply_step(SlipwayRun *run, const SlipwayStep *step, bool last, double *ms)
{
	int			retries = run->options->retries;
	char	   *body = step->member->outline->body;

	MemoryContextReset(run->step_context);
	MemoryContextSwitchTo(run->step_context);
	if (body == NULL)
		body = slipway_body_load(step->member->up);
	slipway_transaction_next();
	for (;;)
	{
		SlipwayResult result = exec(run, step, last, body);
		bool		recut;
		bool		locked;

		if (result.error == NULL)
		{
			slipway_lock_tidy(&run->lock);
			run->attempts = 0;
			*ms = (GetCurrentTimestamp() - result.started_at) / 1000.0;
			return true;
		}
		slipway_lock_watch_explain(result.error);
		if (result.advanced)
			run->attempts = 0;
		recut = slipway_exec_stepwise_recut(run, step, body, &result);
		if (!recut && (!may_retry(result.error) || ++run->attempts > retries))
			give_up(run, step, &result);
		slipway_cancel_blockers(&run->cancel, step->name);
		locked = slipway_lock_retake(&run->lock);
		if (!locked)
		{
			record_failure(run, step, &result);
			slipway_lock_release(&run->lock);
		}
		/* Neither the pause nor the next try may have a snapshot of this one. */
		slipway_transaction_next();
		if (!recut)
			back_off(step, &result, run->attempts, retries);
		slipway_transaction_next();
		if (!locked)
			return false;
	}
}

/* Applies the plan under the lock; false if the lock was lost. */
static bool
apply_plan(SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	int			total = run->applied + count_pending(plan, nsteps);
	const SlipwayStep *step = next_pending(plan, 0, nsteps);

	if (step == NULL)
		return true;
	slipway_lock_watch_begin(run->context);
	slipway_lock_wait_begin();
	run->whole = nsteps == plan->n && plan->future == 0;
	run->journal_open = slipway_journal_is_open(run->project->name);
	slipway_run_open(run, total - run->applied);
	report_start(run, step, total - run->applied);
	while (step)
	{
		const SlipwayStep *next = next_pending(plan, step - plan->steps + 1, nsteps);
		double		ms = 0;

		if (!apply_step(run, step, next == NULL, &ms))
			return false;
		report_applied(step, next, ++run->applied, total, ms);
		MemoryContextDelete(step->member->outline->context);
		step->member->outline = NULL;
		step = next;
	}
	return true;
}

/* Has the history grown since *head, its last hash, was read? Reads it again. */
static bool
has_moved(const SlipwayRun *run, char **head)
{
	char	   *seen = *head;

	*head = slipway_history_head(run->project);
	return (seen == NULL) != (*head == NULL) || (seen && strcmp(seen, *head) != 0);
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
		slipway_transaction_next();
		slipway_lock_acquire(&run->lock, run->options->lock_wait);
		wait_for_others(run);
		MemoryContextSwitchTo(run->context);
		/* A plan is as good as the history it was made from. */
		if (has_moved(run, &head))
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

/*
 * After an error anywhere in a run: a transaction that is sound, the run's row
 * ended if nobody did, the locks given back.
 */
static void
clean_up(SlipwayRun *run)
{
	slipway_guard_off();
	slipway_transaction_recover();
	slipway_exec_alone_recover();
	if (run->number > 0)
		write_failure(run, NULL);
	/* What was reported as applied is so, also where no failure was recorded. */
	slipway_transaction_flush();
	slipway_lock_release(&run->lock);
	slipway_leftover_forget();
}

static SlipwayRun *
make_run(const char *project, SlipwayOptions *options)
{
	SlipwayRun *run = palloc0(sizeof(SlipwayRun));

	run->context = CurrentMemoryContext;
	run->step_context = AllocSetContextCreate(run->context, "slipway step", ALLOCSET_DEFAULT_SIZES);
	run->statement_context = AllocSetContextCreate(run->context, "slipway statement",
												   SLIPWAY_STATEMENT_SIZES);
	run->options = options;
	slipway_privilege_require(SLIPWAY_DEPLOYER, project);
	run->project = slipway_project_load(project);
	if (run->project->owner)
	{
		/* What was checked when it was registered may have changed since. */
		run->owner = get_role_oid(run->project->owner, false);
		slipway_project_check_owner(project, run->owner);
	}
	run->manifest = slipway_manifest_find(project, options->manifest);
	run->actor = slipway_actor_current(run->project->owner, options->client_version);
	run->cancel = slipway_cancel_rule_parse(options->cancel_blockers);
	slipway_lock_init(&run->lock, run->project);
	slipway_leftover_remember(run->context);
	return run;
}

PG_FUNCTION_INFO_V1(slipway_migrate);

Datum
slipway_migrate(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *call = debug_query_string;
	SlipwayRun *run;

	slipway_transaction_require_top_level(fcinfo, "slipway.migrate()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project and options of slipway.migrate() must not be null")));

	/* Of the CALL as a whole; statements of scripts have their own. */
	disable_timeout(STATEMENT_TIMEOUT, false);

	/* Below the portal's context, which lasts as long as the CALL. */
	MemoryContextSwitchTo(AllocSetContextCreate(PortalContext, "slipway run", ALLOCSET_DEFAULT_SIZES));
	run = make_run(text_to_cstring(PG_GETARG_TEXT_PP(0)),
				   slipway_options_parse(PG_GETARG_JSONB_P(1)));
	PG_TRY();
	{
		migrate(run);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		clean_up(run);
		ReThrowError(error);
	}
	PG_END_TRY();
	slipway_leftover_forget();
	debug_query_string = call;
	pgstat_report_activity(STATE_RUNNING, call);
	MemoryContextSwitchTo(caller);
	return (Datum) 0;
}
