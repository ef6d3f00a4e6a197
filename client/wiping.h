/*
 * wiping.h
 *	  Memory for libraries that hold secrets: as of malloc(), and wiped before it is given back.
 *
 * What comes from here may be freed by free() too, unwiped, and what does not may be freed here.
 */
#ifndef SLIPWAY_WIPING_H
#define SLIPWAY_WIPING_H

#include <stddef.h>

void		slipway_wiping_free(void *block);
void	   *slipway_wiping_resize(void *block, size_t size);

/* From now on jansson wipes what it frees. */
void		slipway_wiping_use_for_json(void);

#endif
