/*
 * hold_cancel.h
 *	  Keeps cancels off what must be written.
 *
 * The server's HOLD_CANCEL_INTERRUPTS() and RESUME_CANCEL_INTERRUPTS() count up and down. An error that is caught in between, as in a
 * trigger that somebody has put on a tracking table, sets the count to 0, from where it would go down to no end: the session could
 * not be cancelled any more, nor would its timeouts do anything.
 */
#ifndef SLIPWAY_HOLD_CANCEL_H
#define SLIPWAY_HOLD_CANCEL_H

#include "miscadmin.h"

/* Returns what is to be given back. */
static inline uint32
slipway_hold_cancel(void)
{
	return QueryCancelHoldoffCount++;
}

static inline void
slipway_resume_cancel(uint32 before)
{
	QueryCancelHoldoffCount = before;
}

#endif							/* SLIPWAY_HOLD_CANCEL_H */
