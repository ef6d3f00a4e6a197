/*
 * guard.h
 *	  Keeps scripts away from slipway's own objects while they run.
 *
 * Hooks of the server watch every statement that a script causes, also from
 * inside functions. They raise SW017 where one would change slipway's own
 * objects, which a superuser's script could. They are asleep at other times.
 */
#ifndef SLIPWAY_GUARD_H
#define SLIPWAY_GUARD_H

#include "nodes/nodes.h"

/* Called once from _PG_init. */
extern void slipway_guard_init(void);

/* A script's statements, or its deferred triggers, begin or cease to run. */
extern void slipway_guard_on(void);
extern void slipway_guard_off(void);

/* A run has ended. Until then, what runs in the middle of our own bookkeeping is watched as scripts are: see outside.h. */
extern void slipway_guard_end(void);
/* The same as the first, for what its held cursors run while it commits. */
extern void slipway_guard_commit(void);
extern bool slipway_guard_active(void);

/*
 * A script is about to run this utility command: raises SW017 for what no
 * hook on objects would show, such as a comment.
 */
extern void slipway_guard_utility(const Node *command);

/*
 * To be called with each utility command of a script: VACUUM, CLUSTER and REINDEX of everything write
 * our tables anew as well, which changes nothing in them. True while one runs itself: commands of the functions
 * that it calls are none. Behind each, however it ends, what was the case before is the case again.
 */
extern bool slipway_guard_maintaining(void);
extern bool slipway_guard_maintain(const Node *command);
extern void slipway_guard_maintained(bool before);

/* Is this module the first to be asked for the right to insert rows? */
extern bool slipway_guard_sees_rows(void);

#endif							/* SLIPWAY_GUARD_H */
