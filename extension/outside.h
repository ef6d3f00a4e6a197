/*
 * outside.h
 *	  Functions of others that run in the middle of our bookkeeping.
 *
 * An event trigger fires when slipway.grant_role() grants, a trigger that the owner of the tracking
 * tables has made when a row is written. What such a function does is not ours: the guard
 * watches it as it does scripts.
 */
#ifndef SLIPWAY_OUTSIDE_H
#define SLIPWAY_OUTSIDE_H

/* Does one run, in this scope of spi.h? */
extern bool slipway_outside_runs(void);

/* An error has ended the scope, and with it all of them. */
extern void slipway_outside_forget(void);

/* Called once from _PG_init. */
extern void slipway_outside_init(void);

#endif							/* SLIPWAY_OUTSIDE_H */
