/*
 * interrupt.h
 *	  Signals that ask the program to stop, while it waits for a server that
 *	  is to be told first.
 */
#ifndef SLIPWAY_INTERRUPT_H
#define SLIPWAY_INTERRUPT_H

#include <stdbool.h>

/*
 * At the start of the program. The first process of a container is not ended
 * by signals that it has no handler for; this gives it one, so that SIGINT,
 * SIGTERM and SIGHUP end it as any other, with 128 and their number.
 */
void		slipway_interrupt_prepare(void);

/*
 * From now on SIGINT, SIGTERM and SIGHUP are only noted. Returns a file
 * descriptor that becomes readable when a signal arrives.
 */
int			slipway_interrupt_watch(void);

/*
 * Until they are watched again, a signal prints this message, which must
 * last, and ends the program with SLIPWAY_EXIT_ERROR without any clean-up:
 * for while it is in a call that waits.
 */
void		slipway_interrupt_leave(const char *message);

/* In a new process that a watching one has forked: signals do nothing in it, and its parent is not told of them either. */
void		slipway_interrupt_ignore(void);

/* Signals, if they are watched, go back to ending the program. */
void		slipway_interrupt_unwatch(void);

/* Has a signal arrived since this was last asked? Empties the descriptor. */
bool		slipway_interrupt_arrived(void);

#endif
