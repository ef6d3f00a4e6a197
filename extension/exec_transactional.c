/*
 * exec_transactional.c
 *	  Runs a transactional migration: script and record commit together.
 *
 * The order of steps matters:
 *
 * - A real transaction block is opened, so that statements which refuse one
 *	 say so in the words psql users know, and CALL in a script is atomic.
 * - No query of ours runs before the script's first, or SET TRANSACTION
 *	 ISOLATION LEVEL could not be that.
 * - The role is switched in a security context that forbids SET ROLE and SET
 *	 SESSION AUTHORIZATION, from whatever depth. RESET of either is the same.
 * - Deferred triggers fire while it is still clear whose they are, as the
 *	 script's role and with its settings. None may be left for the commit.
 * - The script's settings are undone before the record is written: one of
 *	 them may be transaction_read_only.
 * - Commit happens as the script's role: what the server runs then on behalf
 *	 of the transaction must not run as the caller.
 *
 * A wait for the disk after each of many short migrations would take a good
 * part of their time. So commits are lazy while the last one that was not is
 * less than FLUSH_MS old, but never the last of a run: before the run says that
 * it is done, everything is on disk. A crash of the server can lose the last
 * migrations of an unfinished run, whole and together with their records,
 * and never one before the other: that is as if it had happened a little
 * earlier.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "portability/instr_time.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "exec_statement.h"
#include "exec_transactional.h"
#include "guard.h"
#include "leftover.h"
#include "settings.h"
#include "spi.h"
#include "transaction.h"

/* How far the disk may be behind, in milliseconds. */
#define FLUSH_MS 100

/* The identity to come back to. */
typedef struct Identity
{
	Oid			user;
	int			sec_context;
} Identity;

static Identity
enter_role(const SlipwayRun *run)
{
	Identity	caller;

	GetUserIdAndSecContext(&caller.user, &caller.sec_context);
	if (OidIsValid(run->owner))
		SetUserIdAndSecContext(run->owner, caller.sec_context | SECURITY_LOCAL_USERID_CHANGE);
	return caller;
}

static void
leave_role(Identity caller)
{
	SetUserIdAndSecContext(caller.user, caller.sec_context);
}

/* What BEGIN in the script asked for, e.g. an isolation level. */
static void
set_transaction_options(List *options)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		SetPGVariable(option->defname, list_make1(option->arg), true);
	}
}

static void
run_script(SlipwayRun *run, const SlipwayOutline *outline, SlipwayPlace *place)
{
	int			nest = slipway_settings_enter(run->project, run->options->lock_timeout,
											  run->options->statement_timeout);
	Identity	caller = enter_role(run);

	slipway_guard_on();
	set_transaction_options(outline->begin_options);
	for (int i = 0; i < outline->nstatements; i++)
		slipway_exec_statement(place, &outline->statements[i], run->statement_context);
	place->in_statement = false;
	/* Until none is left: a trigger may defer the next one again. */
	AfterTriggerFireDeferred();
	slipway_guard_off();
	leave_role(caller);
	slipway_settings_leave(nest);
}

static void
record(SlipwayRun *run, const SlipwayStep *step, bool last, TimestampTz started_at)
{
	SlipwayEvent event = slipway_run_event(run, step, "succeeded", started_at);

	slipway_spi_begin();
	slipway_history_append(&event);
	if (last)
		slipway_run_end(run, "succeeded");
	slipway_spi_end();
}

static void
commit(SlipwayRun *run, bool last)
{
	Identity	caller = enter_role(run);
	bool		lazy = !last &&
		!TimestampDifferenceExceeds(run->flushed_at, GetCurrentTimestamp(), FLUSH_MS);

	slipway_guard_on();
	slipway_transaction_commit_block(lazy);
	slipway_guard_off();
	leave_role(caller);
	if (!lazy)
		run->flushed_at = GetCurrentTimestamp();
}

static void
apply(SlipwayRun *run, const SlipwayStep *step, bool last, const char *body, TimestampTz started_at)
{
	SlipwayPlace place;

	slipway_transaction_begin_block();
	slipway_place_push(&place, step->name, body, false);
	run_script(run, step->member->outline, &place);
	slipway_leftover_before_commit();
	record(run, step, last, started_at);
	commit(run, last);
	slipway_place_pop(&place);
	slipway_transaction_start();
}

SlipwayResult
slipway_exec_transactional(SlipwayRun *run, const SlipwayStep *step, bool last, const char *body)
{
	volatile SlipwayResult result = {0};
	instr_time	begin;
	instr_time	duration;

	INSTR_TIME_SET_CURRENT(begin);
	result.started_at = GetCurrentTimestamp();
	PG_TRY();
	{
		apply(run, step, last, body, result.started_at);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(run->context);
		result.error = CopyErrorData();
		result.position = slipway_place_last();
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->step_context);
	slipway_guard_off();
	if (result.error)
		slipway_transaction_recover();
	slipway_leftover_afterwards();
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, begin);
	result.duration_ms = INSTR_TIME_GET_MILLISEC(duration);
	return result;
}
