/*
 * stored_variable.h
 *	  Variables in the connections of slipway.conf that a store of secrets has.
 *
 * ${NAME} is the process environment's if that has it, else the store's secret of that name,
 * behind the prefix unless the name begins with it already.
 */
#ifndef SLIPWAY_STORED_VARIABLE_H
#define SLIPWAY_STORED_VARIABLE_H

#include <stddef.h>

#include "config.h"
#include "option.h"
#include "secret_store.h"

/* Starts as {0}. */
typedef struct SlipwayStoredVariables
{
	char	  **names;			/* as in the file */
	SlipwaySecretLookup *lookups;	/* of each */
	size_t		count;
} SlipwayStoredVariables;

/*
 * Looks up what the process environment lacks of the variables in a key of the section of --env, if there is
 * a store and something lacks. One that the store lacks too is a fault.
 */
SlipwaySecretFault *slipway_stored_variables_fetch(const SlipwayArguments *arguments, SlipwayConfigKey key,
												   SlipwayStoredVariables *variables);

/* The value of one, or NULL if it was not looked up: a SlipwayConfigLookup. */
const char *slipway_stored_variables_find(void *variables, const char *name);

void		slipway_stored_variables_release(SlipwayStoredVariables *variables);

#endif
