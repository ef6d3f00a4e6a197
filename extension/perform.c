/*
 * perform.c
 *	  Runs the tasks of a run, one after another, under the lock.
 *
 * A task that met a lock timeout or a deadlock has been rolled back whole and is
 * tried again. If a script dropped the public lock and failed, another deployer
 * may have run in between: then this run is over, and what is left is to be planned
 * anew.
 */
#include "postgres.h"

#include <math.h>

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "body.h"
#include "detached.h"
#include "exec_stepwise.h"
#include "exec_transactional.h"
#include "journal.h"
#include "leftover.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "pause.h"
#include "perform.h"
#include "transaction.h"

/* Back-off before a retry: doubles from the first to the last, jittered. */
#define BACKOFF_FIRST_MS 100.0
#define BACKOFF_LAST_MS 5000.0

static void
report_start(const SlipwayRun *run, const SlipwayTask *first, int pending)
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
report_applied(const SlipwayTask *task, const SlipwayTask *next, int done, int total, double ms)
{
	StringInfoData json;

	if (task->outline->nstatements == 0)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("migration \"%s\" is empty", task->name),
				 errdetail("Its script holds no statement; it is recorded as applied.")));
	slipway_event_begin(&json, "applied");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_int(&json, "done", done);
	slipway_event_int(&json, "total", total);
	slipway_event_ms(&json, "duration_ms", ms);
	slipway_event_text(&json, "next", next ? next->name : NULL);
	slipway_event_send(&json, "%s: applied in %.1f ms", task->name, ms);
}

static bool
may_retry(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE;
}

/* Waits before try number attempt + 1, in a transaction without a snapshot. */
static void
back_off(const SlipwayTask *task, const SlipwayResult *result, int attempt, int retries)
{
	double		limit = Min(BACKOFF_FIRST_MS * pow(2, attempt - 1), BACKOFF_LAST_MS);
	long		ms = (long) (limit * (0.5 + pg_prng_double(&pg_global_prng_state) / 2));
	StringInfoData json;

	slipway_event_begin(&json, "retry");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_int(&json, "attempt", attempt);
	slipway_event_int(&json, "retries", retries);
	slipway_event_text(&json, "sqlstate", unpack_sql_state(result->error->sqlerrcode));
	slipway_event_text(&json, "message", result->error->message);
	slipway_event_text(&json, "detail", result->error->detail);
	slipway_lock_watch_add(&json);
	slipway_event_send(&json, "%s: rolled back (%s%s), retry %d of %d", task->name,
					   result->error->message, slipway_lock_watch_summary(), attempt, retries);
	slipway_pause(ms);
}

/* Writes down that a migration failed, and with it the run. */
static void
record_failure(SlipwayRun *run, const SlipwayTask *task, const SlipwayResult *result)
{
	SlipwayEvent event = slipway_run_event(run, task, "failed", result->started_at);

	event.error = result->error;
	event.position = result->position;
	run->stopped_unit = result->part_way ? result->unit : 0;
	run->units = task->outline->nunits;
	slipway_run_fail(run, &event);
}

/*
 * A migration that was begun in parts goes on so, whatever its script looks like now. The plan may be
 * older than the lock, and not know of that.
 */
static SlipwayResult
exec(SlipwayRun *run, SlipwayTask *task, bool last, const char *body)
{
	if (task->outline->stepwise_reason || run->journal_open)
		return slipway_exec_stepwise(run, task, last, body);
	return slipway_exec_transactional(run, &task, 1, last, body);
}

/* Says how much of a migration that failed stays, and where the next run goes on. */
static void
add_part_way(const SlipwayTask *task, SlipwayResult *result)
{
	StringInfoData json;
	ErrorData  *error = result->error;
	const char *text = psprintf("Migration \"%s\" has stopped part way: what it has committed stays, and the next run goes on behind that.%s",
								task->name,
								result->untold ? "\nThe statement itself has committed something, and is run again from its beginning." : "");

	error->detail = error->detail ? psprintf("%s\n%s", error->detail, text) : (char *) text;
	slipway_detached_note_stop(result->unit, task->outline->nunits);
	slipway_event_begin(&json, "stopped");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_int(&json, "unit", result->unit);
	slipway_event_int(&json, "units", task->outline->nunits);
	slipway_event_send(&json, "%s: stopped at unit %d of %d", task->name, result->unit,
					   task->outline->nunits);
}

static void
give_up(SlipwayRun *run, const SlipwayTask *task, SlipwayResult *result)
{
	slipway_leftover_afterwards();
	if (result->part_way)
		add_part_way(task, result);
	record_failure(run, task, result);
	ReThrowError(result->error);
}

/*
 * Runs one task, trying again where that can help. Returns false if the
 * lock was lost on the way: then the plan is stale, and this run has ended.
 */
static bool
run_task(SlipwayRun *run, SlipwayTask *task, bool last, double *ms)
{
	int			retries = run->options->retries;
	char	   *body = task->outline->body;

	MemoryContextReset(run->step_context);
	MemoryContextSwitchTo(run->step_context);
	if (body == NULL)
		body = slipway_body_load(task->script);
	slipway_transaction_next();
	for (;;)
	{
		SlipwayResult result = exec(run, task, last, body);
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
		recut = slipway_exec_stepwise_recut(run, task, body, &result);
		if (!recut && (result.untold || !may_retry(result.error) || ++run->attempts > retries))
			give_up(run, task, &result);
		slipway_cancel_blockers(&run->cancel, task->name);
		locked = slipway_lock_retake(&run->lock);
		if (!locked)
		{
			record_failure(run, task, &result);
			slipway_lock_release(&run->lock);
		}
		/* Neither the pause nor the next try may have a snapshot of this one. */
		slipway_transaction_next();
		if (!recut)
			back_off(task, &result, run->attempts, retries);
		slipway_transaction_next();
		if (!locked)
			return false;
	}
}

bool
slipway_perform(SlipwayRun *run, SlipwayTask *tasks, int n)
{
	int			total = run->applied + n;

	if (n == 0)
		return true;
	slipway_lock_watch_begin(run->context);
	slipway_lock_wait_begin();
	run->journal_open = slipway_journal_is_open(run->project->name);
	slipway_run_open(run, tasks, n);
	report_start(run, &tasks[0], n);
	for (int i = 0; i < n; i++)
	{
		const SlipwayTask *next = i + 1 < n ? &tasks[i + 1] : NULL;
		double		ms = 0;

		if (!run_task(run, &tasks[i], next == NULL, &ms))
			return false;
		report_applied(&tasks[i], next, ++run->applied, total, ms);
		slipway_task_release(&tasks[i]);
	}
	return true;
}
