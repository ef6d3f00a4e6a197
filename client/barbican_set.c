/*
 * barbican_set.c
 *	  Sets of secrets in Barbican.
 *
 * Barbican knows no transactions and no comparisons, so two who change a set at the same time are found out afterwards: who has
 * made a container looks whether there is another one that was not there when it began, and if so takes its own back. That may
 * happen to both, but never to none of them. Containers and secrets that are not in force any more are removed after
 * that only.
 */
#include "barbican_set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "memory.h"

#define MAX_CHANGES 6

static char *
make_container_name(const SlipwayBarbicanStore *store)
{
	return slipway_memory_format("slipway/%s", store->prefix);
}

/* Takes "@12-0f3e..." apart. */
static bool
read_marker(const char *text, SlipwayBarbicanSet *set)
{
	char	   *end;

	if (*text != '@')
		return false;
	set->generation = strtoll(text + 1, &end, 10);
	if (*end != '-' || strspn(end + 1, "0123456789abcdef") != SLIPWAY_SECRET_SET_SIZE - 1 ||
		strlen(end + 1) != SLIPWAY_SECRET_SET_SIZE - 1)
		return false;
	memcpy(set->name, end + 1, SLIPWAY_SECRET_SET_SIZE);
	return true;
}

static void
release_set(SlipwayBarbicanSet *set)
{
	free(set->reference);
	free(set->created);
	free(set->mark);
	json_decref(set->members);
	json_decref(set->references);
}

/* False for a container of that name that somebody else has made, or that somebody was stopped in removing. */
static bool
read_set(const json_t *container, SlipwayBarbicanSet *set)
{
	const char *created = json_string_value(json_object_get(container, "created"));
	const json_t *item;
	size_t		i;
	bool		marked = false;

	*set = (SlipwayBarbicanSet) {.members = json_object(), .references = json_array()};
	json_array_foreach(json_object_get(container, "secret_refs"), i, item)
	{
		const char *reference = slipway_barbican_reference(item);

		(void) json_array_append_new(set->references, json_string(reference));
		if (!marked && read_marker(slipway_barbican_name(item), set))
		{
			marked = true;
			set->mark = slipway_memory_copy(reference);
		}
		else
			(void) json_object_set_new(set->members, slipway_barbican_name(item), json_string(reference));
	}
	set->reference = slipway_memory_copy(slipway_barbican_reference(container));
	set->created = slipway_memory_copy(created != NULL ? created : "");
	return marked;
}

/*
 * Two of the same generation are there for a moment only, or where a process has died then. The first of them counts: it may have
 * been found alone, and have been told to be in force.
 */
static int
compare_sets(const void *a, const void *b)
{
	const SlipwayBarbicanSet *first = a;
	const SlipwayBarbicanSet *second = b;
	int			order = (first->generation > second->generation) - (first->generation < second->generation);

	if (order == 0)
		order = strcmp(second->created, first->created);
	return order != 0 ? order : strcmp(first->reference, second->reference);
}

SlipwaySecretFault *
slipway_barbican_sets_find(SlipwayBarbicanStore *store, SlipwayBarbicanSets *sets)
{
	char	   *name = make_container_name(store);
	char	   *escaped = slipway_barbican_escape(name);
	char	   *query = slipway_memory_format("name=%s", escaped);
	json_t	   *containers;
	const json_t *container;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_list(store->barbican, "containers", query, &containers);

	sets->count = 0;
	sets->sets = slipway_memory_new((json_array_size(containers) + 1) * sizeof(SlipwayBarbicanSet));
	sets->unmarked = json_object();
	json_array_foreach(containers, i, container)
	{
		if (strcmp(slipway_barbican_name(container), name) != 0)
			continue;
		if (read_set(container, &sets->sets[sets->count]))
			sets->count++;
		else
		{
			(void) json_object_set(sets->unmarked, sets->sets[sets->count].reference, sets->sets[sets->count].references);
			release_set(&sets->sets[sets->count]);
		}
	}
	if (sets->count > 0)
		qsort(sets->sets, sets->count, sizeof(SlipwayBarbicanSet), compare_sets);
	json_decref(containers);
	free(query);
	free(escaped);
	free(name);
	return fault;
}

void
slipway_barbican_sets_release(SlipwayBarbicanSets *sets)
{
	for (size_t i = 0; sets->sets != NULL && i < sets->count; i++)
		release_set(&sets->sets[i]);
	free(sets->sets);
	json_decref(sets->unmarked);
	*sets = (SlipwayBarbicanSets) {0};
}

const SlipwayBarbicanSet *
slipway_barbican_sets_current(const SlipwayBarbicanSets *sets)
{
	return sets->count > 0 ? &sets->sets[sets->count - 1] : NULL;
}

static const SlipwayBarbicanSet *
find_set(const SlipwayBarbicanSets *sets, const char *name)
{
	for (size_t i = sets->count; i > 0; i--)
		if (strcmp(sets->sets[i - 1].name, name) == 0)
			return &sets->sets[i - 1];
	return NULL;
}

/* The name of a secret that was staged in a set, without prefix and set; NULL: it is not one of them. The caller frees it. */
static char *
read_staged_name(const SlipwayBarbicanStore *store, const char *name, const char *set)
{
	const char *at = strrchr(name, '@');
	size_t		prefix = strlen(store->prefix);

	if (at == NULL || strcmp(at + 1, set) != 0 || strncmp(name, store->prefix, prefix) != 0 ||
		(size_t) (at - name) <= prefix)
		return NULL;
	return slipway_memory_copy_bytes(name + prefix, (size_t) (at - name) - prefix);
}

/* What was staged in a set: name: reference, the newest of each; and the references of the older ones, if somebody wants them. */
static SlipwaySecretFault *
find_staged(SlipwayBarbicanStore *store, const char *set, json_t **staged, json_t *older)
{
	json_t	   *items;
	const json_t *item;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_find_staged(store, set, &items);

	*staged = json_object();
	json_array_foreach(items, i, item)
	{
		char	   *name = read_staged_name(store, slipway_barbican_name(item), set);

		if (name != NULL && older != NULL && json_object_get(*staged, name) != NULL)
			(void) json_array_append(older, json_object_get(*staged, name));
		if (name != NULL)
			(void) json_object_set_new(*staged, name, json_string(slipway_barbican_reference(item)));
		free(name);
	}
	json_decref(items);
	return fault;
}

/* The secret whose policy a new one takes over, in the set or alone; JSON null if there is none. */
static SlipwaySecretFault *
find_former(SlipwayBarbicanStore *store, const SlipwayBarbicanSet *current, const char *name, json_t **reference)
{
	char	   *whole = slipway_memory_format("%s%s", store->prefix, name);
	json_t	   *items = NULL;
	SlipwaySecretFault *fault = NULL;

	*reference = current != NULL ? json_incref(json_object_get(current->members, name)) : NULL;
	if (*reference == NULL)
		fault = slipway_barbican_find_named(store, whole, &items);
	if (*reference == NULL && json_array_size(items) > 0)
		*reference = json_string(slipway_barbican_reference(json_array_get(items, json_array_size(items) - 1)));
	if (*reference == NULL)
		*reference = json_null();
	json_decref(items);
	free(whole);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_stage(void *state, const char *set, const SlipwaySecretItem *items, size_t count)
{
	SlipwayBarbicanStore *store = state;
	SlipwayBarbicanSets sets = {0};
	json_t	   *before = NULL;
	json_t	   *obsolete = json_array();
	json_t	   *old = json_array();
	json_t	   *references = NULL;
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	if (fault == NULL)
		fault = find_staged(store, set, &before, obsolete);
	for (size_t i = 0; i < count && fault == NULL; i++)
	{
		const SlipwayBarbicanSet *current = slipway_barbican_sets_current(&sets);
		json_t	   *reference;

		fault = find_former(store, current, items[i].name, &reference);
		(void) json_array_append_new(old, reference);
		if (json_object_get(before, items[i].name) != NULL)
			(void) json_array_append(obsolete, json_object_get(before, items[i].name));
	}
	if (fault == NULL)
		fault = slipway_barbican_store_items(store, items, count, set, old, &references);
	if (fault == NULL)
		fault = slipway_barbican_delete(store->barbican, obsolete);
	json_decref(references);
	json_decref(obsolete);
	json_decref(before);
	json_decref(old);
	slipway_barbican_sets_release(&sets);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_fetch_staged(void *state, const char *set, SlipwaySecretLookup *lookups, size_t count)
{
	SlipwayBarbicanStore *store = state;
	const char **references = slipway_memory_new((count + 1) * sizeof(char *));
	json_t	   *staged;
	SlipwaySecretFault *fault = find_staged(store, set, &staged, NULL);

	for (size_t i = 0; i < count; i++)
		references[i] = json_string_value(json_object_get(staged, lookups[i].name));
	if (fault == NULL)
		fault = slipway_barbican_fetch_payloads(store, lookups, references, count);
	for (size_t i = 0; i < count && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_UNKNOWN)
			lookups[i].state = SLIPWAY_SECRET_MISSING;
	json_decref(staged);
	free(references);
	return fault;
}

static void
add_reference(json_t *list, const char *name, const char *reference)
{
	(void) json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "secret_ref", reference));
}

/* The secret that is there for the name of the set: NAME of it is empty. */
static SlipwaySecretFault *
make_marker(SlipwayBarbicanStore *store, const char *set, json_int_t generation, char **reference)
{
	char	   *payload = slipway_memory_format("generation %lld", (long long) generation);
	SlipwaySecretItem item = {.name = "", .bytes = payload, .length = strlen(payload)};
	json_t	   *references;
	SlipwaySecretFault *fault = slipway_barbican_store_items(store, &item, 1, set, NULL, &references);

	*reference = fault == NULL ? slipway_memory_copy(json_string_value(json_array_get(references, 0))) : NULL;
	json_decref(references);
	free(payload);
	return fault;
}

/* Makes the container: the moment in which the set comes into force. */
static SlipwaySecretFault *
make_container(SlipwayBarbicanStore *store, const char *set, json_int_t generation, const json_t *members, char **reference)
{
	char	   *name = make_container_name(store);
	char	   *marker = slipway_memory_format("@%lld-%s", (long long) generation, set);
	char	   *marked = NULL;
	json_t	   *list = json_array();
	const char *key;
	json_t	   *value;
	SlipwaySecretFault *fault = make_marker(store, set, generation, &marked);

	*reference = NULL;
	if (fault == NULL)
	{
		add_reference(list, marker, marked);
		json_object_foreach((json_t *) members, key, value)
			add_reference(list, key, json_string_value(value));
		fault = slipway_barbican_create(store->barbican, "containers",
										json_pack("{s:s, s:s, s:O}", "type", "generic", "name", name, "secret_refs", list),
										reference);
		/* a secret that somebody else has removed meanwhile */
		if (fault != NULL && (fault->kind == SLIPWAY_SECRET_FAULT_MISSING || fault->kind == SLIPWAY_SECRET_FAULT_MALFORMED))
			fault->kind = SLIPWAY_SECRET_FAULT_CONFLICT;
	}
	json_decref(list);
	free(marked);
	free(marker);
	free(name);
	return fault;
}

static SlipwaySecretFault *
make_conflict(const SlipwayBarbicanStore *store)
{
	return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_CONFLICT, "Try again.",
									"somebody else has changed the secrets of \"%s\" at the same time", store->prefix);
}

static SlipwaySecretFault *
delete_container(SlipwayBarbicanStore *store, const char *reference)
{
	json_t	   *list = json_pack("[s]", reference);
	SlipwaySecretFault *fault = slipway_barbican_delete(store->barbican, list);

	json_decref(list);
	return fault;
}

/* Is there a set now that was not there when ours was made of it? Then ours is taken back. */
static SlipwaySecretFault *
check_alone(SlipwayBarbicanStore *store, const char *set, json_int_t generation, const char *reference)
{
	SlipwayBarbicanSets sets = {0};
	bool		conflict = false;
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	for (size_t i = 0; i < sets.count; i++)
		conflict = conflict || (sets.sets[i].generation >= generation && strcmp(sets.sets[i].name, set) != 0);
	slipway_barbican_sets_release(&sets);
	if (conflict)
	{
		fault = delete_container(store, reference);
		if (fault == NULL)
			fault = make_conflict(store);
	}
	return fault;
}

/* What the set is to have: what was staged and, unless it is alone, what the one before has, but for one name. */
static json_t *
choose_members(const SlipwayBarbicanSet *before, json_t *staged, bool alone, const char *without)
{
	json_t	   *members = before != NULL && !alone ? json_copy(before->members) : json_object();

	if (without != NULL)
		(void) json_object_del(members, without);
	(void) json_object_update(members, staged);
	return members;
}

static SlipwaySecretFault *
publish(SlipwayBarbicanStore *store, const char *set, bool alone, const char *without)
{
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	json_t	   *staged = NULL;
	char	   *reference = NULL;
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	current = slipway_barbican_sets_current(&sets);
	if (fault == NULL && find_set(&sets, set) != NULL)
	{
		/* it was done before */
		if (current == NULL || strcmp(current->name, set) != 0)
			fault = make_conflict(store);
	}
	else if (fault == NULL)
	{
		json_int_t	generation = current != NULL ? current->generation + 1 : 1;

		fault = find_staged(store, set, &staged, NULL);
		if (fault == NULL)
		{
			json_t	   *members = choose_members(current, staged, alone, without);

			fault = make_container(store, set, generation, members, &reference);
			json_decref(members);
		}
		if (fault == NULL)
			fault = check_alone(store, set, generation, reference);
	}
	json_decref(staged);
	free(reference);
	slipway_barbican_sets_release(&sets);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_publish(void *state, const char *set, bool alone)
{
	return publish(state, set, alone, NULL);
}

SlipwaySecretFault *
slipway_barbican_is_published(void *state, const char *set, bool *published)
{
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	SlipwaySecretFault *fault = slipway_barbican_sets_find(state, &sets);

	current = slipway_barbican_sets_current(&sets);
	*published = current != NULL && strcmp(current->name, set) == 0;
	slipway_barbican_sets_release(&sets);
	return fault;
}

/* Adds those of a list that are not in another one. */
static void
add_others(json_t *into, const json_t *list, const json_t *without)
{
	json_t	   *item;
	size_t		i;

	json_array_foreach(list, i, item)
		if (!slipway_barbican_has_reference(without, json_string_value(item)) &&
			!slipway_barbican_has_reference(into, json_string_value(item)))
			(void) json_array_append(into, item);
}

/* Those that have nothing, or nothing of their own: what is left of a set when what names it is gone. */
static void
add_ruins(json_t *containers, json_t *unmarked, const json_t *references)
{
	const char *reference;
	json_t	   *list;

	json_object_foreach(unmarked, reference, list)
	{
		json_t	   *others = json_array();

		add_others(others, list, references);
		if (json_array_size(others) == 0)
			(void) json_array_append_new(containers, json_string(reference));
		json_decref(others);
	}
}

/*
 * Secrets first, and what names the set after all others: what no container names any more would stay for ever, as would a
 * container that is not known for what it is. But of what was published meanwhile nothing is removed: it may have been made of
 * this set, or of one before.
 */
SlipwaySecretFault *
slipway_barbican_retire(void *state, const char *set)
{
	SlipwayBarbicanStore *store = state;
	SlipwayBarbicanSets sets = {0};
	const SlipwayBarbicanSet *current;
	json_t	   *secrets = json_array();
	json_t	   *marks = json_array();
	json_t	   *containers = json_array();
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	current = slipway_barbican_sets_current(&sets);
	if (fault == NULL && current != NULL && strcmp(current->name, set) == 0)
	{
		/* a request that was repeated has made two containers of one set, with one mark */
		for (size_t i = 0; i + 1 < sets.count; i++)
			if (!slipway_barbican_has_reference(current->references, sets.sets[i].mark))
				(void) json_array_append_new(marks, json_string(sets.sets[i].mark));
		for (size_t i = 0; i + 1 < sets.count; i++)
		{
			json_t	   *others = json_array();

			add_others(others, sets.sets[i].references, current->references);
			add_others(secrets, others, marks);
			json_decref(others);
			(void) json_array_append_new(containers, json_string(sets.sets[i].reference));
		}
		add_ruins(containers, sets.unmarked, current->references);
		fault = slipway_barbican_delete(store->barbican, secrets);
		if (fault == NULL)
			fault = slipway_barbican_delete(store->barbican, marks);
		/* of a try of publish that was lost */
		if (fault == NULL)
			fault = slipway_barbican_remove_staged(store, set, current->references);
		if (fault == NULL)
			fault = slipway_barbican_delete(store->barbican, containers);
	}
	json_decref(secrets);
	json_decref(marks);
	json_decref(containers);
	slipway_barbican_sets_release(&sets);
	return fault;
}

/* The container first: from then on the set is not in force. A later one may have taken secrets of it over. */
SlipwaySecretFault *
slipway_barbican_withdraw(void *state, const char *set)
{
	SlipwayBarbicanStore *store = state;
	SlipwayBarbicanSets sets = {0};
	json_t	   *containers = json_array();
	json_t	   *used = json_array();
	SlipwaySecretFault *fault = slipway_barbican_sets_find(store, &sets);

	for (size_t i = 0; i < sets.count; i++)
		if (strcmp(sets.sets[i].name, set) == 0)
			(void) json_array_append_new(containers, json_string(sets.sets[i].reference));
		else
			(void) json_array_extend(used, sets.sets[i].references);
	if (fault == NULL)
		fault = slipway_barbican_delete(store->barbican, containers);
	if (fault == NULL)
		fault = slipway_barbican_remove_staged(store, set, used);
	json_decref(used);
	json_decref(containers);
	slipway_barbican_sets_release(&sets);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_find_sets(void *state, const char *name, SlipwaySecretSetList *list)
{
	SlipwayBarbicanStore *store = state;
	size_t		length = strlen(name);
	json_t	   *secrets;
	const json_t *item;
	size_t		i;
	SlipwaySecretFault *fault = slipway_barbican_list(store->barbican, "secrets", "", &secrets);

	json_array_foreach(secrets, i, item)
	{
		const char *whole = slipway_barbican_name(item);
		const char *at = strrchr(whole, '@');

		if (at != NULL && strlen(at + 1) == SLIPWAY_SECRET_SET_SIZE - 1 && (size_t) (at - whole) >= length &&
			strncmp(at - length, name, length) == 0)
			slipway_secret_set_list_add(list, at + 1, whole, (size_t) (at - whole) - length);
	}
	json_decref(secrets);
	return fault;
}

/* So that two who were in each other's way are not so again. */
static void
pause_a_little(int round)
{
	unsigned int number = 0;
	struct timespec time;

	(void) getrandom(&number, sizeof(number), GRND_NONBLOCK);
	time = (struct timespec) {0, (long) (number % 200 + 1) * 1000000L * (round + 1)};
	if (time.tv_nsec > 999999999L)
		time.tv_nsec = 999999999L;
	(void) nanosleep(&time, NULL);
}

/* The new set is in force: what was there before and cannot be removed is a failure only where removing it was what was wanted. */
static SlipwaySecretFault *
end_change(SlipwayBarbicanStore *store, const char *set, const char *name, bool removed)
{
	SlipwaySecretFault *fault = slipway_barbican_retire(store, set);
	char	   *text;

	if (fault == NULL || !removed)
	{
		slipway_barbican_warn_of_rest(fault);
		return NULL;
	}
	text = fault->text;
	fault->text = slipway_memory_format("secret \"%s%s\" is not in force any more, but could not be removed: %s", store->prefix, name,
										text);
	free(text);
	return fault;
}

SlipwaySecretFault *
slipway_barbican_set_change(SlipwayBarbicanStore *store, const char *name, const SlipwaySecretItem *item)
{
	SlipwaySecretFault *fault = NULL;

	for (int i = 0; i < MAX_CHANGES; i++)
	{
		char		set[SLIPWAY_SECRET_SET_SIZE];
		bool		staged;
		SlipwaySecretFault *undone;

		slipway_secret_fault_free(fault);
		slipway_secret_store_make_set(set);
		fault = item != NULL ? slipway_barbican_stage(store, set, item, 1) : NULL;
		staged = fault == NULL;
		if (staged)
			fault = publish(store, set, false, item == NULL ? name : NULL);
		if (fault == NULL)
			return end_change(store, set, name, item == NULL);
		undone = slipway_barbican_withdraw(store, set);
		if (undone != NULL && staged)
			return slipway_barbican_doubt(fault, undone);
		slipway_secret_fault_free(undone);
		if (fault->kind != SLIPWAY_SECRET_FAULT_CONFLICT)
			return fault;
		pause_a_little(i);
	}
	return fault;
}
