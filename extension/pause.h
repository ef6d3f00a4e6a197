/*
 * pause.h
 *	  Sleeping.
 */
#ifndef SLIPWAY_PAUSE_H
#define SLIPWAY_PAUSE_H

/* Sleeps so many milliseconds; can be cancelled. A long pause should hold no snapshot. */
extern void slipway_pause(long ms);

#endif							/* SLIPWAY_PAUSE_H */
