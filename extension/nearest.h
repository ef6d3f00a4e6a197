/*
 * nearest.h
 *	  What somebody probably meant to write.
 */
#ifndef SLIPWAY_NEAREST_H
#define SLIPWAY_NEAREST_H

#include "nodes/pg_list.h"

/* That of the names, a list of strings, which takes the fewest edits; NULL if none is near. */
extern const char *slipway_nearest_find(const char *word, List *names);

#endif							/* SLIPWAY_NEAREST_H */
