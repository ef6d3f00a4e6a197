/*
 * environment.c
 *	  The environment of --env.
 */
#include "environment.h"

#include <stdlib.h>

#include "config.h"
#include "die.h"
#include "folder.h"
#include "option_value.h"

static void
fill_option(SlipwayArguments *arguments, SlipwayOptionId id, SlipwayConfigKey key)
{
	char	   *value;
	const char *fault;

	if (arguments->values[id] != NULL)
		return;
	value = slipway_config_value(arguments->environment, key);
	if (value == NULL)
		return;
	fault = slipway_option_value_fault(&slipway_option_table[id], value);
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, fault, "invalid value \"%s\" of key \"%s\" in %s", value,
					slipway_option_table[id].name, slipway_config_source(arguments->environment));
	arguments->values[id] = value;
}

void
slipway_environment_apply(SlipwayArguments *arguments)
{
	const char *name = slipway_option_text(arguments, SLIPWAY_OPTION_ENV);
	const char *path = slipway_option_text(arguments, SLIPWAY_OPTION_CONFIG);

	if (name == NULL && path == NULL)
		return;
	arguments->environment = slipway_config_read(path != NULL ? path : SLIPWAY_CONFIG_FILE, name);
	if (arguments->environment == NULL)
		return;
	fill_option(arguments, SLIPWAY_OPTION_PROJECT, SLIPWAY_CONFIG_PROJECT);
	fill_option(arguments, SLIPWAY_OPTION_ORDER, SLIPWAY_CONFIG_ORDER);
	/* the folder of MIGRATIONS_PATH comes first */
	if (!slipway_folder_is_set())
		fill_option(arguments, SLIPWAY_OPTION_DIR, SLIPWAY_CONFIG_DIR);
}
