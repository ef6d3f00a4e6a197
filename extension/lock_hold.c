/*
 * lock_hold.c
 *	  How long a rehearsal may hold locks that keep others from writing or reading.
 *
 * Locks of a subtransaction that is rolled back, such as a block of PL/pgSQL that catches an error,
 * are given back then. So each thing that is noted goes with the level at which it was, or, if
 * that ends well, with the one around it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "lock_hold.h"
#include "observe.h"
#include "outbox.h"

static struct
{
	int			limit_ms;		/* 0: none, or no rehearsal */
	TimestampTz since;			/* 0: nothing is held */
	int			level;			/* of the transaction, at which it is */
	LOCKMODE	mode;
	const char *name;
	bool		open;			/* a command that begins may be given a timer */
	bool		armed;
	TimestampTz command_at;		/* when the command began that was given one, and the level of that */
	int			command_level;
}			hold;

/* When a cancel that a script has caught comes again. */
#define AGAIN_MS 10

static volatile sig_atomic_t fired;

static void
cancel(void)
{
	fired = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

static TimeoutId
timer(void)
{
	static TimeoutId id = MAX_TIMEOUTS;

	if (id == MAX_TIMEOUTS)
		id = RegisterTimeout(USER_TIMEOUT, cancel);
	return id;
}

/* A subtransaction is rolled back, with what it has locked, and the command that failed in it. */
static void
let_go(int level)
{
	if (hold.since != 0 && hold.level >= level)
	{
		hold.since = 0;
		hold.mode = NoLock;
		hold.name = NULL;
	}
	if (!hold.armed)
		return;
	if (hold.since == 0 && hold.command_level >= level)
	{
		disable_timeout(timer(), false);
		hold.armed = false;
	}
	else if (fired)
		enable_timeout_after(timer(), AGAIN_MS);
}

static void
sub_ended(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *arg)
{
	int			level = GetCurrentTransactionNestLevel();

	if (hold.limit_ms == 0)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		let_go(level);
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		hold.level = Min(hold.level, level - 1);
		hold.command_level = Min(hold.command_level, level - 1);
	}
}

void
slipway_lock_hold_begin(int limit_ms)
{
	static bool registered = false;

	if (!registered)
		RegisterSubXactCallback(sub_ended, NULL);
	registered = true;
	memset(&hold, 0, sizeof(hold));
	hold.limit_ms = limit_ms;
	fired = false;
}

void
slipway_lock_hold_end(void)
{
	if (hold.armed)
		disable_timeout(timer(), false);
	memset(&hold, 0, sizeof(hold));
}

bool
slipway_lock_hold_minds(LOCKMODE mode)
{
	return mode >= ShareLock;
}

void
slipway_lock_hold_note(LOCKMODE mode, const char *name, TimestampTz since)
{
	int			level = GetCurrentTransactionNestLevel();

	if (hold.since == 0)
	{
		hold.since = since;
		hold.level = level;
	}
	/* One that may be given back sooner does not stand for it. */
	if (mode <= hold.mode || level > hold.level)
		return;
	hold.mode = mode;
	hold.name = name;
}

bool
slipway_lock_hold_running(void)
{
	return hold.limit_ms > 0 && hold.since != 0;
}

static void
arm(long ms)
{
	/* Others may have to wait from now on; not for our client. */
	slipway_outbox_open();
	fired = false;
	hold.armed = true;
	enable_timeout_after(timer(), (int) Max(ms, 1));
}

/* For what is left. */
static void
arm_rest(void)
{
	long		gone = TimestampDifferenceMilliseconds(hold.since, GetCurrentTimestamp());

	if (gone >= hold.limit_ms)
		slipway_lock_hold_raise();
	arm(hold.limit_ms - gone);
}

void
slipway_lock_hold_arm(void)
{
	fired = false;
	hold.open = hold.limit_ms > 0;
	if (slipway_lock_hold_running())
		arm_rest();
}

/*
 * May it take such a lock by itself? What other commands run, such as DO or CREATE EXTENSION, is asked for
 * as it comes; queries that only read and write may go on as long as nothing else is held.
 */
static bool
takes_strong_lock(const Node *command)
{
	switch (nodeTag(command))
	{
		case T_AlterTableStmt:
			return slipway_lock_hold_minds(AlterTableGetLockLevel(((const AlterTableStmt *) command)->cmds));
		case T_AlterDomainStmt:
		case T_AlterObjectSchemaStmt:
		case T_AlterOwnerStmt:
		case T_AlterPolicyStmt:
		case T_AlterSeqStmt:
		case T_AlterTableMoveAllStmt:
		case T_ClusterStmt:
		case T_CreatePolicyStmt:
		case T_CreateStmt:
		case T_CreateTrigStmt:
		case T_DropOwnedStmt:
		case T_DropStmt:
		case T_IndexStmt:
		case T_LockStmt:
		case T_ReassignOwnedStmt:
		case T_RefreshMatViewStmt:
		case T_ReindexStmt:
		case T_RenameStmt:
		case T_RuleStmt:
		case T_TruncateStmt:
		case T_ViewStmt:
			return true;
		default:
			return false;
	}
}

bool
slipway_lock_hold_command(const Node *command)
{
	if (!hold.open || hold.armed || !takes_strong_lock(command) || slipway_observe_is_own(command))
		return false;
	hold.command_at = GetCurrentTimestamp();
	hold.command_level = GetCurrentTransactionNestLevel();
	arm(hold.limit_ms);
	return true;
}

static void
end_timer(void)
{
	disable_timeout(timer(), false);
	hold.armed = false;
	if (fired)
		CHECK_FOR_INTERRUPTS();
}

void
slipway_lock_hold_command_end(void)
{
	if (!hold.armed)
		return;
	end_timer();
	slipway_observe_strong_locks(hold.command_at);
	if (slipway_lock_hold_running())
		arm_rest();
}

void
slipway_lock_hold_disarm(void)
{
	hold.open = false;
	if (hold.armed)
		end_timer();
}

bool
slipway_lock_hold_ended(const ErrorData *error)
{
	if (hold.armed)
		disable_timeout(timer(), false);
	hold.armed = hold.open = false;
	return fired && error->sqlerrcode == ERRCODE_QUERY_CANCELED;
}

static char *
format_limit(void)
{
	return hold.limit_ms % 1000 == 0 ? psprintf("%d s", hold.limit_ms / 1000) : psprintf("%d ms", hold.limit_ms);
}

char *
slipway_lock_hold_message(void)
{
	if (hold.name == NULL)
		return psprintf("rehearsal stopped: a command that takes strong locks has run for %s", format_limit());
	return psprintf("rehearsal stopped: it has held %s on %s for %s",
					GetLockmodeName(DEFAULT_LOCKMETHOD, hold.mode), hold.name, format_limit());
}

void
slipway_lock_hold_raise(void)
{
	ereport(ERROR,
			(errcode(SLIPWAY_REHEARSAL_STOPPED),
			 errmsg_internal("%s", slipway_lock_hold_message()),
			 errhint(SLIPWAY_LOCK_HOLD_HINT)));
}
