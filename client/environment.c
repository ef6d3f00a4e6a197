/*
 * environment.c
 *	  The environment of --env.
 */
#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "folder.h"
#include "memory.h"

static bool
is_among(const SlipwayOptionId *ids, SlipwayOptionId id)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		if (*ids == id)
			return true;
	return false;
}

/* Does the command have it, and nothing else say what it is? */
static bool
is_wanted(const SlipwayOptionId *ids, SlipwayOptionId id)
{
	/* the folder of MIGRATIONS_PATH comes first */
	if (id == SLIPWAY_OPTION_DIR && slipway_folder_is_set())
		return false;
	return is_among(ids, id) || is_among(slipway_command_general_options, id);
}

static void
fill_options(SlipwayArguments *arguments, const SlipwayOptionId *ids)
{
	const SlipwayEnvironment *environment = arguments->environment;
	size_t		count = slipway_config_default_count(environment);
	SlipwayOptionDefault *defaults = slipway_memory_new((count + 1) * sizeof(SlipwayOptionDefault));
	size_t		wanted = 0;

	for (size_t i = 0; i < count; i++)
	{
		SlipwayOptionId id = slipway_config_default_option(environment, i);

		/* variables of the others need not be set */
		if (is_wanted(ids, id) && arguments->values[id] == NULL && arguments->sources[id] == NULL)
			defaults[wanted++] = (SlipwayOptionDefault) {
				id, slipway_config_default_value(environment, i),
				slipway_config_default_place(environment, i)
			};
	}
	slipway_option_add_defaults(arguments, defaults, wanted);
	/* the value of a flag is not kept: it is there, or not */
	for (size_t i = 0; i < wanted; i++)
		if (slipway_option_table[defaults[i].id].kind == SLIPWAY_OPTION_KIND_FLAG)
			free((char *) defaults[i].value);
	free(defaults);
}

void
slipway_environment_apply(SlipwayArguments *arguments, const SlipwayOptionId *ids)
{
	const char *name = slipway_option_text(arguments, SLIPWAY_OPTION_ENV);
	const char *path = slipway_option_text(arguments, SLIPWAY_OPTION_CONFIG);

	if (name == NULL && path == NULL)
		return;
	arguments->environment = slipway_config_read(path != NULL ? path : SLIPWAY_CONFIG_FILE, name);
	if (arguments->environment != NULL)
		fill_options(arguments, ids);
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
	free(value);
	/* the section speaks of its own server, not of whatever else the command line names */
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		allows = allows && slipway_option_text(arguments, elsewhere[i]) == NULL;
	return allows;
}
