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
	double		asked_at;		/* when a store was last asked where to connect to */
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
 * frees. Ends the program with SLIPWAY_EXIT_CONNECTION when the time is over. A store that has given the target is asked
 * anew when the server refuses it, and now and then: what it says by then counts.
 */
char	   *slipway_wait_for_server(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target);

/*
 * Does the store say something else than what was connected with a while ago? Then that is in the target. While somebody
 * changes a password there, waits for that too, for a while.
 */
bool		slipway_wait_has_changed(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target);

#endif
