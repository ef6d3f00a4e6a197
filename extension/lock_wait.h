/*
 * lock_wait.h
 *	  How long a script waits for locks, and what is told of it meanwhile.
 */
#ifndef SLIPWAY_LOCK_WAIT_H
#define SLIPWAY_LOCK_WAIT_H

#include "utils/guc.h"

#include "script_error.h"

/* A run begins. */
extern void slipway_lock_wait_begin(void);

/*
 * The settings of a script have just been set, this way: adds those without which the
 * server does not tell who is in the way.
 */
extern void slipway_lock_wait_enter(GucAction action);

/* Around each statement; afterwards warns if it has changed lock_timeout, once a migration. */
extern void slipway_lock_wait_before(void);
extern void slipway_lock_wait_after(const SlipwayPlace *place);

/* Did the administrator ask for a line in the log about each long wait? */
extern bool slipway_lock_wait_logged(void);

#endif							/* SLIPWAY_LOCK_WAIT_H */
