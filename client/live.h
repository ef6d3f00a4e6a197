/*
 * live.h
 *	  Lines at the bottom of the terminal that are drawn again and again while
 *	  other lines scroll above them. They are on stderr.
 */
#ifndef SLIPWAY_LIVE_H
#define SLIPWAY_LIVE_H

#include <stdbool.h>

/*
 * Is stderr a terminal that can move its cursor, and does nobody want quiet
 * or JSON?
 */
bool		slipway_live_is_possible(void);

/* Columns that a line can have now, at least 1; the window may change its size. */
int			slipway_live_width(void);

/* Shows lines (separated by line feeds, none wider than that) in place of those shown before. */
void		slipway_live_draw(const char *lines);

/*
 * Takes the lines away, if there are any, and leaves the cursor where they
 * began. To be called before anything else is written to the terminal.
 */
void		slipway_live_clear(void);

#endif
