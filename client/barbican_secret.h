/*
 * barbican_secret.h
 *	  Secrets in Barbican, as slipway keeps them there.
 *
 * What is not in force is named NAME@SET, so that nobody finds it by its name. Every one has the tag slipway-SET as its algorithm, which
 * Barbican keeps for information only, so that all of a set is found, also where the answer was lost when it was stored.
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

/* Is it in an array of references, which may be NULL? */
bool		slipway_barbican_has_reference(const json_t *list, const char *reference);

/* Secrets of exactly that name, prefix included; with that tag. Oldest first. */
SlipwaySecretFault *slipway_barbican_find_named(SlipwayBarbicanStore *store, const char *name, json_t **items);
SlipwaySecretFault *slipway_barbican_find_staged(SlipwayBarbicanStore *store, const char *set, json_t **items);

/* Removes what has that tag, but for some references, an array of texts, which may be NULL. */
SlipwaySecretFault *slipway_barbican_remove_staged(SlipwayBarbicanStore *store, const char *set, const json_t *but);

/* A fault whose effects were to be undone: it says so if they could not be. Takes both; the second may be NULL. */
SlipwaySecretFault *slipway_barbican_doubt(SlipwaySecretFault *fault, SlipwaySecretFault *undone);

/* What was replaced could not be removed: no failure of what has replaced it. Takes the fault, which may be NULL. */
void		slipway_barbican_warn_of_rest(SlipwaySecretFault *fault);

/*
 * Stores secrets with what is known of them, in parallel; without a set they are in force at once. old has, for each, a reference of the one that it is to
 * replace, or a null: what a policy leaves open is taken from there. references becomes an array of those of the new
 * ones. After a fault nothing is left, as far as that can be done; of a set, what is tagged may be.
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
