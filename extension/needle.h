/*
 * needle.h
 *	  Finds what a text shows of a value, however that is quoted, escaped or cut off.
 */
#ifndef SLIPWAY_NEEDLE_H
#define SLIPWAY_NEEDLE_H

#include "nodes/pg_list.h"

typedef struct SlipwayNeedle SlipwayNeedle;

/* Of a value, in the current memory context. */
extern SlipwayNeedle *slipway_needle_make(const char *value);

/*
 * Marks the bytes of a text that belong to one of some needles (a list); NULL: none does. A value is also found in
 * upper or lower case, with quotes and backslashes doubled, put before its characters or left out, and
 * in part: where the text says by "..." that it is cut off there, and where much of its beginning stands.
 */
extern bool *slipway_needle_find(const char *text, const List *needles);

#endif							/* SLIPWAY_NEEDLE_H */
