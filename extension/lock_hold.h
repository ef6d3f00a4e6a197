/*
 * lock_hold.h
 *	  How long a rehearsal may hold locks that keep others from writing or reading.
 *
 * A lock lasts to the end of the transaction; so what counts is the time since the first
 * such one. A command that may take one and goes on for too long is cancelled, too.
 */
#ifndef SLIPWAY_LOCK_HOLD_H
#define SLIPWAY_LOCK_HOLD_H

#include "datatype/timestamp.h"
#include "nodes/nodes.h"
#include "storage/lockdefs.h"

/* A rehearsal begins, with its limit (ms, 0: none); it ends, also by an error. */
extern void slipway_lock_hold_begin(int limit_ms);
extern void slipway_lock_hold_end(void);

/* Is it a lock that others mind? */
extern bool slipway_lock_hold_minds(LOCKMODE mode);

/* One is held since then; the first counts. name must last. */
extern void slipway_lock_hold_note(LOCKMODE mode, const char *name, TimestampTz since);

/* Is one held, under a limit? */
extern bool slipway_lock_hold_running(void);

/* A statement begins. Between this and the end it may be cancelled. */
extern void slipway_lock_hold_arm(void);

/* A utility command begins, from whatever depth. */
extern void slipway_lock_hold_command(const Node *command);

/* It has ended: raises a cancel that came too late for it. */
extern void slipway_lock_hold_disarm(void);

/* After an error: no timer goes on. Was the error made by one? */
extern bool slipway_lock_hold_ended(const ErrorData *error);

#define SLIPWAY_LOCK_HOLD_HINT "Raise option lock_hold, or rehearse on a copy of the database."

/* Raises SW031, which says what was held for how long. */
extern void slipway_lock_hold_raise(void);

/* The message of that. */
extern char *slipway_lock_hold_message(void);

#endif							/* SLIPWAY_LOCK_HOLD_H */
