/*
 * observe.h
 *	  Looks at what a statement of a rehearsal has locked, rewritten and read.
 */
#ifndef SLIPWAY_OBSERVE_H
#define SLIPWAY_OBSERVE_H

#include "datatype/timestamp.h"

#include "observed.h"

/*
 * A rehearsal begins, with a context that lasts as long; it is about to be rolled back, behind which what is
 * known is still there; it ends, also by an error.
 */
extern void slipway_observe_begin(MemoryContext context);
extern void slipway_observe_stop(void);
extern void slipway_observe_end(void);

/*
 * Before a statement, unless another one has been looked at after which nothing ran but our own queries.
 */
extern void slipway_observe_before(void);

/* After it: fills in locks, rewrites and scans. started_at is when it began. */
extern void slipway_observe_after(SlipwayObserved *observed, bool utility, TimestampTz started_at);

/* In the middle of it: tells lock_hold.h of locks that are held, since then at the latest. */
extern void slipway_observe_strong_locks(TimestampTz since);

/* After it was cancelled: the locks alone. */
extern void slipway_observe_cancelled(SlipwayObserved *observed, TimestampTz started_at);

/* A unit ends, and another would begin without locks: those of this one, of SlipwayObservedLock. */
extern List *slipway_observe_end_unit(double now_ms);

/* The relation that a statement is about, if it names a single one that counts, as the script means the name now. */
extern SlipwayTouched *slipway_observe_target(const Node *stmt);

/* Is it about a relation that only this rehearsal knows, and locks no other? */
extern bool slipway_observe_is_own(const Node *stmt);

/* A query is about to read or write a relation, which it has locked, or a script truncates it. */
extern void slipway_observe_access(Oid relation, bool writes);
extern void slipway_observe_truncate(Oid relation);

#endif							/* SLIPWAY_OBSERVE_H */
