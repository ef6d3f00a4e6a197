/*
 * secret_barbican.c
 *	  Secrets in OpenStack Barbican.
 *
 * Where several secrets of a prefix belong together they are a set (barbican_set.h). What is not in it is looked for by its name: it may
 * have been stored with another program. Barbican's names are not unique, and its secrets do not change: the one that was made last
 * counts, and a new value is a new secret, after which the ones before are removed.
 */
#include <stdlib.h>
#include <string.h>

#include "barbican_certificate.h"
#include "barbican_set.h"
#include "clock.h"
#include "iso_time.h"
#include "memory.h"

/* How often a secret is looked up that is removed at just that moment, as it is being replaced. */
#define MAX_LOOKS 4

#define DAY 86400

static SlipwaySecretFault *
open_barbican(const char *place, const char *prefix, void **state)
{
	SlipwayBarbicanStore *store;
	SlipwaySecretFault *fault;

	if (place != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Write --secrets barbican, and set OS_AUTH_URL and so on.",
										"where Barbican is, is not said with --secrets");
	store = slipway_memory_new(sizeof(SlipwayBarbicanStore));
	store->prefix = prefix;
	fault = slipway_barbican_open(&store->barbican);
	if (fault != NULL)
		free(store);
	else
		*state = store;
	return fault;
}

static void
close_barbican(void *state)
{
	SlipwayBarbicanStore *store = state;

	slipway_barbican_close(store->barbican);
	free(store);
}

/* The newest secret of exactly that name in an answer; *more: there may be others behind it. */
static char *
choose_named(const json_t *answer, const char *name, bool *more)
{
	const json_t *secrets = json_object_get(answer, "secrets");
	const json_t *item;
	size_t		i;

	*more = false;
	json_array_foreach(secrets, i, item)
		if (strcmp(slipway_barbican_name(item), name) == 0)
			return slipway_memory_copy(slipway_barbican_reference(item));
	*more = json_integer_value(json_object_get(answer, "total")) > (json_int_t) json_array_size(secrets);
	return NULL;
}

/* As the name is a pattern, others may have filled the answer. */
static SlipwaySecretFault *
find_slowly(SlipwayBarbicanStore *store, const char *name, char **reference)
{
	json_t	   *items;
	SlipwaySecretFault *fault = slipway_barbican_find_named(store, name, &items);

	if (json_array_size(items) > 0)
		*reference = slipway_memory_copy(slipway_barbican_reference(json_array_get(items, json_array_size(items) - 1)));
	json_decref(items);
	return fault;
}

static bool
is_open(const SlipwaySecretLookup *lookup, const char *reference)
{
	return lookup->state == SLIPWAY_SECRET_UNKNOWN && reference == NULL;
}

/*
 * Finds several with one question: for all that has the prefix. *all: that is all there is, so that what was not
 * found is nowhere.
 */
static SlipwaySecretFault *
find_by_prefix(SlipwayBarbicanStore *store, const SlipwaySecretLookup *lookups, char **references, size_t count, bool *all)
{
	char	   *escaped = slipway_barbican_escape(store->prefix);
	SlipwayBarbicanCall call = {
		.method = "GET", .path = slipway_memory_format("secrets?name=%s%%25&limit=100&sort=created:desc", escaped)
	};
	SlipwaySecretFault *fault = slipway_barbican_perform(store->barbican, &call, 1);
	json_t	   *answer = NULL;
	size_t		size;

	free(escaped);
	if (fault == NULL)
		fault = slipway_barbican_read(&call, &answer);
	size = json_array_size(json_object_get(answer, "secrets"));
	/* a Barbican that has nothing may be one that takes no patterns */
	*all = fault == NULL && size > 0 && json_integer_value(json_object_get(answer, "total")) <= (json_int_t) size;
	for (size_t i = 0; i < count && *all; i++)
		if (is_open(&lookups[i], references[i]))
		{
			char	   *name = slipway_memory_format("%s%s", store->prefix, lookups[i].name);
			bool		more;

			references[i] = choose_named(answer, name, &more);
			free(name);
		}
	json_decref(answer);
	slipway_barbican_release(&call, 1);
	return fault;
}

/* The same with a question for each of them, in parallel. */
static SlipwaySecretFault *
find_by_name(SlipwayBarbicanStore *store, const SlipwaySecretLookup *lookups, char **references, size_t count)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((count + 1) * sizeof(SlipwayBarbicanCall));
	size_t	   *places = slipway_memory_new((count + 1) * sizeof(size_t));
	size_t		asked = 0;
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < count; i++)
		if (is_open(&lookups[i], references[i]))
		{
			char	   *name = slipway_memory_format("%s%s", store->prefix, lookups[i].name);
			char	   *escaped = slipway_barbican_escape(name);

			places[asked] = i;
			calls[asked++] = (SlipwayBarbicanCall) {
				.method = "GET", .path = slipway_memory_format("secrets?name=%s&limit=100&sort=created:desc", escaped)
			};
			free(escaped);
			free(name);
		}
	fault = slipway_barbican_perform(store->barbican, calls, asked);
	for (size_t i = 0; i < asked && fault == NULL; i++)
	{
		char	   *name = slipway_memory_format("%s%s", store->prefix, lookups[places[i]].name);
		json_t	   *answer;
		bool		more;

		fault = slipway_barbican_read(&calls[i], &answer);
		references[places[i]] = choose_named(answer, name, &more);
		if (fault == NULL && more)
			fault = find_slowly(store, name, &references[places[i]]);
		json_decref(answer);
		free(name);
	}
	slipway_barbican_release(calls, asked);
	free(places);
	free(calls);
	return fault;
}

/* Finds the references of those which have none yet and are to be looked for; what is not found stays without. */
static SlipwaySecretFault *
find_references(SlipwayBarbicanStore *store, const SlipwaySecretLookup *lookups, char **references, size_t count)
{
	size_t		open = 0;
	bool		all = false;
	SlipwaySecretFault *fault = NULL;

	for (size_t i = 0; i < count; i++)
		open += is_open(&lookups[i], references[i]);
	if (open > 1)
		fault = find_by_prefix(store, lookups, references, count, &all);
	return fault != NULL || all || open == 0 ? fault : find_by_name(store, lookups, references, count);
}

/* One look: answers what it finds; what turns out to be nowhere is missing; what vanished meanwhile stays unknown. */
static SlipwaySecretFault *
look(SlipwayBarbicanStore *store, SlipwaySecretLookup *lookups, char **references, size_t count)
{
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	current = slipway_barbican_sets_current(&sets);
	for (size_t i = 0; i < count && current != NULL; i++)
	{
		const char *reference = json_string_value(json_object_get(current->members, lookups[i].name));

		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN && reference != NULL)
			references[i] = slipway_memory_copy(reference);
	}
	slipway_barbican_sets_release(&sets);
	if (fault == NULL)
		fault = find_references(store, lookups, references, count);
	for (size_t i = 0; i < count && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN && references[i] == NULL)
			lookups[i].state = SLIPWAY_SECRET_MISSING;
	if (fault == NULL)
		fault = slipway_barbican_fetch_payloads(store, lookups, (const char *const *) references, count);
	for (size_t i = 0; i < count; i++)
	{
		free(references[i]);
		references[i] = NULL;
	}
	return fault;
}

static SlipwaySecretFault *
fetch(void *state, SlipwaySecretLookup *lookups, size_t count)
{
	SlipwayBarbicanStore *store = state;
	char	  **references = slipway_memory_new((count + 1) * sizeof(char *));
	SlipwaySecretFault *fault = NULL;
	size_t		open = count;

	for (int i = 0; i < MAX_LOOKS && open > 0 && fault == NULL; i++)
	{
		fault = look(store, lookups, references, count);
		open = 0;
		for (size_t j = 0; j < count; j++)
			open += lookups[j].state == SLIPWAY_SECRET_UNKNOWN;
	}
	for (size_t i = 0; i < count && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN)
		{
			lookups[i].state = SLIPWAY_SECRET_FAILED;
			lookups[i].fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_CONFLICT, "Try again.",
														"secret \"%s%s\" is being changed by somebody else", store->prefix,
														lookups[i].name);
		}
	free(references);
	return fault;
}

/* Is it one of the set that is in force? If not, left is that set where it is still one of a set before, else "". */
static SlipwaySecretFault *
find_in_sets(SlipwayBarbicanStore *store, const char *name, bool *is_member, char left[SLIPWAY_SECRET_SET_SIZE])
{
	SlipwayBarbicanSets sets = {0};
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);
	const SlipwayBarbicanSet *current = slipway_barbican_sets_current(&sets);

	*is_member = current != NULL && json_object_get(current->members, name) != NULL;
	left[0] = '\0';
	for (size_t i = 0; i < sets.count && current != NULL && !*is_member; i++)
		if (json_object_get(sets.sets[i].members, name) != NULL)
			memcpy(left, current->name, SLIPWAY_SECRET_SET_SIZE);
	slipway_barbican_sets_release(&sets);
	return fault;
}

static json_t *
list_references(const json_t *items)
{
	json_t	   *references = json_array();

	for (size_t i = 0; i < json_array_size(items); i++)
		(void) json_array_append_new(references, json_string(slipway_barbican_reference(json_array_get(items, i))));
	return references;
}

/*
 * A single secret. Those that were there before are removed once the new one is: not all others, as of two who do
 * this at the same time none would be left.
 */
static SlipwaySecretFault *
put_single(SlipwayBarbicanStore *store, const SlipwaySecretItem *item)
{
	char	   *name = slipway_memory_format("%s%s", store->prefix, item->name);
	json_t	   *before;
	json_t	   *references = NULL;
	SlipwaySecretFault *fault = slipway_barbican_find_named(store, name, &before);

	if (fault == NULL)
	{
		json_t	   *obsolete = list_references(before);
		json_t	   *old = json_array();

		if (json_array_size(obsolete) > 0)
			(void) json_array_append(old, json_array_get(obsolete, json_array_size(obsolete) - 1));
		fault = slipway_barbican_store_items(store, item, 1, NULL, old, &references);
		if (fault == NULL)
			slipway_barbican_warn_of_rest(slipway_barbican_delete(store->barbican, obsolete));
		json_decref(references);
		json_decref(obsolete);
		json_decref(old);
	}
	json_decref(before);
	free(name);
	return fault;
}

static SlipwaySecretFault *
put(void *state, const SlipwaySecretItem *item)
{
	char		left[SLIPWAY_SECRET_SET_SIZE];
	bool		is_member;
	SlipwaySecretFault *fault = find_in_sets(state, item->name, &is_member, left);

	if (fault != NULL)
		return fault;
	return is_member ? slipway_barbican_set_change(state, item->name, item) : put_single(state, item);
}

static SlipwaySecretFault *
remove_secret(void *state, const char *name, bool *existed)
{
	SlipwayBarbicanStore *store = state;
	char	   *whole = slipway_memory_format("%s%s", store->prefix, name);
	json_t	   *items = NULL;
	json_t	   *containers = NULL;
	char		left[SLIPWAY_SECRET_SET_SIZE];
	bool		is_member;
	SlipwaySecretFault *fault = find_in_sets(store, name, &is_member, left);

	if (fault == NULL)
		fault = slipway_barbican_find_named(store, whole, &items);
	if (fault == NULL)
		fault = slipway_barbican_find_certificates(store, whole, &containers);
	*existed = fault == NULL && (is_member || left[0] != '\0' || json_array_size(items) > 0 || json_array_size(containers) > 0);
	/* single ones first: else, for a moment, an old one would be found */
	if (fault == NULL)
	{
		json_t	   *references = list_references(items);

		fault = slipway_barbican_delete(store->barbican, references);
		json_decref(references);
	}
	if (fault == NULL && is_member)
		fault = slipway_barbican_set_change(store, name, NULL);
	/* somebody was stopped in removing it */
	if (fault == NULL && left[0] != '\0')
		fault = slipway_barbican_retire(store, left);
	if (fault == NULL)
		fault = slipway_barbican_delete_certificates(store, containers);
	json_decref(containers);
	json_decref(items);
	free(whole);
	return fault;
}

/* Adds a line of the list, or replaces it: what comes later counts more. */
static void
add_entry(SlipwaySecretList *list, json_t *references, const char *name, const json_t *item, bool in_set, bool is_certificate)
{
	SlipwaySecretEntry *entry = NULL;

	for (size_t i = 0; i < list->count && entry == NULL; i++)
		if (strcmp(list->entries[i].name, name) == 0 && list->entries[i].is_certificate == is_certificate)
		{
			entry = &list->entries[i];
			(void) json_array_set_new(references, i, json_string(slipway_barbican_reference(item)));
		}
	if (entry == NULL)
	{
		list->entries = slipway_memory_resize(list->entries, list->count + 1, sizeof(SlipwaySecretEntry));
		entry = &list->entries[list->count++];
		*entry = (SlipwaySecretEntry) {.name = slipway_memory_copy(name), .is_certificate = is_certificate};
		(void) json_array_append_new(references, json_string(slipway_barbican_reference(item)));
	}
	entry->in_set = in_set;
	entry->created_at = slipway_iso_time_read(json_string_value(json_object_get(item, "created")));
	entry->updated_at = slipway_iso_time_read(json_string_value(json_object_get(item, "updated")));
}

/* The name without the prefix; NULL: it is none of ours, or not in force. */
static const char *
cut_prefix(const SlipwayBarbicanStore *store, const char *name)
{
	size_t		length = strlen(store->prefix);

	return strncmp(name, store->prefix, length) == 0 && name[length] != '\0' && strchr(name, '@') == NULL ? name + length : NULL;
}

static SlipwaySecretFault *
collect(SlipwayBarbicanStore *store, SlipwaySecretList *list, json_t *references)
{
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	json_t	   *secrets = NULL;
	json_t	   *containers = NULL;
	const json_t *item;
	const char *key;
	json_t	   *value;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_list(store->barbican, "secrets", "", &secrets);

	if (fault == NULL)
		fault = slipway_barbican_list(store->barbican, "containers", "", &containers);
	if (fault == NULL)
		fault = slipway_barbican_sets_find(store, &sets);
	current = slipway_barbican_sets_current(&sets);
	json_array_foreach(secrets, i, item)
		if (cut_prefix(store, slipway_barbican_name(item)) != NULL)
			add_entry(list, references, cut_prefix(store, slipway_barbican_name(item)), item, false, false);
	json_array_foreach(containers, i, item)
		if (slipway_barbican_is_certificate(item) && cut_prefix(store, slipway_barbican_name(item)) != NULL)
			add_entry(list, references, cut_prefix(store, slipway_barbican_name(item)), item, false, true);
	if (current != NULL && fault == NULL)
		json_array_foreach(secrets, i, item)
			json_object_foreach(current->members, key, value)
				if (strcmp(json_string_value(value), slipway_barbican_reference(item)) == 0)
					add_entry(list, references, key, item, true, false);
	json_decref(secrets);
	json_decref(containers);
	slipway_barbican_sets_release(&sets);
	return fault;
}

static char *
copy_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && *text != '\0' ? slipway_memory_copy(text) : NULL;
}

/* What is known of each secret, in parallel. */
static SlipwaySecretFault *
add_metadata(SlipwayBarbicanStore *store, SlipwaySecretList *list, const json_t *references)
{
	SlipwayBarbicanCall *calls = slipway_memory_new((list->count + 1) * sizeof(SlipwayBarbicanCall));
	size_t	   *places = slipway_memory_new((list->count + 1) * sizeof(size_t));
	size_t		asked = 0;
	SlipwaySecretFault *fault;

	for (size_t i = 0; i < list->count; i++)
	{
		char	   *path = slipway_barbican_path(json_string_value(json_array_get(references, i)));

		if (!list->entries[i].is_certificate && path != NULL)
		{
			places[asked] = i;
			calls[asked++] = (SlipwayBarbicanCall) {.method = "GET", .path = slipway_memory_format("%s/metadata", path)};
		}
		free(path);
	}
	fault = slipway_barbican_perform(store->barbican, calls, asked);
	for (size_t i = 0; i < asked && fault == NULL; i++)
	{
		SlipwaySecretEntry *entry = &list->entries[places[i]];
		json_t	   *answer;
		const json_t *metadata;
		const char *days;

		fault = slipway_barbican_read(&calls[i], &answer);
		/* one that is removed just now, or belongs to somebody else, has none */
		if (fault != NULL && (fault->kind == SLIPWAY_SECRET_FAULT_MISSING || fault->kind == SLIPWAY_SECRET_FAULT_FORBIDDEN))
		{
			slipway_secret_fault_free(fault);
			fault = NULL;
		}
		metadata = json_object_get(answer, "metadata");
		entry->purpose = copy_text(metadata, "purpose");
		entry->environment = copy_text(metadata, "environment");
		days = json_string_value(json_object_get(metadata, "rotation_days"));
		entry->rotation_days = days != NULL && strlen(days) < 6 ? (int) strtol(days, NULL, 10) : 0;
		if (entry->rotation_days > 0 && entry->created_at > 0)
			entry->rotation_due_at = entry->created_at + (time_t) entry->rotation_days * DAY;
		json_decref(answer);
	}
	slipway_barbican_release(calls, asked);
	free(places);
	free(calls);
	return fault;
}

static SlipwaySecretFault *
list_secrets(void *state, SlipwaySecretList *list)
{
	json_t	   *references = json_array();
	SlipwaySecretFault *fault = collect(state, list, references);

	if (fault == NULL)
		fault = add_metadata(state, list, references);
	json_decref(references);
	return fault;
}

/* A step of the health check; true if it has worked. */
static bool
tell(SlipwaySecretReport report, void *context, const char *name, double began_at, char *detail, SlipwaySecretFault *fault)
{
	bool		good = fault == NULL;

	report(context, &(SlipwaySecretStep) {
		.name = name, .detail = good ? detail : NULL, .fault = fault, .duration = slipway_clock_now() - began_at
	});
	free(detail);
	slipway_secret_fault_free(fault);
	return good;
}

static void
check(void *state, SlipwaySecretReport report, void *context)
{
	SlipwayBarbicanStore *store = state;
	const SlipwayToken *token = slipway_barbican_token(store->barbican);
	double		began_at = slipway_clock_now();
	SlipwaySecretFault *fault = slipway_barbican_log_in(store->barbican);
	SlipwayBarbicanCall call = {.method = "GET"};
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	json_t	   *answer = NULL;
	char	   *expires;

	expires = slipway_iso_time_write(token->expires_at);
	if (!tell(report, context, "log in to Keystone", began_at,
			  slipway_memory_format("user %s, project %s, roles %s, until %s", token->user != NULL ? token->user : "?",
									token->project != NULL ? token->project : "?", token->roles != NULL ? token->roles : "none",
									expires), fault))
	{
		free(expires);
		return;
	}
	free(expires);
	began_at = slipway_clock_now();
	call.path = slipway_memory_copy("secrets?limit=1");
	fault = slipway_barbican_perform(store->barbican, &call, 1);
	if (fault == NULL)
		fault = slipway_barbican_read(&call, &answer);
	slipway_barbican_release(&call, 1);
	if (tell(report, context, "ask Barbican", began_at,
			 slipway_memory_format("%s, %lld secrets in the project", token->endpoint != NULL ? token->endpoint : "?",
								   (long long) json_integer_value(json_object_get(answer, "total"))), fault))
	{
		began_at = slipway_clock_now();
		fault = slipway_barbican_sets_find(store, &sets);
		current = slipway_barbican_sets_current(&sets);
		(void) tell(report, context, "look for the set of secrets", began_at,
					current == NULL ? slipway_memory_format("none for prefix \"%s\": single secrets count", store->prefix)
					: slipway_memory_format("generation %lld with %zu secrets", (long long) current->generation,
											json_object_size(current->members)), fault);
		slipway_barbican_sets_release(&sets);
	}
	json_decref(answer);
}

/* The endpoint as a catalog has it, without the version. */
static SlipwaySecretFault *
describe(void *state, SlipwaySecretVariable *variables, size_t *count)
{
	SlipwayBarbicanStore *store = state;
	const SlipwayToken *token = slipway_barbican_token(store->barbican);
	const char *keystone = slipway_barbican_cloud(store->barbican)->values[SLIPWAY_OPENSTACK_AUTH_URL];
	SlipwaySecretFault *fault = slipway_barbican_log_in(store->barbican);
	size_t		length;

	if (fault != NULL)
		return fault;
	length = strlen(token->endpoint);
	if (length > 3 && strcmp(token->endpoint + length - 3, "/v1") == 0)
		length -= 3;
	variables[(*count)++] = (SlipwaySecretVariable) {"KEYSTONE_ENDPOINT", slipway_memory_copy(keystone)};
	variables[(*count)++] = (SlipwaySecretVariable) {"BARBICAN_ENDPOINT", slipway_memory_copy_bytes(token->endpoint, length)};
	if (token->project_id != NULL)
		variables[(*count)++] = (SlipwaySecretVariable) {"BARBICAN_PROJECT_ID", slipway_memory_copy(token->project_id)};
	return NULL;
}

const SlipwaySecretProvider slipway_secret_barbican = {
	.name = "barbican",
	.keeps_policies = true,
	.open = open_barbican,
	.fetch = fetch,
	.put = put,
	.remove = remove_secret,
	.list = list_secrets,
	.fetch_certificate = slipway_barbican_fetch_certificate,
	.put_certificate = slipway_barbican_put_certificate,
	.stage = slipway_barbican_stage,
	.fetch_staged = slipway_barbican_fetch_staged,
	.publish = slipway_barbican_publish,
	.is_published = slipway_barbican_is_published,
	.retire = slipway_barbican_retire,
	.withdraw = slipway_barbican_withdraw,
	.find_sets = slipway_barbican_find_sets,
	.check = check,
	.describe = describe,
	.close = close_barbican,
};
