/*
 * secret_counter.h
 *	  What this process has had to do with stores of secrets, in numbers.
 */
#ifndef SLIPWAY_SECRET_COUNTER_H
#define SLIPWAY_SECRET_COUNTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "http.h"
#include "secret_fault.h"

/* A call of a service, with its last try; and how often it was tried again. */
void		slipway_secret_counter_request(const char *service, const SlipwayHttpCall *call);
void		slipway_secret_counter_retries(size_t count);

/* So many secrets were asked for in a store of that kind at once, which took so many ms. */
void		slipway_secret_counter_fetch(const char *store, size_t count, double duration);
void		slipway_secret_counter_cache(size_t hits, size_t misses);
void		slipway_secret_counter_error(SlipwaySecretFaultKind kind);

/* Has anything been counted? */
bool		slipway_secret_counter_has_any(void);

/* All of it as Prometheus reads it, as "slipway metrics" has it; and as an object with the event "secret_store". */
void		slipway_secret_counter_print(FILE *stream);
json_t	   *slipway_secret_counter_json(void);

/* For people: "3 secrets fetched in 41.0 ms, 2 from the cache, 5 requests". The caller frees it. */
char	   *slipway_secret_counter_describe(void);

#endif
