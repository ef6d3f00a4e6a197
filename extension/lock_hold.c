/*
 * lock_hold.c
 *	  How long a rehearsal may hold locks that keep others from writing or reading.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "lock_hold.h"
#include "observe.h"

static struct
{
	int			limit_ms;		/* 0: none, or no rehearsal */
	TimestampTz since;			/* 0: nothing is held */
	LOCKMODE	mode;
	const char *name;
	bool		open;			/* a command that begins may be given a timer */
	bool		armed;
}			hold;

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

void
slipway_lock_hold_begin(int limit_ms)
{
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
	if (hold.since == 0)
		hold.since = since;
	if (mode <= hold.mode)
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
	fired = false;
	hold.armed = true;
	enable_timeout_after(timer(), (int) Max(ms, 1));
}

void
slipway_lock_hold_arm(void)
{
	long		gone;

	fired = false;
	hold.open = hold.limit_ms > 0;
	if (!slipway_lock_hold_running())
		return;
	gone = TimestampDifferenceMilliseconds(hold.since, GetCurrentTimestamp());
	if (gone >= hold.limit_ms)
		slipway_lock_hold_raise();
	arm(hold.limit_ms - gone);
}

/*
 * Those that run code or queries take locks for that as they come to it; if by commands, these are
 * seen themselves. So queries that only read and write may go on as long as nothing else is held.
 */
static bool
runs_queries(const Node *command)
{
	switch (nodeTag(command))
	{
		case T_DoStmt:
		case T_CallStmt:
		case T_CopyStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_CreateTableAsStmt:
		case T_DeclareCursorStmt:
		case T_FetchStmt:
		case T_PrepareStmt:
		case T_VariableSetStmt:
			return true;
		default:
			return false;
	}
}

void
slipway_lock_hold_command(const Node *command)
{
	if (hold.open && !hold.armed && !runs_queries(command) && !slipway_observe_is_own(command))
		arm(hold.limit_ms);
}

void
slipway_lock_hold_disarm(void)
{
	hold.open = false;
	if (!hold.armed)
		return;
	disable_timeout(timer(), false);
	hold.armed = false;
	if (fired)
		CHECK_FOR_INTERRUPTS();
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
