/*
 * lock.h
 *	  The lock of a project: at most one run at a time.
 *
 * It is two locks. The public one is a session-level advisory lock, which a
 * DBA can see in pg_locks and hold to freeze deploys; a script can drop it
 * with pg_advisory_unlock_all(). So there is an inner one, in the default lock
 * method, which no SQL function reaches; but every abort of a transaction
 * releases that. Whoever has both is the only run, and after an abort must
 * take the inner one again and look anew at what is pending.
 */
#ifndef SLIPWAY_LOCK_H
#define SLIPWAY_LOCK_H

#include "project.h"
#include "storage/lock.h"

typedef struct SlipwayLock
{
	const SlipwayProject *project;
	LOCKTAG		advisory;
	LOCKTAG		inner;
	bool		held;
	struct SlipwayLockList *before; /* advisory locks the session had */
	bool		lost;			/* one of those went to somebody else, and that was said */
} SlipwayLock;

extern void slipway_lock_init(SlipwayLock *lock, const SlipwayProject *project);

/* Does another session hold the inner lock now, so that a run goes on? */
extern bool slipway_lock_is_taken(const SlipwayLock *lock);

/*
 * Takes both locks. Must be called in a transaction without a snapshot, as
 * waiting with one would block CREATE INDEX CONCURRENTLY of the holder.
 * wait_ms: how long at most, 0 for ever. Raises SW006 then, naming the
 * holder. Sends an INFO before it waits. Transactions are ended and begun.
 */
extern void slipway_lock_acquire(SlipwayLock *lock, int wait_ms);

/*
 * Gives back the advisory locks that a failed script has left, which the abort does not: it may have
 * failed as there is no room for more, and none for those that its record needs.
 */
extern void slipway_lock_let_go(SlipwayLock *lock);

/*
 * After a migration, in a fresh transaction: gives back advisory locks that
 * its script left behind, and takes the public one again if the script
 * dropped it and nobody waits for it. The inner one is still held.
 */
extern void slipway_lock_tidy(SlipwayLock *lock);

/*
 * After an abort, which released the inner lock: takes it again. False if the
 * script had dropped the public one, so that another run may have happened or
 * be under way; then the caller must end its run and acquire both anew.
 */
extern bool slipway_lock_retake(SlipwayLock *lock);

/* At the end of a run, however it ends: gives back what the script left, and
 * both locks. */
extern void slipway_lock_release(SlipwayLock *lock);

/*
 * The backend that holds the inner lock of a project, which only a run can
 * take; 0: nobody runs. Opens a scope of spi.h.
 */
extern int	slipway_lock_run_pid(const SlipwayProject *project);

/* Keeps runs out to the end of the transaction; false if one goes on. */
extern bool slipway_lock_keep_out(const SlipwayProject *project);

/*
 * Orders writers of a project's history; to be taken last, held to the end of
 * the transaction.
 */
extern void slipway_lock_chain(int64 lock_key);

/*
 * Orders those who build on the newest manifest of a project; to be taken
 * before it is read, held to the end of the transaction.
 */
extern void slipway_lock_newest(int64 lock_key);

/*
 * Orders those who take the next number of a detached deploy; held to the end
 * of the transaction.
 */
extern void slipway_lock_detached(int64 lock_key);

/*
 * Lets others see, in pg_locks, how many migrations this transaction has run whose records they cannot see yet: to be
 * called with 1, 2, and so on.
 */
extern void slipway_lock_mark(int done);

/*
 * Orders those who store snapshots of a project by hand; to be taken before
 * what is stored is read, held to the end of the transaction.
 */
extern void slipway_lock_snapshot(int64 lock_key);

/*
 * Orders those who change rights on the database itself, whatever the project; held to the end of the transaction. The
 * server would let the second one fail ("tuple concurrently updated").
 */
extern void slipway_lock_database(void);

#endif							/* SLIPWAY_LOCK_H */
