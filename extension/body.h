/*
 * body.h
 *	  Script bodies as they are stored.
 */
#ifndef SLIPWAY_BODY_H
#define SLIPWAY_BODY_H

#include "script.h"

/* What slipway_body_load_small() takes for small, in bytes, and how many at most. */
#define SLIPWAY_BODY_SMALL 8192
#define SLIPWAY_BODY_BATCH 1000

/*
 * Body of a stored script, or NULL; SW014 if it does not have that hash. Opens
 * a scope of spi.h.
 */
extern char *slipway_body_load(const uint8 *hash);

/*
 * Bodies of n stored scripts, by one query: those that are large, or not
 * there, are NULL. Otherwise the same.
 */
extern char **slipway_body_load_small(const uint8 *const *hashes, int n);

#endif							/* SLIPWAY_BODY_H */
