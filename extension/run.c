/*
 * run.c
 *	  One execution of a plan, and its row in slipway.run.
 *
 * A backend that is killed can write nothing any more; whoever next holds the
 * lock finds the row still "running", knows that nobody runs, and writes the end
 * of the story. What the run was at is known without a note of it for each
 * migration: the first of its manifest that is not applied.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "detached.h"
#include "detached_notice.h"
#include "error_code.h"
#include "hash.h"
#include "hold_cancel.h"
#include "lock_watch.h"
#include "lookup.h"
#include "missing.h"
#include "notify.h"
#include "peer.h"
#include "query.h"
#include "run.h"
#include "settings.h"
#include "spi.h"
#include "transaction.h"
#include "utf8_form.h"

/* A run that did not write its end, as query runs_open.sql returns it. */
typedef struct OpenRun
{
	int64		number;
	char	   *migration;
	char	   *action;			/* what it was doing with that */
	uint8		manifest[SLIPWAY_HASH_LEN];
	TimestampTz started_at;		/* of the migration */
	TimestampTz run_started_at;
	int64		pid;
	SlipwayActor actor;
} OpenRun;

static void
read_open_run(OpenRun *dead, uint64 row)
{
	bool		isnull;

	dead->number = slipway_row_int8(row, 1);
	dead->migration = slipway_row_text(row, 2);
	dead->action = slipway_row_text(row, 3);
	(void) slipway_row_hash(row, 4, dead->manifest);
	dead->started_at = DatumGetTimestampTz(slipway_row_datum(row, 5, &isnull));
	dead->pid = slipway_row_int8(row, 6);
	dead->actor.session_role = slipway_row_text(row, 7);
	dead->actor.effective_role = slipway_row_text(row, 8);
	dead->actor.client_addr = slipway_row_text(row, 9);
	dead->actor.application_name = slipway_row_text(row, 10);
	dead->actor.client_version = slipway_row_text(row, 11);
	dead->run_started_at = DatumGetTimestampTz(slipway_row_datum(row, 12, &isnull));
}

static void
record_dead_run(const SlipwayRun *run, const OpenRun *dead)
{
	SlipwayEvent event = {0};
	ErrorData	error = {0};

	error.sqlerrcode = SLIPWAY_INTERRUPTED;
	error.message = psprintf("its backend (pid " INT64_FORMAT ") ended in the middle of it", dead->pid);
	event.project = run->project;
	event.actor = &dead->actor;
	event.run = dead->number;
	event.migration = dead->migration;
	event.action = slipway_hook_is_name(dead->migration) ? SLIPWAY_ACTION_HOOK : dead->action;
	event.outcome = "interrupted";
	event.manifest_hash = dead->manifest;
	event.started_at = dead->started_at;
	event.finished_at = GetCurrentTimestamp();
	event.error = &error;
	slipway_history_append(&event);
	ereport(WARNING,
			(errcode(SLIPWAY_INTERRUPTED),
			 errmsg("run " INT64_FORMAT " of project \"%s\" was interrupted at migration \"%s\"",
					dead->number, run->project->name, dead->migration),
			 strcmp(dead->action, SLIPWAY_ACTION_ROLLBACK) == 0 ?
			 errdetail("It stays applied, but for what was committed of its rollback; what was rolled back before stays so.") :
			 errdetail("What was not committed of that one was rolled back; what the run had applied before stays applied.")));
}

/*
 * Is the backend of a run still there? It must have started before the run did.
 * pg_stat_activity hides other roles' rows from a bookkeeper who is not privileged.
 */
static bool
is_alive(const OpenRun *run)
{
	TimestampTz started_at = run->pid != MyProcPid ? slipway_peer_started_at((int) run->pid) : 0;

	return started_at != 0 && started_at <= run->run_started_at;
}

/* Inside a scope: the runs that say they go on. */
static OpenRun *
list_open_runs(const SlipwayProject *project, uint64 *n)
{
	static SlipwayQuery any = {"SELECT FROM slipway.run WHERE project = $1 AND outcome = 'running'", 1, {TEXTOID}};
	static SlipwayQuery list = {SLIPWAY_QUERY_RUNS_OPEN, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	OpenRun    *runs;

	slipway_arg_text(&args, project->name);
	*n = slipway_query(&any, &args, 1);
	if (*n > 0)
		*n = slipway_query(&list, &args, 0);
	runs = palloc0(Max(*n, 1) * sizeof(OpenRun));
	for (uint64 i = 0; i < *n; i++)
		read_open_run(&runs[i], i);
	return runs;
}

bool
slipway_run_others_alive(const SlipwayProject *project)
{
	bool		alive = false;
	OpenRun    *runs;
	uint64		n;

	slipway_spi_begin();
	runs = list_open_runs(project, &n);
	for (uint64 i = 0; i < n; i++)
		alive |= is_alive(&runs[i]);
	slipway_spi_end();
	return alive;
}

/* Inside a scope. */
static void
settle_dead_runs(SlipwayRun *run)
{
	static SlipwayQuery end = {SLIPWAY_QUERY_RUN_INTERRUPT, 2, {TEXTOID, INT8OID}};
	uint64		rows;
	OpenRun    *dead = list_open_runs(run->project, &rows);

	for (uint64 i = 0; i < rows; i++)
	{
		SlipwayArgs end_args = {0};

		record_dead_run(run, &dead[i]);
		slipway_arg_text(&end_args, run->project->name);
		slipway_arg_int8(&end_args, dead[i].number);
		slipway_query(&end, &end_args, 0);
	}
}

static void
add_names(SlipwayArgs *args, const SlipwayTask *tasks, int n)
{
	int			total = slipway_task_total(tasks, n);
	Datum	   *names = palloc(total * sizeof(Datum));
	int			filled = 0;
	ListCell   *cell;

	for (int i = 0; i < n; i++)
	{
		names[filled++] = CStringGetTextDatum(tasks[i].name);
		foreach(cell, tasks[i].others)
			names[filled++] = CStringGetTextDatum(lfirst(cell));
	}
	slipway_arg_array(args, names, NULL, total, TEXTOID);
}

void
slipway_run_open(SlipwayRun *run, const SlipwayTask *tasks, int n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_ADD, 13,
	{TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTARRAYOID, INT8OID, INT8OID,
	TEXTOID, TEXTOID}};
	int64		number = slipway_lookup_last("run", run->project->name, "number") + 1;
	const SlipwayActor *actor = run->actor;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_hash(&args, run->manifest->hash);
	slipway_arg_text(&args, actor->session_role);
	slipway_arg_text(&args, slipway_utf8_form(actor->effective_role));
	slipway_arg_text(&args, actor->client_addr);
	slipway_arg_text(&args, actor->application_name);
	slipway_arg_text(&args, actor->client_version);
	slipway_arg_int8(&args, MyProcPid);
	add_names(&args, tasks, n);
	/* who holds the lock knows that nobody else takes that number */
	slipway_arg_int8(&args, number);
	slipway_arg_datum(&args, Int64GetDatum(slipway_detached_number()), slipway_detached_number() == 0);
	slipway_arg_text(&args, run->action);
	slipway_arg_text(&args, run->options->labels);
	slipway_spi_begin();
	settle_dead_runs(run);
	slipway_query_record(&query, &args, "run");
	slipway_spi_end();
	run->number = number;
	run->stopped_unit = 0;
	run->retries = 0;
	slipway_notify_run(run, NULL, slipway_task_total(tasks, n));
}

bool
slipway_run_same_goes_on(const SlipwayRun *run)
{
	SlipwayLookup last;
	uint8		manifest[SLIPWAY_HASH_LEN];
	bool		same = false;

	slipway_lookup_open(&last, "run");
	slipway_lookup_key_text(&last, "project", run->project->name);
	if (slipway_lookup_previous(&last))
		same = slipway_lookup_hash(&last, "manifest_hash", manifest) &&
			memcmp(manifest, run->manifest->hash, SLIPWAY_HASH_LEN) == 0 &&
			strcmp(slipway_lookup_text(&last, "outcome"), "running") == 0;
	slipway_lookup_close(&last);
	return same;
}

SlipwayEvent
slipway_run_event(const SlipwayRun *run, const SlipwayTask *task, const char *outcome,
				  TimestampTz started_at)
{
	SlipwayEvent event = {0};

	event.project = run->project;
	event.actor = run->actor;
	event.run = run->number;
	event.migration = task->name;
	event.action = task->action;
	event.outcome = outcome;
	if (task->outline && task->outline->directives.run_as)
		event.actor = slipway_actor_as(run->actor, task->outline->directives.run_as);
	if (task->outline && task->outline->expansion)
		event.variables = task->outline->expansion->record;
	event.script_hash = task->script;
	event.approved_by = task->approved_by;
	event.manifest_hash = run->manifest->hash;
	event.started_at = started_at;
	event.finished_at = GetCurrentTimestamp();
	return event;
}

void
slipway_run_show(const SlipwayRun *run, const SlipwayTask *task)
{
	bool		is_hook = strcmp(task->action, SLIPWAY_ACTION_HOOK) == 0;

	slipway_settings_show(run->project->name, run->number, is_hook ? task->about : task->name);
}

/*
 * The entry that the run ended with if it has left its manifest applied whole,
 * so that nothing is to be done for that as long as no entry follows; else 0.
 * All up scripts have run, and all scripts of members that are left out were
 * here when those were applied; so others are to be looked for.
 */
static int64
settled_entry(const SlipwayRun *run, const char *outcome)
{
	if (!run->whole || strcmp(outcome, "succeeded") != 0 ||
		slipway_missing_find(run->manifest, true).n > 0)
		return 0;
	return slipway_history_last(run->project->name, NULL);
}

void
slipway_run_end(SlipwayRun *run, const char *outcome)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_END, 9,
	{TEXTOID, INT8OID, TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID}};
	int64		entry = settled_entry(run, outcome);
	SlipwayLockWaits waits = slipway_lock_watch_waits();
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_int8(&args, run->number);
	slipway_arg_text(&args, outcome);
	slipway_arg_datum(&args, Int64GetDatum(entry), entry == 0);
	slipway_arg_datum(&args, Int64GetDatum(run->stopped_unit), run->stopped_unit == 0);
	slipway_arg_datum(&args, Int64GetDatum(run->units), run->stopped_unit == 0);
	slipway_arg_int8(&args, run->retries);
	slipway_arg_int8(&args, waits.n);
	slipway_arg_int8(&args, waits.ms);
	slipway_query(&query, &args, 0);
	slipway_notify_run(run, outcome, 0);
}

void
slipway_run_fail(SlipwayRun *run, const SlipwayEvent *event)
{
	MemoryContext caller = CurrentMemoryContext;
	uint32		held = slipway_hold_cancel();

	PG_TRY();
	{
		slipway_spi_begin();
		if (event)
			slipway_history_append(event);
		slipway_detached_notice_save(run->project->name, event != NULL);
		slipway_run_end(run, "failed");
		slipway_spi_end();
		run->number = 0;
		slipway_transaction_next();
		slipway_resume_cancel(held);
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

void
slipway_run_record(const SlipwayRun *run, const SlipwayTask *task, TimestampTz started_at,
				   TimestampTz finished_at)
{
	SlipwayEvent event = slipway_run_event(run, task, "succeeded", started_at);
	ListCell   *cell;
	ListCell   *approver;

	event.finished_at = finished_at;
	slipway_history_append(&event);
	forboth(cell, task->others, approver, task->others_approved_by)
	{
		event.migration = lfirst(cell);
		event.approved_by = lfirst(approver);
		slipway_history_append(&event);
	}
	slipway_detached_notice_save(run->project->name, true);
}

void
slipway_run_succeeded(SlipwayRun *run, const SlipwayTask *task, TimestampTz started_at, bool last)
{
	slipway_run_record(run, task, started_at, GetCurrentTimestamp());
	if (last)
		slipway_run_end(run, "succeeded");
}
