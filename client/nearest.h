/*
 * nearest.h
 *	  What somebody probably meant to type.
 */
#ifndef SLIPWAY_NEAREST_H
#define SLIPWAY_NEAREST_H

#include <stddef.h>

/*
 * The name that takes the fewest edits (insert, delete, replace, swap of
 * neighbours) to get from the given word; NULL when none is near enough to
 * be likely. NULLs among the names are skipped.
 */
const char *slipway_nearest_find(const char *word, const char *const names[], size_t count);

#endif
