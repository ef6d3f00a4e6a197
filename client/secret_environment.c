/*
 * secret_environment.c
 *	  Secrets in the variables of the process. They can only be read.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "secret_store.h"

extern char **environ;

typedef struct State
{
	const char *prefix;
} State;

/* Without a prefix, what is not one of these is no secret of ours. */
static const char *const known[] = {"DB_", "DATABASE_URL="};

static SlipwaySecretFault *
open_environment(const char *place, const char *prefix, void **state)
{
	State	   *result;

	if (place != NULL)
		return slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, "Write --secrets environment.",
										"the environment has no place of its own");
	result = slipway_memory_new(sizeof(State));
	result->prefix = prefix;
	*state = result;
	return NULL;
}

/* An empty variable counts as not set, as everywhere. */
static SlipwaySecretFault *
fetch(void *state, SlipwaySecretLookup *lookups, size_t count)
{
	const State *environment = state;

	for (size_t i = 0; i < count; i++)
	{
		char	   *name = slipway_memory_format("%s%s", environment->prefix, lookups[i].name);
		const char *value = getenv(name);

		lookups[i].state = value != NULL && *value != '\0' ? SLIPWAY_SECRET_FOUND : SLIPWAY_SECRET_MISSING;
		if (lookups[i].state == SLIPWAY_SECRET_FOUND)
			slipway_secret_buffer_add(&lookups[i].value, value);
		free(name);
	}
	return NULL;
}

static bool
is_ours(const State *environment, const char *variable)
{
	size_t		length = strlen(environment->prefix);

	if (length > 0)
		return strncmp(variable, environment->prefix, length) == 0 && variable[length] != '=';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(variable, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

static SlipwaySecretFault *
list_variables(void *state, SlipwaySecretList *list)
{
	const State *environment = state;
	size_t		length = strlen(environment->prefix);

	for (char **variable = environ; *variable != NULL; variable++)
	{
		const char *equals = strchr(*variable, '=');

		if (equals == NULL || equals[1] == '\0' || !is_ours(environment, *variable))
			continue;
		list->entries = slipway_memory_resize(list->entries, list->count + 1, sizeof(SlipwaySecretEntry));
		list->entries[list->count++] = (SlipwaySecretEntry) {
			.name = slipway_memory_copy_bytes(*variable + length, (size_t) (equals - *variable) - length)
		};
	}
	return NULL;
}

static void
check(void *state, SlipwaySecretReport report, void *context)
{
	SlipwaySecretList list = {0};
	char	   *detail;

	(void) list_variables(state, &list);
	detail = slipway_memory_format("%zu %s", list.count, list.count == 1 ? "variable" : "variables");
	report(context, &(SlipwaySecretStep) {.name = "read the environment", .detail = detail});
	free(detail);
	slipway_secret_list_release(&list);
}

static void
close_environment(void *state)
{
	free(state);
}

const SlipwaySecretProvider slipway_secret_environment = {
	.name = "environment",
	.open = open_environment,
	.fetch = fetch,
	.list = list_variables,
	.check = check,
	.close = close_environment,
};
