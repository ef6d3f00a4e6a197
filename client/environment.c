/*
 * environment.c
 *	  The environment of --env.
 */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

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
	fill_option(arguments, SLIPWAY_OPTION_SNAPSHOT, SLIPWAY_CONFIG_SNAPSHOT);
	fill_option(arguments, SLIPWAY_OPTION_IGNORE, SLIPWAY_CONFIG_IGNORE);
	/* the folder of MIGRATIONS_PATH comes first */
	if (!slipway_folder_is_set())
		fill_option(arguments, SLIPWAY_OPTION_DIR, SLIPWAY_CONFIG_DIR);
}

bool
slipway_environment_allows_rehearsal(const SlipwayArguments *arguments)
{
	static const SlipwayOptionId elsewhere[] = {
		SLIPWAY_OPTION_DBNAME, SLIPWAY_OPTION_URL, SLIPWAY_OPTION_HOST, SLIPWAY_OPTION_PORT
	};
	char	   *value;
	bool		allows;

	if (arguments->environment == NULL)
		return false;
	value = slipway_config_value(arguments->environment, SLIPWAY_CONFIG_REHEARSE);
	allows = value != NULL && strcmp(value, "allow") == 0;
	if (value != NULL && !allows && strcmp(value, "ask") != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is allow or ask.",
					"invalid value \"%s\" of key \"rehearse\" in %s", value,
					slipway_config_source(arguments->environment));
	free(value);
	/* the section speaks of its own server, not of whatever else the command line names */
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		allows = allows && slipway_option_text(arguments, elsewhere[i]) == NULL;
	return allows;
}
