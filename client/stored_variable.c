/*
 * stored_variable.c
 *	  Variables in the connections of slipway.conf that a store of secrets has.
 */
#include "stored_variable.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "stored_connection.h"

static void
add_missing(void *context, const char *name)
{
	SlipwayStoredVariables *variables = context;
	const char *value = getenv(name);

	if (value != NULL && *value != '\0')
		return;
	variables->names = slipway_memory_resize(variables->names, variables->count + 1, sizeof(char *));
	variables->names[variables->count++] = slipway_memory_copy(name);
}

/* The name as the store is asked for it, which puts the prefix in front. */
static const char *
strip_prefix(const char *name, const char *prefix)
{
	size_t		length = strlen(prefix);

	return strncmp(name, prefix, length) == 0 && name[length] != '\0' ? name + length : name;
}

/* Each has to be there, and text. */
static SlipwaySecretFault *
check_lookups(const SlipwayArguments *arguments, SlipwayConfigKey key, const SlipwaySecretStore *store,
			  SlipwayStoredVariables *variables)
{
	SlipwaySecretFault *fault = NULL;

	for (size_t i = 0; i < variables->count && fault == NULL; i++)
	{
		const char *text = NULL;
		char	   *place;

		fault = slipway_secret_lookup_text(store, &variables->lookups[i], &text);
		if (fault != NULL || text != NULL)
			continue;
		place = slipway_config_place(arguments->environment, key);
		fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_USAGE, NULL,
										 "%s: %s is not set in the environment, and %s has no secret \"%s%s\"", place,
										 variables->names[i], slipway_secret_store_place(store),
										 slipway_secret_store_prefix(store), variables->lookups[i].name);
		free(place);
	}
	return fault;
}

SlipwaySecretFault *
slipway_stored_variables_fetch(const SlipwayArguments *arguments, SlipwayConfigKey key,
							   SlipwayStoredVariables *variables)
{
	SlipwaySecretStore *store;
	SlipwaySecretFault *fault;

	if (!slipway_stored_connection_is_used(arguments))
		return NULL;
	slipway_config_each_variable(arguments->environment, key, add_missing, variables);
	if (variables->count == 0)
		return NULL;
	store = slipway_secret_store_find(arguments);
	variables->lookups = slipway_memory_new(variables->count * sizeof(SlipwaySecretLookup));
	for (size_t i = 0; i < variables->count; i++)
		variables->lookups[i].name = strip_prefix(variables->names[i], slipway_secret_store_prefix(store));
	fault = slipway_secret_store_fetch(store, variables->lookups, variables->count);
	return fault != NULL ? fault : check_lookups(arguments, key, store, variables);
}

const char *
slipway_stored_variables_find(void *context, const char *name)
{
	const SlipwayStoredVariables *variables = context;

	for (size_t i = 0; i < variables->count; i++)
		if (strcmp(variables->names[i], name) == 0)
			return variables->lookups[i].value.data;
	return NULL;
}

void
slipway_stored_variables_release(SlipwayStoredVariables *variables)
{
	if (variables->lookups != NULL)
		slipway_secret_lookup_release(variables->lookups, variables->count);
	for (size_t i = 0; i < variables->count; i++)
		free(variables->names[i]);
	free(variables->lookups);
	free(variables->names);
	*variables = (SlipwayStoredVariables) {.count = 0};
}
