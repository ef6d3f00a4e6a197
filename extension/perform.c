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
#include "caller_cursor.h"
#include "detached.h"
#include "exec_stepwise.h"
#include "exec_transactional.h"
#include "exec_verify.h"
#include "journal.h"
#include "leftover.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "pause.h"
#include "perform.h"
#include "run_snapshot.h"
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

static double
duration_ms(const SlipwayTask *task)
{
	return (task->finished_at - task->started_at) / 1000.0;
}

static void
warn_of_empty(const SlipwayTask *task)
{
	bool		rollback = slipway_task_is_rollback(task);

	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg(rollback ? "the down script of migration \"%s\" is empty" : "migration \"%s\" is empty",
					task->name),
			 errdetail("Its script holds no statement; it is recorded as %s.",
					   rollback ? "rolled back" : "applied")));
}

/* A task is done, which with one script may have been about several migrations. */
static void
report_done(SlipwayRun *run, const SlipwayTask *task, const SlipwayTask *next, int total)
{
	bool		rollback = slipway_task_is_rollback(task);
	StringInfoData json;

	if (task->outline->nstatements == 0)
		warn_of_empty(task);
	for (int i = 0; i < slipway_task_size(task); i++)
	{
		const char *name = i == 0 ? task->name : list_nth(task->others, i - 1);

		*(rollback ? &run->rolled_back : &run->applied) += 1;
		slipway_event_begin(&json, rollback ? "rolled_back" : "applied");
		slipway_event_text(&json, "migration", name);
		slipway_event_int(&json, "done", run->applied + run->rolled_back);
		slipway_event_int(&json, "total", total);
		slipway_event_ms(&json, "duration_ms", duration_ms(task));
		slipway_event_text(&json, "next", next ? next->name : NULL);
		slipway_event_send(&json, "%s: %s in %.1f ms", name, rollback ? "rolled back" : "applied",
						   duration_ms(task));
	}
}

static void
report_hook(const SlipwayTask *hook)
{
	StringInfoData json;

	slipway_event_begin(&json, "hook");
	slipway_event_text(&json, "hook", hook->name);
	slipway_event_text(&json, "migration", hook->about);
	slipway_event_ms(&json, "duration_ms", duration_ms(hook));
	slipway_event_send(&json, "hook %s%s%s: done in %.1f ms", hook->name, hook->about ? " of " : "",
					   hook->about ? hook->about : "", duration_ms(hook));
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

/* Says how much of a migration that failed stays, and where the next run goes on. */
static void
add_part_way(const SlipwayTask *task, SlipwayResult *result)
{
	StringInfoData json;
	ErrorData  *error = result->error;
	bool		rollback = slipway_task_is_rollback(task);
	const char *text = psprintf("%s \"%s\" has stopped part way: what it has committed stays, and the next %s goes on behind that.%s",
								rollback ? "The rollback of migration" : "Migration", task->name,
								rollback ? "rollback" : "run",
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

static bool
is_hook(const SlipwayTask *task)
{
	return strcmp(task->action, SLIPWAY_ACTION_HOOK) == 0;
}

/* Hooks, and mode all, are for runs that apply. */
static bool
find_hook(const SlipwayRun *run, SlipwayHook hook, const char *about, SlipwayTask *task)
{
	return strcmp(run->action, "migrate") == 0 &&
		slipway_task_hook(run->manifest, hook, about, task);
}

static bool
is_together(const SlipwayRun *run)
{
	return strcmp(run->action, "migrate") == 0 && run->options->mode == SLIPWAY_MODE_ALL;
}

/*
 * Runs hook after_error, if there is one. The run has ended; what goes wrong here is not
 * to hide why.
 */
static void
run_after_error(SlipwayRun *run, const SlipwayTask *failed, int64 number)
{
	SlipwayTask hook;
	SlipwayTask *tasks[] = {&hook};
	SlipwayResult result;
	char	   *body;

	if (!find_hook(run, SLIPWAY_AFTER_ERROR, is_hook(failed) ? failed->about : failed->name, &hook))
		return;
	(void) slipway_lock_retake(&run->lock);
	body = hook.outline->body ? hook.outline->body : slipway_body_load(hook.script);
	slipway_transaction_next();
	run->number = number;
	result = slipway_exec_transactional(run, tasks, 1, false, body);
	if (result.error)
	{
		record_failure(run, &hook, &result);
		ereport(WARNING,
				(errcode(result.error->sqlerrcode),
				 errmsg("hook \"%s\" failed: %s", hook.name, result.error->message),
				 result.error->detail ? errdetail_internal("%s", result.error->detail) : 0));
	}
	else
	{
		run->changed = true;
		report_hook(&hook);
	}
	run->number = 0;
}

/* Says that nothing of a run in one transaction stays. */
static void
add_nothing_applied(SlipwayResult *result, int n)
{
	ErrorData  *error = result->error;
	const char *text = n == 1 ? "In mode \"all\" nothing was applied: the migration was rolled back."
		: psprintf("In mode \"all\" nothing was applied: all %d migrations were rolled back.", n);

	error->detail = error->detail ? psprintf("%s\n%s", error->detail, text) : (char *) text;
}

/* What was applied before the error, or of it, is there to stay. */
static void
leave_snapshot(SlipwayRun *run, const ErrorData *error)
{
	if (!run->changed || !slipway_lock_retake(&run->lock))
		return;
	slipway_run_snapshot(run, error->sqlerrcode == ERRCODE_QUERY_CANCELED);
}

static void
give_up(SlipwayRun *run, SlipwayResult *result, int together)
{
	int64		number = run->number;

	slipway_leftover_afterwards();
	if (result->part_way)
		add_part_way(result->task, result);
	if (together > 0)
		add_nothing_applied(result, together);
	record_failure(run, result->task, result);
	run_after_error(run, result->task, number);
	leave_snapshot(run, result->error);
	ReThrowError(result->error);
}

/*
 * Has a try of it, or of another script of that name, been executed in part? Then it goes on so,
 * whatever its script looks like now. The plan may be older than the lock, and not know of that.
 */
static bool
is_begun(const SlipwayRun *run, const SlipwayTask *task)
{
	return run->journal_open && slipway_journal_load(run->project->name, task->name)->action != NULL;
}

static bool
is_stepwise(const SlipwayRun *run, const SlipwayTask *task)
{
	return task->outline->stepwise_reason != NULL || is_begun(run, task);
}

/* The first task's body is at hand. */
static bool
recut(SlipwayRun *run, SlipwayTask *const *tasks, const char *body, const SlipwayResult *result)
{
	const SlipwayTask *task = result->task;

	if (is_together(run) || task->about)
		return false;
	if (task != tasks[0])
		body = task->outline->body ? task->outline->body : slipway_body_load(task->script);
	return slipway_exec_stepwise_recut(run, task, body, result);
}

/* How running tasks that share a transaction, or one that is stepwise, has ended. */
typedef enum TasksEnd
{
	TASKS_DONE,
	TASKS_CUT,					/* they cannot share one: nothing was done */
	TASKS_LOST					/* the lock: then the plan is stale, and this run has ended */
} TasksEnd;

/*
 * Runs them, trying again where that can help. together: how many migrations are
 * among them, if these are all of the run; else 0.
 */
static TasksEnd
run_tasks(SlipwayRun *run, SlipwayTask *const *tasks, int n, bool last, int together)
{
	int			retries = run->options->retries;
	char	   *body = tasks[0]->outline->body;
	bool		begun;

	MemoryContextReset(run->step_context);
	MemoryContextSwitchTo(run->step_context);
	begun = n == 1 && is_begun(run, tasks[0]);
	if (body == NULL)
		body = slipway_body_load(tasks[0]->script);
	slipway_transaction_next();
	for (;;)
	{
		bool		stepwise = begun || (n == 1 && tasks[0]->outline->stepwise_reason);
		SlipwayResult result = stepwise ? slipway_exec_stepwise(run, tasks[0], last, body) :
			slipway_exec_transactional(run, tasks, n, last, body);
		bool		cut;
		bool		locked;

		if (result.error == NULL)
		{
			slipway_lock_tidy(&run->lock);
			run->attempts = 0;
			run->changed = true;
			if (n == 1)
			{
				tasks[0]->started_at = result.started_at;
				tasks[0]->finished_at = GetCurrentTimestamp();
			}
			return TASKS_DONE;
		}
		slipway_lock_watch_explain(result.error);
		/* A stepwise one may have committed something. */
		run->changed |= result.unit > 0;
		if (result.advanced)
			run->attempts = 0;
		cut = recut(run, tasks, body, &result);
		if (!cut && (result.untold || !may_retry(result.error) || ++run->attempts > retries))
			give_up(run, &result, together);
		slipway_cancel_blockers(&run->cancel, result.task->name);
		locked = slipway_lock_retake(&run->lock);
		if (!locked)
		{
			record_failure(run, result.task, &result);
			slipway_lock_release(&run->lock);
		}
		/* Neither the pause nor the next try may have a snapshot of this one. */
		slipway_transaction_next();
		if (!cut)
		{
			run->retries++;
			back_off(result.task, &result, run->attempts, retries);
		}
		slipway_transaction_next();
		if (!locked)
			return TASKS_LOST;
		if (cut && n > 1)
			return TASKS_CUT;
	}
}

/* A run of some tasks, while it goes on. */
typedef struct Performance
{
	SlipwayRun *run;
	SlipwayTask *tasks;
	int			n;
	int			total;			/* with what was applied before */
	bool		ends;			/* nothing comes behind them */
} Performance;

static void
report_tasks(const Performance *all, SlipwayTask *const *tasks, int n)
{
	for (int i = 0; i < n; i++)
	{
		const SlipwayTask *next = tasks[i] + 1 < all->tasks + all->n ? tasks[i] + 1 : NULL;

		if (is_hook(tasks[i]))
			report_hook(tasks[i]);
		else
		{
			slipway_exec_verify_report(tasks[i]);
			report_done(all->run, tasks[i], next, all->total);
		}
	}
}

/* A migration with the hooks around it; returns how many tasks that are. */
static int
surround(const SlipwayRun *run, SlipwayTask *task, SlipwayTask *hooks, SlipwayTask **tasks)
{
	int			n = 0;

	if (find_hook(run, SLIPWAY_BEFORE_EACH, task->name, &hooks[0]))
		tasks[n++] = &hooks[0];
	tasks[n++] = task;
	if (find_hook(run, SLIPWAY_AFTER_EACH, task->name, &hooks[1]))
		tasks[n++] = &hooks[1];
	return n;
}

/* Runs a migration and its hooks, in one transaction if it allows that; false if the lock was lost. */
static bool
run_one(const Performance *all, SlipwayTask *task, bool last)
{
	SlipwayTask hooks[2];
	SlipwayTask *tasks[3];
	int			n = surround(all->run, task, hooks, tasks);
	TasksEnd	end = TASKS_CUT;

	if (n == 1 || !is_stepwise(all->run, task))
		end = run_tasks(all->run, tasks, n, last, 0);
	if (end == TASKS_DONE)
		report_tasks(all, tasks, n);
	for (int i = 0; i < n && end == TASKS_CUT; i++)
	{
		if (run_tasks(all->run, &tasks[i], 1, last && i == n - 1, 0) == TASKS_LOST)
			return false;
		report_tasks(all, &tasks[i], 1);
	}
	if (end == TASKS_LOST)
		return false;
	slipway_task_release(task);
	return true;
}

static bool
run_each(const Performance *all)
{
	for (int i = 0; i < all->n; i++)
		if (!run_one(all, &all->tasks[i], all->ends && i == all->n - 1))
			return false;
	return true;
}

/* Runs them all, with the hooks around each, in one transaction; false if the lock was lost. */
static bool
run_together(const Performance *all)
{
	MemoryContext context = all->run->context;
	SlipwayTask *hooks = MemoryContextAlloc(context, 2 * all->n * sizeof(SlipwayTask));
	SlipwayTask **tasks = MemoryContextAlloc(context, 3 * all->n * sizeof(SlipwayTask *));
	int			n = 0;

	for (int i = 0; i < all->n; i++)
		n += surround(all->run, &all->tasks[i], &hooks[2 * i], &tasks[n]);
	if (run_tasks(all->run, tasks, n, all->ends, all->n) == TASKS_LOST)
		return false;
	report_tasks(all, tasks, n);
	for (int i = 0; i < all->n; i++)
		slipway_task_release(&all->tasks[i]);
	return true;
}

/* Runs a hook for the run as a whole, if there is one; false if the lock was lost. */
static bool
run_hook(SlipwayRun *run, SlipwayHook which, bool last)
{
	SlipwayTask hook;
	SlipwayTask *tasks[] = {&hook};

	if (!find_hook(run, which, NULL, &hook))
		return true;
	if (run_tasks(run, tasks, 1, last, 0) == TASKS_LOST)
		return false;
	report_hook(&hook);
	return true;
}

bool
slipway_perform(SlipwayRun *run, SlipwayTask *tasks, int n)
{
	SlipwayTask last;
	Performance all = {
		run, tasks, n, run->applied + slipway_task_total(tasks, n),
		!find_hook(run, SLIPWAY_AFTER_MIGRATE, NULL, &last)
	};

	if (n == 0)
		return true;
	slipway_lock_watch_begin(run->context);
	slipway_lock_wait_begin();
	run->journal_open = slipway_journal_is_open(run->project->name);
	slipway_caller_cursor_take(run->context);
	slipway_run_open(run, tasks, n);
	report_start(run, &tasks[0], slipway_task_total(tasks, n));
	if (!run_hook(run, SLIPWAY_BEFORE_MIGRATE, false) ||
		!(is_together(run) ? run_together(&all) : run_each(&all)) ||
		!run_hook(run, SLIPWAY_AFTER_MIGRATE, true))
		return false;
	slipway_run_snapshot(run, false);
	return true;
}

void
slipway_perform_begin_done(const SlipwayRun *run, StringInfo json)
{
	slipway_event_begin(json, "done");
	slipway_event_text(json, "project", run->project->name);
	if (run->number > 0)
		slipway_event_int(json, "run", run->number);
	slipway_event_int(json, "applied", run->applied);
}
