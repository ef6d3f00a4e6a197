/*
 * exec_transactional.c
 *	  Runs a transactional migration: script and record commit together.
 */
#include "postgres.h"

#include "exec_block.h"
#include "exec_transactional.h"
#include "guard.h"
#include "leftover.h"
#include "spi.h"
#include "transaction.h"

/* What the record of a migration says. */
typedef struct Record
{
	const SlipwayTask *task;
	bool		last;
	TimestampTz started_at;
} Record;

static void
record(SlipwayRun *run, void *argument)
{
	const Record *what = argument;

	slipway_run_succeeded(run, what->task, what->started_at, what->last);
}

static void
apply(SlipwayRun *run, const SlipwayTask *task, const char *body, Record *what, SlipwayPlace *place)
{
	const SlipwayOutline *outline = task->outline;
	SlipwayBlock block = {
		.statements = outline->statements, .n = outline->nstatements,
		.options = outline->nunits > 0 ? outline->units[0].options : NIL,
		.record = record, .argument = what,
		.ends_migration = true, .ends_run = what->last,
	};

	slipway_place_push(place, task->name, body, false);
	slipway_exec_block(run, place, &block);
	slipway_place_pop(place);
}

SlipwayResult
slipway_exec_transactional(SlipwayRun *run, const SlipwayTask *task, bool last, const char *body)
{
	volatile SlipwayResult result = {.started_at = GetCurrentTimestamp()};
	Record		what = {task, last, result.started_at};
	SlipwayPlace place = {0};

	PG_TRY();
	{
		apply(run, task, body, &what, &place);
	}
	PG_CATCH();
	{
		slipway_result_catch((SlipwayResult *) &result, run, &place);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->step_context);
	slipway_guard_off();
	if (result.error)
		slipway_transaction_recover();
	slipway_leftover_afterwards();
	return result;
}
