/*
 * secret_store.c
 *	  Where secrets are kept: finds the kind of store, and checks what it is asked for.
 */
#include "secret_store.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include "clock.h"
#include "die.h"
#include "memory.h"
#include "secret_cache.h"
#include "secret_counter.h"

#define MAX_NAME 200
#define DEFAULT_LIFETIME_S 300

struct SlipwaySecretStore
{
	const SlipwaySecretProvider *provider;
	char	   *place;
	char		prefix[MAX_NAME + 1];	/* which the state borrows */
	void	   *state;
	SlipwaySecretCache *cache;
	char		staged[SLIPWAY_SECRET_SET_SIZE];	/* that is looked into first, or "" */
	bool		is_alone;		/* and nowhere else */
};

static const SlipwaySecretProvider *const providers[] = {
	&slipway_secret_environment, &slipway_secret_file, &slipway_secret_barbican
};

bool
slipway_secret_is_name(const char *name)
{
	size_t		length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/:");

	return length > 0 && length <= MAX_NAME && name[length] == '\0';
}

/* Is it that kind, perhaps with a place behind a colon? */
static bool
is_kind(const SlipwaySecretProvider *provider, const char *where, const char **place)
{
	size_t		length = strlen(provider->name);

	if (strncmp(where, provider->name, length) != 0 || (where[length] != '\0' && where[length] != ':'))
		return false;
	*place = where[length] == ':' ? where + length + 1 : NULL;
	return true;
}

/* SECRETS_CACHE_TTL is in seconds. */
static SlipwaySecretFault *
read_lifetime(double *lifetime)
{
	const char *text = getenv("SECRETS_CACHE_TTL");

	*lifetime = DEFAULT_LIFETIME_S * 1000.0;
	if (text == NULL || *text == '\0')
		return NULL;
	if (strlen(text) > 9 || text[strspn(text, "0123456789")] != '\0')
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It is a number of seconds; 0 keeps nothing.",
										"invalid value \"%s\" of SECRETS_CACHE_TTL", text);
	*lifetime = strtod(text, NULL) * 1000;
	return NULL;
}

/* Every fault that is returned from here passes this, but for those of a check. */
static SlipwaySecretFault *
count(SlipwaySecretFault *fault)
{
	if (fault != NULL)
		slipway_secret_counter_error(fault->kind);
	return fault;
}

/*
 * From now on there are secrets in memory: no core dump has them, and of the user's other processes none can look at them. A
 * program that this one becomes is as any other.
 */
static void
hide_memory(void)
{
	(void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static SlipwaySecretFault *
check_prefix(const char *prefix)
{
	if (prefix == NULL || *prefix == '\0' || slipway_secret_is_name(prefix))
		return NULL;
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It has letters, digits and _ . - / : only, as PROD_ has.",
									"invalid prefix of secrets \"%s\"", prefix);
}

SlipwaySecretFault *
slipway_secret_store_open(const char *where, const char *prefix, SlipwaySecretStore **store)
{
	const SlipwaySecretProvider *provider = NULL;
	const char *place = NULL;
	double		lifetime;
	SlipwaySecretFault *fault = read_lifetime(&lifetime);

	*store = NULL;
	if (fault != NULL)
		return fault;
	hide_memory();
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]) && provider == NULL; i++)
		if (is_kind(providers[i], where, &place))
			provider = providers[i];
	if (provider == NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "It is environment, file:PATH or barbican.",
										"there is no store of secrets \"%s\"", where);
	fault = check_prefix(prefix);
	if (fault != NULL)
		return fault;
	*store = slipway_memory_new(sizeof(SlipwaySecretStore));
	(*store)->provider = provider;
	(*store)->place = slipway_memory_copy(where);
	if (prefix != NULL)
		memcpy((*store)->prefix, prefix, strlen(prefix) + 1);
	(*store)->cache = slipway_secret_cache_new(lifetime);
	fault = provider->open(place, (*store)->prefix, &(*store)->state);
	if (fault != NULL)
	{
		slipway_secret_store_close(*store);
		*store = NULL;
	}
	return fault;
}

void
slipway_secret_store_close(SlipwaySecretStore *store)
{
	if (store == NULL)
		return;
	if (store->state != NULL)
		store->provider->close(store->state);
	slipway_secret_cache_free(store->cache);
	free(store->place);
	free(store);
}

SlipwaySecretFault *
slipway_secret_store_set_prefix(SlipwaySecretStore *store, const char *prefix)
{
	SlipwaySecretFault *fault = check_prefix(prefix);

	if (fault != NULL)
		return count(fault);
	slipway_secret_cache_clear(store->cache);
	store->staged[0] = '\0';
	memcpy(store->prefix, prefix, strlen(prefix) + 1);
	return NULL;
}

/* That of --secrets. */
static SlipwaySecretStore *found = NULL;

void
slipway_secret_store_forget(void)
{
	slipway_secret_store_close(found);
	found = NULL;
}

SlipwaySecretStore *
slipway_secret_store_find(const SlipwayArguments *arguments)
{
	const char *where = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);

	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);
	static bool registered = false;

	if (where == NULL)
		return NULL;
	if (found != NULL && strcmp(found->place, where) == 0 && strcmp(found->prefix, prefix != NULL ? prefix : "") == 0)
		return found;
	slipway_secret_store_forget();
	slipway_secret_fault_check(slipway_secret_store_open(where, prefix, &found));
	if (!registered && atexit(slipway_secret_store_forget) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
	registered = true;
	return found;
}

const char *
slipway_secret_store_place(const SlipwaySecretStore *store)
{
	return store->place;
}

const char *
slipway_secret_store_prefix(const SlipwaySecretStore *store)
{
	return store->prefix;
}

bool
slipway_secret_store_has_sets(const SlipwaySecretStore *store)
{
	return store->provider->publish != NULL;
}

bool
slipway_secret_store_may_change(const SlipwaySecretStore *store)
{
	return store->provider != &slipway_secret_environment;
}

void
slipway_secret_store_refresh(SlipwaySecretStore *store)
{
	slipway_secret_cache_clear(store->cache);
}

bool
slipway_secret_store_keeps_policies(const SlipwaySecretStore *store)
{
	return store->provider->keeps_policies;
}

static SlipwaySecretFault *
make_unsupported(const SlipwaySecretStore *store, const char *what)
{
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_UNSUPPORTED, "See --secrets.",
									"a store of kind \"%s\" cannot %s", store->provider->name, what);
}

static SlipwaySecretFault *
check_name(const SlipwaySecretStore *store, const char *name)
{
	char	   *whole = slipway_memory_format("%s%s", store->prefix, name);
	bool		good = *name != '\0' && slipway_secret_is_name(whole);

	free(whole);
	return good ? NULL : slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE,
												  "It has letters, digits and _ . - / : only, and at most 200 of them.",
												  "invalid name of a secret \"%s%s\"", store->prefix, name);
}

static SlipwaySecretFault *
check_item(const SlipwaySecretStore *store, const SlipwaySecretItem *item)
{
	SlipwaySecretFault *fault = check_name(store, item->name);

	if (fault == NULL && item->length == 0)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "secret \"%s%s\" would be empty",
										 store->prefix, item->name);
	if (fault == NULL && item->length > SLIPWAY_SECRET_MAX_LENGTH)
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "secret \"%s%s\" is longer than %d bytes",
										 store->prefix, item->name, SLIPWAY_SECRET_MAX_LENGTH);
	return fault;
}

/* Asks the store for what is not known. */
static SlipwaySecretFault *
fetch_unknown(SlipwaySecretStore *store, SlipwaySecretLookup *lookups, size_t number)
{
	SlipwaySecretLookup *asked = slipway_memory_new((number + 1) * sizeof(SlipwaySecretLookup));
	size_t		unknown = 0;
	double		began_at = slipway_clock_now();
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < number; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN)
			asked[unknown++] = (SlipwaySecretLookup) {.name = lookups[i].name};
	fault = unknown > 0 ? count(store->provider->fetch(store->state, asked, unknown)) : NULL;
	slipway_secret_counter_cache(number - unknown, unknown);
	if (unknown > 0)
		slipway_secret_counter_fetch(store->provider->name, unknown, slipway_clock_now() - began_at);
	for (size_t i = 0, j = 0; i < number && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN)
		{
			lookups[i] = asked[j++];
			if (lookups[i].state == SLIPWAY_SECRET_FOUND)
				slipway_secret_cache_keep(store->cache, lookups[i].name, &lookups[i].value);
			else if (lookups[i].state == SLIPWAY_SECRET_FAILED)
				slipway_secret_counter_error(lookups[i].fault->kind);
		}
	if (fault != NULL)
		slipway_secret_lookup_release(asked, unknown);
	free(asked);
	return fault;
}

/* What is staged is not for the cache, as it may never be in force. */
static SlipwaySecretFault *
fetch_staged_first(SlipwaySecretStore *store, SlipwaySecretLookup *lookups, size_t number)
{
	SlipwaySecretFault *fault = count(store->provider->fetch_staged(store->state, store->staged, lookups, number));

	for (size_t i = 0; i < number; i++)
		if (lookups[i].state == SLIPWAY_SECRET_MISSING && !store->is_alone)
			lookups[i].state = SLIPWAY_SECRET_UNKNOWN;
	return fault;
}

SlipwaySecretFault *
slipway_secret_store_fetch(SlipwaySecretStore *store, SlipwaySecretLookup *lookups, size_t number)
{
	SlipwaySecretFault *fault = NULL;

	for (size_t i = 0; i < number && fault == NULL; i++)
		fault = check_name(store, lookups[i].name);
	if (fault == NULL && store->staged[0] != '\0')
	{
		fault = fetch_staged_first(store, lookups, number);
		if (fault != NULL || store->is_alone)
			return fault;
	}
	if (fault != NULL)
		return count(fault);
	for (size_t i = 0; i < number; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN &&
			slipway_secret_cache_find(store->cache, lookups[i].name, &lookups[i].value))
			lookups[i].state = SLIPWAY_SECRET_FOUND;
	return fetch_unknown(store, lookups, number);
}

/* Is it UTF-8 without a NUL? */
static bool
is_text(const char *bytes, size_t length)
{
	json_t	   *text = json_stringn(bytes, length);
	bool		good = text != NULL && memchr(bytes, '\0', length) == NULL;

	json_decref(text);
	return good;
}

SlipwaySecretFault *
slipway_secret_lookup_text(const SlipwaySecretStore *store, SlipwaySecretLookup *lookup, const char **text)
{
	const char *wrong;

	*text = NULL;
	if (lookup->state == SLIPWAY_SECRET_MISSING)
		return NULL;
	if (lookup->state == SLIPWAY_SECRET_FAILED)
		return slipway_secret_fault_new(lookup->fault->kind, lookup->fault->hint, "%s", lookup->fault->text);
	wrong = lookup->value.length == 0 ? "is empty" : is_text(lookup->value.data, lookup->value.length) ? NULL : "is not text";
	if (wrong != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Store it again: \"slipway secret put\".",
										"secret \"%s%s\" in %s %s", store->prefix, lookup->name, store->place, wrong);
	*text = lookup->value.data;
	return NULL;
}

void
slipway_secret_lookup_release(SlipwaySecretLookup *lookups, size_t number)
{
	for (size_t i = 0; i < number; i++)
	{
		slipway_secret_buffer_release(&lookups[i].value);
		slipway_secret_fault_free(lookups[i].fault);
		lookups[i].fault = NULL;
		lookups[i].state = SLIPWAY_SECRET_UNKNOWN;
	}
}

SlipwaySecretFault *
slipway_secret_store_put(SlipwaySecretStore *store, const SlipwaySecretItem *item)
{
	SlipwaySecretFault *fault = check_item(store, item);

	if (fault != NULL)
		return count(fault);
	if (store->provider->put == NULL)
		return count(make_unsupported(store, "be written to"));
	slipway_secret_cache_clear(store->cache);
	return count(store->provider->put(store->state, item));
}

SlipwaySecretFault *
slipway_secret_store_remove(SlipwaySecretStore *store, const char *name, bool *existed)
{
	SlipwaySecretFault *fault = check_name(store, name);

	*existed = false;
	if (fault != NULL)
		return count(fault);
	if (store->provider->remove == NULL)
		return count(make_unsupported(store, "be written to"));
	slipway_secret_cache_clear(store->cache);
	return count(store->provider->remove(store->state, name, existed));
}

static int
compare_entries(const void *a, const void *b)
{
	return strcmp(((const SlipwaySecretEntry *) a)->name, ((const SlipwaySecretEntry *) b)->name);
}

SlipwaySecretFault *
slipway_secret_store_list(SlipwaySecretStore *store, SlipwaySecretList *list)
{
	SlipwaySecretFault *fault;

	*list = (SlipwaySecretList) {0};
	fault = store->provider->list(store->state, list);
	if (fault != NULL)
		slipway_secret_list_release(list);
	else if (list->count > 0)
		qsort(list->entries, list->count, sizeof(SlipwaySecretEntry), compare_entries);
	return count(fault);
}

void
slipway_secret_list_release(SlipwaySecretList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		free(list->entries[i].name);
		free(list->entries[i].purpose);
		free(list->entries[i].environment);
	}
	free(list->entries);
	*list = (SlipwaySecretList) {0};
}

SlipwaySecretFault *
slipway_secret_store_fetch_certificate(SlipwaySecretStore *store, const char *name, bool *exists,
									   SlipwaySecretCertificate *certificate)
{
	SlipwaySecretFault *fault = check_name(store, name);

	*exists = false;
	*certificate = (SlipwaySecretCertificate) {0};
	if (fault != NULL || store->provider->fetch_certificate == NULL)
		return count(fault);
	fault = store->provider->fetch_certificate(store->state, name, exists, certificate);
	if (fault != NULL)
		slipway_secret_certificate_release(certificate);
	return count(fault);
}

SlipwaySecretFault *
slipway_secret_store_put_certificate(SlipwaySecretStore *store, const char *name,
									 const SlipwaySecretCertificate *certificate)
{
	SlipwaySecretFault *fault = check_name(store, name);

	if (fault != NULL)
		return count(fault);
	if (store->provider->put_certificate == NULL)
		return count(make_unsupported(store, "hold certificates"));
	return count(store->provider->put_certificate(store->state, name, certificate));
}

void
slipway_secret_certificate_release(SlipwaySecretCertificate *certificate)
{
	slipway_secret_buffer_release(&certificate->root);
	slipway_secret_buffer_release(&certificate->certificate);
	slipway_secret_buffer_release(&certificate->private_key);
}

void
slipway_secret_store_make_set(char set[SLIPWAY_SECRET_SET_SIZE])
{
	unsigned char bytes[(SLIPWAY_SECRET_SET_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes))
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the system has no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void) snprintf(set + 2 * i, 3, "%02x", bytes[i]);
}

static SlipwaySecretFault *
check_set(const SlipwaySecretStore *store, const char *set)
{
	if (!slipway_secret_store_has_sets(store))
		return make_unsupported(store, "replace several secrets at once");
	if (strspn(set, "0123456789abcdef") != SLIPWAY_SECRET_SET_SIZE - 1 || set[SLIPWAY_SECRET_SET_SIZE - 1] != '\0')
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "invalid name of a set of secrets");
	return NULL;
}

SlipwaySecretFault *
slipway_secret_store_stage(SlipwaySecretStore *store, const char *set, const SlipwaySecretItem *items, size_t number)
{
	SlipwaySecretFault *fault = check_set(store, set);

	for (size_t i = 0; i < number && fault == NULL; i++)
		fault = check_item(store, &items[i]);
	return count(fault != NULL ? fault : store->provider->stage(store->state, set, items, number));
}

SlipwaySecretFault *
slipway_secret_store_fetch_staged(SlipwaySecretStore *store, const char *set, SlipwaySecretLookup *lookups, size_t number)
{
	SlipwaySecretFault *fault = check_set(store, set);

	return count(fault != NULL ? fault : store->provider->fetch_staged(store->state, set, lookups, number));
}

SlipwaySecretFault *
slipway_secret_store_publish(SlipwaySecretStore *store, const char *set, bool alone)
{
	SlipwaySecretFault *fault = check_set(store, set);

	slipway_secret_cache_clear(store->cache);
	return count(fault != NULL ? fault : store->provider->publish(store->state, set, alone));
}

SlipwaySecretFault *
slipway_secret_store_is_published(SlipwaySecretStore *store, const char *set, bool *published)
{
	SlipwaySecretFault *fault = check_set(store, set);

	*published = false;
	return count(fault != NULL ? fault : store->provider->is_published(store->state, set, published));
}

SlipwaySecretFault *
slipway_secret_store_retire(SlipwaySecretStore *store, const char *set)
{
	SlipwaySecretFault *fault = check_set(store, set);

	slipway_secret_cache_clear(store->cache);
	return count(fault != NULL ? fault : store->provider->retire(store->state, set));
}

SlipwaySecretFault *
slipway_secret_store_withdraw(SlipwaySecretStore *store, const char *set)
{
	SlipwaySecretFault *fault = check_set(store, set);

	slipway_secret_cache_clear(store->cache);
	return count(fault != NULL ? fault : store->provider->withdraw(store->state, set));
}

SlipwaySecretFault *
slipway_secret_store_find_sets(SlipwaySecretStore *store, const char *name, SlipwaySecretSetList *list)
{
	SlipwaySecretFault *fault;

	*list = (SlipwaySecretSetList) {0};
	if (store->provider->find_sets == NULL)
		return count(make_unsupported(store, "replace several secrets at once"));
	fault = store->provider->find_sets(store->state, name, list);
	if (fault != NULL)
		slipway_secret_set_list_release(list);
	return count(fault);
}

void
slipway_secret_set_list_add(SlipwaySecretSetList *list, const char *set, const char *prefix, size_t length)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->sets[i].name, set) == 0)
			return;
	list->sets = slipway_memory_resize(list->sets, list->count + 1, sizeof(SlipwaySecretSet));
	list->sets[list->count].prefix = slipway_memory_copy_bytes(prefix, length);
	memcpy(list->sets[list->count++].name, set, SLIPWAY_SECRET_SET_SIZE);
}

void
slipway_secret_set_list_release(SlipwaySecretSetList *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->sets[i].prefix);
	free(list->sets);
	*list = (SlipwaySecretSetList) {0};
}

void
slipway_secret_store_look_into(SlipwaySecretStore *store, const char *set, bool alone)
{
	store->is_alone = alone;
	(void) snprintf(store->staged, sizeof(store->staged), "%s", set != NULL ? set : "");
}

SlipwaySecretFault *
slipway_secret_store_describe(SlipwaySecretStore *store, SlipwaySecretVariable variables[SLIPWAY_SECRET_MAX_VARIABLES],
							  size_t *number)
{
	*number = 0;
	return store->provider->describe != NULL ? count(store->provider->describe(store->state, variables, number)) : NULL;
}

/* A report, and whom it is for. */
typedef struct Listener
{
	SlipwaySecretReport report;
	void	   *context;
} Listener;

static void
count_step(void *context, const SlipwaySecretStep *step)
{
	const Listener *listener = context;

	if (step->fault != NULL)
		slipway_secret_counter_error(step->fault->kind);
	listener->report(listener->context, step);
}

void
slipway_secret_store_check(SlipwaySecretStore *store, SlipwaySecretReport report, void *context)
{
	store->provider->check(store->state, count_step, &(Listener) {report, context});
}
