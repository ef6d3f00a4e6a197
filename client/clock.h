/*
 * clock.h
 *	  Time that passes, whatever happens to the time of day.
 */
#ifndef SLIPWAY_CLOCK_H
#define SLIPWAY_CLOCK_H

/* Milliseconds of a clock that never jumps. */
double		slipway_clock_now(void);

#endif
