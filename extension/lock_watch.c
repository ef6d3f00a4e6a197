/*
 * lock_watch.c
 *	  Watches the waits for locks of the script that runs.
 *
 * A backend that waits for a lock sleeps in ProcSleep(), which lets no code of
 * an extension run, with one exception: after deadlock_timeout it writes a line
 * into the server's log if log_lock_waits is on, and a message passes a hook.
 * So while a script runs log_lock_waits is on (see lock_wait.c); here the
 * message is an occasion to look around, and goes no further if the
 * administrator did not want it.
 *
 * In the hook this backend stands in the queue of a lock. It holds no lightweight
 * lock, may allocate memory and send messages, as the server itself does, but it
 * must not touch the catalogs: that takes locks, and one cannot stand in two
 * queues. So what names a relation is found later, when the wait was given up.
 * Names of roles, and whose queries the caller may see, are known beforehand.
 *
 * An interrupt that ends the wait, such as lock_timeout, first takes the backend out of the
 * queue. Who could be in the way then was there at the time of the message, as
 * who comes later queues up behind; so it is enough to see who of those has
 * the lock still.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "blockers.h"
#include "guard.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "script_error.h"

/* How the server's messages begin, before they are translated. */
#define STILL_WAITING "process %d still waiting for "
#define LOCK_TIMED_OUT "canceling statement due to lock timeout"
#define STATEMENT_TIMED_OUT "canceling statement due to statement timeout"

static emit_log_hook_type next_emit_log = NULL;

/* The wait that the current statement is in, or has just given up. */
static struct
{
	bool		known;
	uint64		began;			/* tells waits apart */
	SlipwayWait wait;
	MemoryContext context;		/* of the wait */
	SlipwayRoles *roles;
}			look;

/* The waits of this run that have ended. */
static SlipwayLockWaits waits;
static bool is_waiting;

/* The relation that was named last: the next try most often waits for it again. */
static struct
{
	LOCKTAG		tag;
	char		name[2 * NAMEDATALEN + 1];
}			named;

void
slipway_lock_watch_forget(void)
{
	look.known = false;
}

static void
end_wait(void)
{
	if (!is_waiting)
		return;
	is_waiting = false;
	waits.n++;
	waits.ms += (GetCurrentTimestamp() - (TimestampTz) look.began) / 1000;
}

static void
report_blocked(void)
{
	SlipwayPosition position = slipway_place_last();
	const char *migration = slipway_place_last_migration();
	StringInfoData json;

	slipway_event_begin(&json, "blocked");
	slipway_event_text(&json, "migration", migration);
	if (position.line > 0)
		slipway_event_int(&json, "line", position.line);
	if (debug_query_string)
		slipway_event_text(&json, "statement", slipway_peer_shorten(debug_query_string));
	slipway_wait_add(&json, &look.wait);
	slipway_event_send(&json, "%s, line %d: waits for %s%s", migration, position.line,
					   slipway_wait_describe(&look.wait), slipway_wait_summary(&look.wait));
}

/* This backend stands in the queue of a lock; called more than once if something wakes it there. */
static void
take_look(void)
{
	uint64		began = pg_atomic_read_u64(&MyProc->waitStart);
	bool		again = look.known && look.began == began;
	MemoryContext caller = MemoryContextSwitchTo(look.context);

	MemoryContextReset(look.context);
	look.began = began;
	is_waiting = true;
	look.known = slipway_wait_read(MyProcPid, look.roles, &look.wait);
	if (look.known && memcmp(&look.wait.tag, &named.tag, sizeof(LOCKTAG)) == 0)
		look.wait.relation = named.name;
	if (look.known && !again)
		report_blocked();
	MemoryContextSwitchTo(caller);
}

/* Is it what ProcSleep() has to say about a wait that takes long? */
static bool
is_about_wait(const ErrorData *edata)
{
	return edata->elevel == LOG && edata->funcname && strcmp(edata->funcname, "ProcSleep") == 0;
}

static void
emit_log(ErrorData *edata)
{
	if (slipway_guard_active() && is_about_wait(edata))
	{
		if (strncmp(edata->message_id, STILL_WAITING, strlen(STILL_WAITING)) == 0)
			take_look();
		else
		{
			look.known = false;
			end_wait();
		}
		if (!slipway_lock_wait_logged())
		{
			edata->output_to_server = false;
			edata->output_to_client = false;
			return;
		}
	}
	if (next_emit_log)
		next_emit_log(edata);
}

void
slipway_lock_watch_init(void)
{
	look.context = AllocSetContextCreate(TopMemoryContext, "slipway lock watch", ALLOCSET_SMALL_SIZES);
	next_emit_log = emit_log_hook;
	emit_log_hook = emit_log;
}

void
slipway_lock_watch_begin(MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);

	look.roles = slipway_peer_roles();
	look.known = false;
	is_waiting = false;
	memset(&waits, 0, sizeof(waits));
	memset(&named, 0, sizeof(named));
	MemoryContextSwitchTo(caller);
}

SlipwayLockWaits
slipway_lock_watch_waits(void)
{
	return waits;
}

/* What people can do about it. */
static char *
advise(void)
{
	ListCell   *cell;

	foreach(cell, look.wait.blockers)
	{
		const SlipwayPeer *peer = &((const SlipwayBlocker *) lfirst(cell))->peer;

		if (peer->pid != 0 && peer->state && peer->idle)
			return psprintf("The transaction of pid %d is open, and nobody works in it; pg_terminate_backend(%d) would end its session.",
							peer->pid, peer->pid);
	}
	return NULL;
}

static bool
is_end_of_wait(const ErrorData *error)
{
	return error->message_id && (strcmp(error->message_id, LOCK_TIMED_OUT) == 0 ||
								 strcmp(error->message_id, STATEMENT_TIMED_OUT) == 0);
}

static void
name_relation(void)
{
	slipway_wait_name(&look.wait);
	if (look.wait.relation == NULL)
		return;
	named.tag = look.wait.tag;
	strlcpy(named.name, look.wait.relation, sizeof(named.name));
}

void
slipway_lock_watch_explain(ErrorData *error)
{
	MemoryContext caller;

	end_wait();
	look.known = look.known && is_end_of_wait(error);
	if (!look.known)
		return;
	caller = MemoryContextSwitchTo(look.context);
	slipway_wait_refresh(&look.wait, look.roles);
	name_relation();
	MemoryContextSwitchTo(error->assoc_context);
	if (error->detail == NULL)
		error->detail = slipway_wait_explain(&look.wait);
	if (error->hint == NULL)
		error->hint = advise();
	MemoryContextSwitchTo(caller);
}

List *
slipway_lock_watch_blockers(void)
{
	return look.known ? look.wait.blockers : NIL;
}

bool
slipway_lock_watch_blocks(SlipwayBlocker *blocker)
{
	MemoryContext caller;
	bool		blocks;

	if (!look.known)
		return false;
	caller = MemoryContextSwitchTo(look.context);
	blocks = slipway_wait_blocks(&look.wait, look.roles, blocker);
	MemoryContextSwitchTo(caller);
	return blocks;
}

void
slipway_lock_watch_add(StringInfo json)
{
	if (look.known)
		slipway_wait_add(json, &look.wait);
}

char *
slipway_lock_watch_summary(void)
{
	return look.known ? slipway_wait_summary(&look.wait) : "";
}
