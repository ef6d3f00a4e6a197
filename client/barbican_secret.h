/*
 * barbican_secret.h
 *	  Secrets in Barbican, as slipway keeps them there.
 *
 * What is not in force is named NAME@SET, so that nobody finds it by its name, and has the tag slipway-SET as its algorithm, which
 * Barbican keeps for information only, so that all of a set is found.
 */
#ifndef SLIPWAY_BARBICAN_SECRET_H
#define SLIPWAY_BARBICAN_SECRET_H

#include <jansson.h>

#include "barbican.h"
#include "secret_store.h"

/* The state of the store; see secret_store.h. */
typedef struct SlipwayBarbicanStore
{
	SlipwayBarbican *barbican;
	const char *prefix;
} SlipwayBarbicanStore;

/* What an item in Barbican's list is called, and its reference; never NULL. */
const char *slipway_barbican_name(const json_t *item);
const char *slipway_barbican_reference(const json_t *item);

/* Secrets of exactly that name, prefix included; with that tag. Oldest first. */
SlipwaySecretFault *slipway_barbican_find_named(SlipwayBarbicanStore *store, const char *name, json_t **items);
SlipwaySecretFault *slipway_barbican_find_staged(SlipwayBarbicanStore *store, const char *set, json_t **items);

/*
 * Stores secrets with what is known of them, in parallel; set may be NULL. old has, for each, a reference of the one that it is to
 * replace, or a null: what a policy leaves open is taken from there. references becomes an array of those of the new
 * ones. After a fault nothing is left, as far as that can be done.
 */
SlipwaySecretFault *slipway_barbican_store_items(SlipwayBarbicanStore *store, const SlipwaySecretItem *items, size_t count,
												 const char *set, const json_t *old, json_t **references);

/*
 * Looks up what some references are of, in parallel; those of the lookups without one (a NULL) are left alone. What does not exist (any
 * more) stays SLIPWAY_SECRET_UNKNOWN.
 */
SlipwaySecretFault *slipway_barbican_fetch_payloads(SlipwayBarbicanStore *store, SlipwaySecretLookup *lookups,
													const char *const *references, size_t count);

#endif
