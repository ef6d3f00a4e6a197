/*
 * exec_block.c
 *	  Runs statements of scripts in a transaction that ends with their record.
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
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"

#include "exec_block.h"
#include "exec_statement.h"
#include "guard.h"
#include "own_catalog.h"
#include "settings.h"
#include "time_limit.h"
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
	if (OidIsValid(run->terms.role))
		SetUserIdAndSecContext(run->terms.role, caller.sec_context | SECURITY_LOCAL_USERID_CHANGE);
	return caller;
}

static void
leave_role(Identity caller)
{
	SetUserIdAndSecContext(caller.user, caller.sec_context);
}

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

void
slipway_exec_block_begin(void)
{
	slipway_transaction_begin_block();
}

void
slipway_exec_block_run(SlipwayRun *run, SlipwayPlace *place, const SlipwayBlock *block)
{
	int			nest = slipway_settings_enter(run->project, run->terms.lock_timeout,
											  run->terms.statement_timeout);
	Identity	caller;

	if (block->carried)
		slipway_carried_apply(block->carried, run->terms.role);
	caller = enter_role(run);
	slipway_guard_on();
	set_transaction_options(block->options);
	for (int i = 0; i < block->n; i++)
	{
		QueryCompletion qc;

		if (block->runner)
			block->runner(place, &block->statements[i], run->statement_context, i, block->arg);
		else
			slipway_exec_statement(place, &block->statements[i], run->statement_context, &qc);
	}
	place->in_statement = false;
	if (block->runner)
		block->runner(place, NULL, run->statement_context, block->n, block->arg);
	slipway_time_limit_apply();
	/* Until none is left: a trigger may defer the next one again. */
	AfterTriggerFireDeferred();
	slipway_own_catalog_check();
	slipway_guard_off();
	leave_role(caller);
	if (block->carried)
		slipway_carried_collect(block->carried, nest);
	slipway_settings_leave(nest);
}

void
slipway_exec_block_undone(SlipwayRun *run, SlipwayPlace *place, const SlipwayBlock *block)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	slipway_exec_block_run(run, place, block);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
}

static bool
may_be_lazy(const SlipwayRun *run)
{
	return !TimestampDifferenceExceeds(run->flushed_at, GetCurrentTimestamp(), FLUSH_MS);
}

void
slipway_exec_block_commit(SlipwayRun *run, bool ends_run)
{
	bool		lazy = !ends_run && may_be_lazy(run);
	Identity	caller = enter_role(run);

	slipway_guard_commit();
	slipway_transaction_commit_block(lazy);
	slipway_guard_off();
	leave_role(caller);
	if (!lazy)
		run->flushed_at = GetCurrentTimestamp();
	slipway_transaction_start();
}
