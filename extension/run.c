/*
 * run.c
 *	  One execution of a plan, and its row in slipway.run.
 *
 * The row says which migration the run is at, written by the commit of the one
 * before. A backend that is killed can write nothing any more; whoever next
 * holds the lock finds the row still "running", knows that nobody runs, and
 * writes the end of the story.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "history.h"
#include "query.h"
#include "run.h"
#include "spi.h"

/* A run whose backend died, as query runs_dead.sql returns it. */
typedef struct DeadRun
{
	int64		number;
	char	   *migration;
	uint8		hash[SLIPWAY_HASH_LEN];
	bool		has_hash;
	uint8		manifest[SLIPWAY_HASH_LEN];
	TimestampTz started_at;
	int64		pid;
	SlipwayActor actor;
} DeadRun;

static void
read_dead_run(DeadRun *dead, uint64 row)
{
	bool		isnull;

	dead->number = slipway_row_int8(row, 1);
	dead->migration = slipway_row_text(row, 2);
	dead->has_hash = slipway_row_hash(row, 3, dead->hash);
	(void) slipway_row_hash(row, 4, dead->manifest);
	dead->started_at = DatumGetTimestampTz(slipway_row_datum(row, 5, &isnull));
	dead->pid = slipway_row_int8(row, 6);
	dead->actor.session_role = slipway_row_text(row, 7);
	dead->actor.effective_role = slipway_row_text(row, 8);
	dead->actor.client_addr = slipway_row_text(row, 9);
	dead->actor.application_name = slipway_row_text(row, 10);
	dead->actor.client_version = slipway_row_text(row, 11);
}

static void
record_dead_run(const SlipwayRun *run, const DeadRun *dead)
{
	SlipwayEvent event = {0};
	ErrorData	error = {0};

	error.sqlerrcode = SLIPWAY_INTERRUPTED;
	error.message = psprintf("its backend (pid " INT64_FORMAT ") ended in the middle of it", dead->pid);
	event.project = run->project;
	event.actor = &dead->actor;
	event.run = dead->number;
	event.migration = dead->migration;
	event.action = "apply";
	event.outcome = "interrupted";
	event.script_hash = dead->has_hash ? dead->hash : NULL;
	event.manifest_hash = dead->manifest;
	event.started_at = dead->started_at;
	event.finished_at = GetCurrentTimestamp();
	event.error = &error;
	(void) slipway_history_append(&event);
	ereport(WARNING,
			(errcode(SLIPWAY_INTERRUPTED),
			 errmsg("run " INT64_FORMAT " of project \"%s\" was interrupted at migration \"%s\"",
					dead->number, run->project->name, dead->migration),
			 errdetail("That migration was rolled back; what the run had applied before stays applied.")));
}

/*
 * A run whose script dropped the public lock loses the other one when it
 * fails, and we may get both before it has written that down. It still will.
 */
static bool
is_alive(const DeadRun *run)
{
	PGPROC	   *proc = run->pid == MyProcPid ? NULL : BackendPidGetProc((int) run->pid);

	return proc != NULL && proc->databaseId == MyDatabaseId;
}

/* Inside a scope. */
static void
settle_dead_runs(SlipwayRun *run)
{
	static SlipwayQuery list = {SLIPWAY_QUERY_RUNS_DEAD, 1, {TEXTOID}};
	static SlipwayQuery end = {SLIPWAY_QUERY_RUN_INTERRUPT, 2, {TEXTOID, INT8OID}};
	SlipwayArgs args = {0};
	uint64		rows;
	DeadRun    *dead;

	slipway_arg_text(&args, run->project->name);
	rows = slipway_query(&list, &args, 0);
	if (rows == 0)
		return;
	dead = palloc0(rows * sizeof(DeadRun));
	for (uint64 i = 0; i < rows; i++)
		read_dead_run(&dead[i], i);
	for (uint64 i = 0; i < rows; i++)
	{
		SlipwayArgs end_args = {0};

		if (is_alive(&dead[i]))
			continue;
		record_dead_run(run, &dead[i]);
		slipway_arg_text(&end_args, run->project->name);
		slipway_arg_int8(&end_args, dead[i].number);
		slipway_query(&end, &end_args, 0);
	}
}

void
slipway_run_open(SlipwayRun *run, const SlipwayStep *first)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_ADD, 10,
		{TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, BYTEAOID}};
	const SlipwayActor *actor = run->actor;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_hash(&args, run->manifest->hash);
	slipway_arg_text(&args, actor->session_role);
	slipway_arg_text(&args, actor->effective_role);
	slipway_arg_text(&args, actor->client_addr);
	slipway_arg_text(&args, actor->application_name);
	slipway_arg_text(&args, actor->client_version);
	slipway_arg_int8(&args, MyProcPid);
	slipway_arg_text(&args, first->name);
	slipway_arg_hash(&args, first->member->up);
	slipway_spi_begin();
	settle_dead_runs(run);
	slipway_query(&query, &args, 0);
	run->number = slipway_row_int8(0, 1);
	slipway_spi_end();
}

void
slipway_run_advance(SlipwayRun *run, const SlipwayStep *next)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_ADVANCE, 4, {TEXTOID, INT8OID, TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_int8(&args, run->number);
	slipway_arg_text(&args, next ? next->name : NULL);
	slipway_arg_hash(&args, next ? next->member->up : NULL);
	slipway_query(&query, &args, 0);
}

void
slipway_run_fail(SlipwayRun *run)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_FAIL, 2, {TEXTOID, INT8OID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_int8(&args, run->number);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
	run->number = 0;
}
