/*
 * wait.h
 *	  Waits for a server, and says what it waits for.
 */
#ifndef SLIPWAY_WAIT_H
#define SLIPWAY_WAIT_H

#include <stdbool.h>

#include "option.h"
#include "target.h"

typedef struct SlipwayWait
{
	double		timeout;		/* ms */
	double		until;			/* as slipway_clock_now() */
	double		pause;			/* ms, before the next try */
} SlipwayWait;

/* As long as --timeout says. */
SlipwayWait slipway_wait_begin(const SlipwayArguments *arguments);

/*
 * Pauses until the next try, ever longer, and not as long as others who have
 * begun at the same time. False when there is no time left.
 */
bool		slipway_wait_pause(SlipwayWait *wait);

/*
 * Finds where to connect to, as slipway_target_ask() does. Tries until the store of secrets, if one has to be asked, is
 * reachable, up to the same end; other faults of it end the program.
 */
void		slipway_wait_for_target(SlipwayWait *wait, const SlipwayArguments *arguments, bool application,
									SlipwayTarget *target);

/*
 * Tries until the server lets this target in, or will not; that, and why not, is for
 * slipway_connection_open() to find. Returns what the server is called, which the caller
 * frees. Ends the program with SLIPWAY_EXIT_CONNECTION when the time is over.
 */
char	   *slipway_wait_for_server(SlipwayWait *wait, const SlipwayTarget *target);

#endif
