/*
 * detached.h
 *	  Deploys that outlive the session which began them.
 */
#ifndef SLIPWAY_DETACHED_H
#define SLIPWAY_DETACHED_H

/* The number of the detached deploy that this process is the worker of, or 0. */
extern int64 slipway_detached_number(void);

/*
 * A migration stopped part way, at a unit of so many. If this is a worker, that goes
 * on record with the error that follows.
 */
extern void slipway_detached_note_stop(int unit, int units);

#endif							/* SLIPWAY_DETACHED_H */
