/*
 * barbican_set.h
 *	  Sets of secrets in Barbican.
 *
 * A set that was published is a generic container named slipway/PREFIX. It comes into force with the one request that makes
 * the container, and the one with the highest generation counts. The generation and the name of the set are in the name of
 * one of its references, "@GENERATION-SET", to a secret that is there for this only, as Barbican has no other place for them.
 */
#ifndef SLIPWAY_BARBICAN_SET_H
#define SLIPWAY_BARBICAN_SET_H

#include <jansson.h>
#include <stdbool.h>

#include "barbican_secret.h"

/* A container of a set. */
typedef struct SlipwayBarbicanSet
{
	char		name[SLIPWAY_SECRET_SET_SIZE];
	json_int_t	generation;
	char	   *reference;		/* of the container */
	char	   *mark;			/* of the secret that is for the name */
	char	   *created;		/* as Barbican has it */
	json_t	   *members;		/* name of the secret, without prefix: its reference */
	json_t	   *references;		/* all of them as an array, with the one that is for the name */
} SlipwayBarbicanSet;

/* All sets of the prefix, the one that is in force last. */
typedef struct SlipwayBarbicanSets
{
	SlipwayBarbicanSet *sets;
	size_t		count;
	json_t	   *unmarked;		/* containers of that name without one for it: their references, with those in them as an array */
} SlipwayBarbicanSets;

SlipwaySecretFault *slipway_barbican_sets_find(SlipwayBarbicanStore *store, SlipwayBarbicanSets *sets);
void		slipway_barbican_sets_release(SlipwayBarbicanSets *sets);

/* The one that is in force, or NULL. */
const SlipwayBarbicanSet *slipway_barbican_sets_current(const SlipwayBarbicanSets *sets);

/* A change of one secret of the set: another value or, without an item, none. Several times, if somebody else changes the set too. */
SlipwaySecretFault *slipway_barbican_set_change(SlipwayBarbicanStore *store, const char *name, const SlipwaySecretItem *item);

/* As secret_store.h has them. */
SlipwaySecretFault *slipway_barbican_stage(void *state, const char *set, const SlipwaySecretItem *items, size_t count);
SlipwaySecretFault *slipway_barbican_fetch_staged(void *state, const char *set, SlipwaySecretLookup *lookups, size_t count);
SlipwaySecretFault *slipway_barbican_publish(void *state, const char *set, bool alone);
SlipwaySecretFault *slipway_barbican_is_published(void *state, const char *set, bool *published);
SlipwaySecretFault *slipway_barbican_retire(void *state, const char *set);
SlipwaySecretFault *slipway_barbican_withdraw(void *state, const char *set);
SlipwaySecretFault *slipway_barbican_find_sets(void *state, const char *name, SlipwaySecretSetList *list);

#endif
