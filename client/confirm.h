/*
 * confirm.h
 *	  The last moment before something that cannot be taken back.
 */
#ifndef SLIPWAY_CONFIRM_H
#define SLIPWAY_CONFIRM_H

#include <stdbool.h>

/* Is there somebody to ask: are stdin and stderr a terminal? */
bool		slipway_confirm_is_possible(void);

/* Asks; anything but yes is no. */
bool		slipway_confirm_ask(const char *question);

/*
 * Lets so many seconds pass, and says so. An interruption ends the program with SLIPWAY_EXIT_ERROR, with a word
 * that nothing was changed.
 */
void		slipway_confirm_wait(int seconds);

#endif
