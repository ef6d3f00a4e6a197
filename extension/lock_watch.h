/*
 * lock_watch.h
 *	  Watches the waits for locks of the script that runs.
 */
#ifndef SLIPWAY_LOCK_WATCH_H
#define SLIPWAY_LOCK_WATCH_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "blockers.h"

/* Waits that were long enough for the server to look at them. */
typedef struct SlipwayLockWaits
{
	int64		n;
	int64		ms;				/* together */
} SlipwayLockWaits;

/* Called once from _PG_init. */
extern void slipway_lock_watch_init(void);

/* A run begins, with this context: learns whom it may meet. Needs the catalogs. */
extern void slipway_lock_watch_begin(MemoryContext context);

/* Those since then that are over. */
extern SlipwayLockWaits slipway_lock_watch_waits(void);

/* A statement begins: what was known of the waits of the last one is void. */
extern void slipway_lock_watch_forget(void);

/*
 * A try of a migration was rolled back by this error, and a transaction has been
 * started: if the error ended a wait for a lock, finds out who is in the way still and
 * says so in its detail and hint, in its context.
 */
extern void slipway_lock_watch_explain(ErrorData *error);

/*
 * What the last call of that has found: the SlipwayBlockers, of which each may be gone, so that
 * one can be looked at again, as with slipway_wait_blocks(); what is waited for and by whom,
 * as members of an event; the same in a few words, beginning with a comma. All empty if
 * it was about something else.
 */
extern List *slipway_lock_watch_blockers(void);
extern bool slipway_lock_watch_blocks(SlipwayBlocker *blocker);
extern void slipway_lock_watch_add(StringInfo json);
extern char *slipway_lock_watch_summary(void);

#endif							/* SLIPWAY_LOCK_WATCH_H */
