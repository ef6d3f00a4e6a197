/*
 * secret_cache.h
 *	  Secrets that were found a moment ago, in memory only.
 */
#ifndef SLIPWAY_SECRET_CACHE_H
#define SLIPWAY_SECRET_CACHE_H

#include <stdbool.h>

#include "secret_buffer.h"

typedef struct SlipwaySecretCache SlipwaySecretCache;

/* Keeps secrets for so many ms; 0: none. */
SlipwaySecretCache *slipway_secret_cache_new(double lifetime);
void		slipway_secret_cache_free(SlipwaySecretCache *cache);

/* Adds what is known to an empty buffer; false: nothing is, or not any more. */
bool		slipway_secret_cache_find(SlipwaySecretCache *cache, const char *name, SlipwaySecretBuffer *value);
void		slipway_secret_cache_keep(SlipwaySecretCache *cache, const char *name, const SlipwaySecretBuffer *value);

/* Forgets all of them. */
void		slipway_secret_cache_clear(SlipwaySecretCache *cache);

#endif
