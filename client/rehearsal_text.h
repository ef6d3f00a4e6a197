/*
 * rehearsal_text.h
 *	  A rehearsal for people, on stdout.
 */
#ifndef SLIPWAY_REHEARSAL_TEXT_H
#define SLIPWAY_REHEARSAL_TEXT_H

#include "rehearsal.h"

/* Prints a statement at once; the rest waits for slipway_rehearsal_text_end(). */
void		slipway_rehearsal_text_event(const SlipwayRehearsal *rehearsal, const json_t *event);

/*
 * Prints what is to be said at the end, also at one that was not wanted:
 * findings, what was not rolled back, the schema's differences.
 */
void		slipway_rehearsal_text_end(const SlipwayRehearsal *rehearsal);

#endif
