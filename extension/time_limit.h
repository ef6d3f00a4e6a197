/*
 * time_limit.h
 *	  The longest times that scripts may ask for: a rehearsal has such, whatever they say.
 */
#ifndef SLIPWAY_TIME_LIMIT_H
#define SLIPWAY_TIME_LIMIT_H

/* Until the end lock_timeout and statement_timeout are at most these (ms, 0: no limit). */
extern void slipway_time_limit_begin(int lock_ms, int statement_ms);
extern void slipway_time_limit_end(void);

/* Before something that may wait, and whenever a script may have set something. */
extern void slipway_time_limit_apply(void);

#endif							/* SLIPWAY_TIME_LIMIT_H */
