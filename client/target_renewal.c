/*
 * target_renewal.c
 *	  What a store of secrets says by now of where to connect to.
 */
#include "target_renewal.h"

#include <string.h>

#include "secret_rotation.h"

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same(const SlipwayTarget *a, const SlipwayTarget *b)
{
	const SlipwayStoredConnection *one = a->stored;
	const SlipwayStoredConnection *other = b->stored;

	return one != NULL && other != NULL &&
		is_same_text(a->conninfo, b->conninfo) && is_same_text(a->search_path, b->search_path) &&
		is_same_text(a->host, b->host) && is_same_text(a->port, b->port) &&
		is_same_text(a->user, b->user) && is_same_text(a->password, b->password) &&
		is_same_text(one->sslmode, other->sslmode) &&
		slipway_memory_file_is_same(&one->root, &other->root) &&
		slipway_memory_file_is_same(&one->certificate, &other->certificate) &&
		slipway_memory_file_is_same(&one->key, &other->key);
}

/* Whoever changes a password leaves a secret in the store until that is done. */
static bool
is_being_changed(SlipwaySecretStore *store)
{
	SlipwaySecretLookup lookups[] = {{.name = SLIPWAY_ROTATION_APPLICATION}, {.name = SLIPWAY_ROTATION_ADMIN}};
	SlipwaySecretFault *fault = slipway_secret_store_fetch(store, lookups, 2);
	bool		found = fault == NULL &&
		(lookups[0].state == SLIPWAY_SECRET_FOUND || lookups[1].state == SLIPWAY_SECRET_FOUND);

	slipway_secret_fault_free(fault);
	slipway_secret_lookup_release(lookups, 2);
	return found;
}

SlipwayRenewal
slipway_target_renew(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	SlipwaySecretStore *store = target->stored != NULL ? slipway_secret_store_find(arguments) : NULL;
	SlipwayTarget now = {.source = NULL};
	SlipwaySecretFault *fault;
	bool		pending;
	bool		same;

	if (store == NULL || !slipway_secret_store_may_change(store))
		return SLIPWAY_RENEWAL_SAME;
	slipway_secret_store_refresh(store);
	/* first this: what is done by then, the answer to the other question has */
	pending = is_being_changed(store);
	fault = slipway_target_ask(arguments, target->is_application, &now);
	if (fault != NULL || !now.is_given)
	{
		slipway_secret_fault_free(fault);
		slipway_target_release(&now);
		return pending ? SLIPWAY_RENEWAL_PENDING : SLIPWAY_RENEWAL_SAME;
	}
	same = is_same(target, &now);
	slipway_target_release(target);
	*target = now;
	return !same ? SLIPWAY_RENEWAL_CHANGED : pending ? SLIPWAY_RENEWAL_PENDING : SLIPWAY_RENEWAL_SAME;
}
