/*
 * pause.h
 *	  Sleeping.
 */
#ifndef SLIPWAY_PAUSE_H
#define SLIPWAY_PAUSE_H

/* Sleeps so many milliseconds; can be cancelled. To be called without a snapshot. */
extern void slipway_pause(long ms);

#endif							/* SLIPWAY_PAUSE_H */
