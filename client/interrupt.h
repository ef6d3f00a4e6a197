/*
 * interrupt.h
 *	  Signals that ask the program to stop, while it waits for a server that
 *	  is to be told first.
 */
#ifndef SLIPWAY_INTERRUPT_H
#define SLIPWAY_INTERRUPT_H

#include <stdbool.h>

/*
 * From now on SIGINT, SIGTERM and SIGHUP are only noted, and a reader that
 * went away does not kill the program. Returns a file descriptor that
 * becomes readable when a signal arrives.
 */
int			slipway_interrupt_watch(void);

/* Signals go back to ending the program. */
void		slipway_interrupt_unwatch(void);

/* Has a signal arrived since this was last asked? Empties the descriptor. */
bool		slipway_interrupt_arrived(void);

#endif
