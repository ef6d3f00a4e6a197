/*
 * secret_file_set.c
 *	  Sets of secrets in a file of settings.
 *
 * The file is replaced as a whole, so a set comes into force, with what was there before kept beside it, in one moment. Applications that
 * read the file see settings more, which mean nothing to them.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "secret_file.h"

#define CURRENT "SLIPWAY_SET"
#define NEW "SLIPWAY_NEW_"
#define OLD "SLIPWAY_OLD_"
#define SET_LENGTH (SLIPWAY_SECRET_SET_SIZE - 1)

/* What a function below is about. */
typedef struct Work
{
	const char *set;
	const SlipwaySecretItem *items;
	size_t		count;
	bool		alone;
} Work;

static bool
is_set(const char *text)
{
	return strspn(text, "0123456789abcdef") >= SET_LENGTH;
}

/* Is there one of these words with a set behind it? */
static const char *
find_word(const char *name, const char *word)
{
	for (const char *place = strstr(name, word); place != NULL; place = strstr(place + 1, word))
		if (is_set(place + strlen(word)))
			return place;
	return NULL;
}

bool
slipway_secret_file_is_internal(const char *name)
{
	size_t		length = strlen(name);

	return find_word(name, NEW) != NULL || find_word(name, OLD) != NULL ||
		(length >= strlen(CURRENT) && strcmp(name + length - strlen(CURRENT), CURRENT) == 0);
}

/* The name of a setting of that kind and set, "SLIPWAY_NEW_0f3e..._DB_PASSWORD", behind both; NULL: it is none. */
static const char *
cut_name(const SlipwaySecretFile *file, const SlipwayDotenvEntry *entry, const char *kind, const char *set)
{
	size_t		prefix = strlen(file->prefix);
	const char *name = entry->name;

	if (entry->is_comment || strncmp(name, file->prefix, prefix) != 0 || strncmp(name + prefix, kind, strlen(kind)) != 0)
		return NULL;
	name += prefix + strlen(kind);
	return strncmp(name, set, SET_LENGTH) == 0 && name[SET_LENGTH] == '_' ? name + SET_LENGTH + 1 : NULL;
}

static const SlipwayDotenvEntry *
find_kind(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *kind, const char *set, const char *name)
{
	char	   *whole = slipway_memory_format("%s%s_%s", kind, set, name);
	const SlipwayDotenvEntry *entry = slipway_secret_file_find(file, dotenv, whole);

	free(whole);
	return entry;
}

static void
set_kind(const SlipwaySecretFile *file, SlipwaySecretFileEdit *edit, const char *kind, const char *set, const char *name, const char *value)
{
	char	   *whole = slipway_memory_format("%s%s%s%s", kind, set, name != NULL ? "_" : "", name != NULL ? name : "");

	slipway_secret_file_set(file, edit, whole, value);
	free(whole);
}

/* The set that is in force, or "". */
static const char *
find_current(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv)
{
	const SlipwayDotenvEntry *entry = slipway_secret_file_find(file, dotenv, CURRENT);

	return entry != NULL && entry->problem == NULL && entry->length == SET_LENGTH && is_set(entry->value) ? entry->value : "";
}

/* The one that was in force before a set, or ""; NULL: it never was. */
static const char *
find_before(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *set)
{
	char	   *name = slipway_memory_format(OLD "%s", set);
	const SlipwayDotenvEntry *entry = slipway_secret_file_find(file, dotenv, name);

	free(name);
	if (entry == NULL)
		return NULL;
	return entry->problem == NULL && entry->length == SET_LENGTH && is_set(entry->value) ? entry->value : "";
}

bool
slipway_secret_file_is_in_set(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *name)
{
	const char *current = find_current(file, dotenv);

	return *current != '\0' && find_kind(file, dotenv, NEW, current, name) != NULL;
}

/* Without all of one kind and set. */
static void
remove_kind(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *kind, const char *set, SlipwaySecretFileEdit *edit)
{
	for (size_t i = 0; i < slipway_dotenv_count(dotenv); i++)
	{
		const char *name = cut_name(file, slipway_dotenv_entry(dotenv, i), kind, set);

		if (name != NULL)
			set_kind(file, edit, kind, set, name, NULL);
	}
}

static SlipwaySecretFault *
plan_stage(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context, SlipwaySecretFileEdit *edit)
{
	const Work *work = context;

	(void) dotenv;
	for (size_t i = 0; i < work->count; i++)
	{
		char	   *value = slipway_secret_copy_bytes(work->items[i].bytes, work->items[i].length);
		bool		is_text = strlen(value) == work->items[i].length;

		if (is_text)
			set_kind(file, edit, NEW, work->set, work->items[i].name, value);
		slipway_secret_free(value);
		if (!is_text)
			return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL, "a file of secrets holds text only");
	}
	return NULL;
}

/* Purpose, environment and rotation are not kept, as a set has them for who reads the store, and it does the same without. */
SlipwaySecretFault *
slipway_secret_file_stage(void *state, const char *set, const SlipwaySecretItem *items, size_t count)
{
	Work		work = {.set = set,.items = items,.count = count};

	return slipway_secret_file_change(state, true, plan_stage, &work);
}

SlipwaySecretFault *
slipway_secret_file_fetch_staged(void *state, const char *set, SlipwaySecretLookup *lookups, size_t count)
{
	const SlipwaySecretFile *file = state;
	SlipwaySecretFileContent content;
	SlipwaySecretFault *fault = slipway_secret_file_load(file, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < count; i++)
		slipway_secret_file_answer(file, find_kind(file, content.dotenv, NEW, set, lookups[i].name), &lookups[i]);
	slipway_dotenv_free(content.dotenv);
	return NULL;
}

/* Keeps what stands under a name, and gives it another value, or none. */
static SlipwaySecretFault *
replace(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *set, const char *name, const char *value,
		SlipwaySecretFileEdit *edit)
{
	const SlipwayDotenvEntry *before = slipway_secret_file_find(file, dotenv, name);

	if (before != NULL && before->problem != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, "Write what is meant, in single quotes.",
										"%s:%zu: secret \"%s\" %s", file->path, before->line, before->name, before->problem);
	if (before != NULL)
		set_kind(file, edit, OLD, set, name, before->value);
	slipway_secret_file_set(file, edit, name, value);
	return NULL;
}

static SlipwaySecretFault *
plan_publish(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context, SlipwaySecretFileEdit *edit)
{
	const Work *work = context;
	const char *current = find_current(file, dotenv);
	SlipwaySecretFault *fault = NULL;

	if (strcmp(current, work->set) == 0)
		return NULL;
	if (find_before(file, dotenv, work->set) != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_CONFLICT, "Try again.",
										"somebody else has changed the secrets of \"%s\" at the same time", file->prefix);
	for (size_t i = 0; i < slipway_dotenv_count(dotenv) && fault == NULL; i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(dotenv, i);
		const char *name = cut_name(file, entry, NEW, work->set);
		const char *other = *current != '\0' && work->alone ? cut_name(file, entry, NEW, current) : NULL;

		if (name != NULL)
			fault = replace(file, dotenv, work->set, name, entry->value, edit);
		else if (other != NULL && find_kind(file, dotenv, NEW, work->set, other) == NULL)
			fault = replace(file, dotenv, work->set, other, NULL, edit);
	}
	set_kind(file, edit, OLD, work->set, NULL, current);
	slipway_secret_file_set(file, edit, CURRENT, work->set);
	return fault;
}

SlipwaySecretFault *
slipway_secret_file_publish(void *state, const char *set, bool alone)
{
	Work		work = {.set = set,.alone = alone};

	return slipway_secret_file_change(state, true, plan_publish, &work);
}

SlipwaySecretFault *
slipway_secret_file_is_published(void *state, const char *set, bool *published)
{
	const SlipwaySecretFile *file = state;
	SlipwaySecretFileContent content;
	SlipwaySecretFault *fault = slipway_secret_file_load(file, &content);

	if (fault != NULL)
		return fault;
	*published = strcmp(find_current(file, content.dotenv), set) == 0;
	slipway_dotenv_free(content.dotenv);
	return NULL;
}

static SlipwaySecretFault *
plan_retire(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context, SlipwaySecretFileEdit *edit)
{
	const Work *work = context;
	const char *set = find_current(file, dotenv);

	if (strcmp(set, work->set) != 0)
		return NULL;
	/* each is named once only, so that this ends */
	for (size_t i = 0; i <= slipway_dotenv_count(dotenv) && set != NULL && *set != '\0'; i++)
	{
		const char *before = find_before(file, dotenv, set);

		remove_kind(file, dotenv, OLD, set, edit);
		if (strcmp(set, work->set) != 0)
			remove_kind(file, dotenv, NEW, set, edit);
		if (before != NULL)
			set_kind(file, edit, OLD, set, NULL, NULL);
		set = before;
	}
	return NULL;
}

SlipwaySecretFault *
slipway_secret_file_retire(void *state, const char *set)
{
	Work		work = {.set = set};

	return slipway_secret_file_change(state, true, plan_retire, &work);
}

/* Back to what was before the set. */
static void
restore(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, const char *set, SlipwaySecretFileEdit *edit)
{
	const char *before = find_before(file, dotenv, set);

	for (size_t i = 0; i < slipway_dotenv_count(dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(dotenv, i);
		const char *staged = cut_name(file, entry, NEW, set);
		const char *old = cut_name(file, entry, OLD, set);

		if (old != NULL)
			slipway_secret_file_set(file, edit, old, entry->value);
		else if (staged != NULL && find_kind(file, dotenv, OLD, set, staged) == NULL &&
				 slipway_secret_file_find(file, dotenv, staged) != NULL)
			slipway_secret_file_set(file, edit, staged, NULL);
	}
	slipway_secret_file_set(file, edit, CURRENT, before != NULL && *before != '\0' ? before : NULL);
}

static SlipwaySecretFault *
plan_withdraw(const SlipwaySecretFile *file, const SlipwayDotenv *dotenv, void *context, SlipwaySecretFileEdit *edit)
{
	const Work *work = context;

	if (strcmp(find_current(file, dotenv), work->set) == 0)
		restore(file, dotenv, work->set, edit);
	remove_kind(file, dotenv, NEW, work->set, edit);
	remove_kind(file, dotenv, OLD, work->set, edit);
	if (find_before(file, dotenv, work->set) != NULL)
		set_kind(file, edit, OLD, work->set, NULL, NULL);
	return NULL;
}

SlipwaySecretFault *
slipway_secret_file_withdraw(void *state, const char *set)
{
	Work		work = {.set = set};

	return slipway_secret_file_change(state, true, plan_withdraw, &work);
}

SlipwaySecretFault *
slipway_secret_file_find_sets(void *state, const char *name, SlipwaySecretSetList *list)
{
	SlipwaySecretFileContent content;
	SlipwaySecretFault *fault = slipway_secret_file_load(state, &content);

	if (fault != NULL)
		return fault;
	for (size_t i = 0; i < slipway_dotenv_count(content.dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(content.dotenv, i);
		const char *word = entry->is_comment ? NULL : find_word(entry->name, NEW);
		char		set[SLIPWAY_SECRET_SET_SIZE] = "";

		if (word == NULL || word[strlen(NEW) + SET_LENGTH] != '_' || strcmp(word + strlen(NEW) + SET_LENGTH + 1, name) != 0)
			continue;
		memcpy(set, word + strlen(NEW), SET_LENGTH);
		slipway_secret_set_list_add(list, set, entry->name, (size_t) (word - entry->name));
	}
	slipway_dotenv_free(content.dotenv);
	return NULL;
}
