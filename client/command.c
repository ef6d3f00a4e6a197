/*
 * command.c
 *	  Finds and runs the command of a command line.
 */
#include "command.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "die.h"
#include "environment.h"
#include "help.h"
#include "memory.h"
#include "nearest.h"
#include "option_default.h"
#include "option_value.h"
#include "output.h"
#include "pooler.h"

/* Names and aliases, with room to spare. */
#define MAX_NAMES 64

static size_t
list_names(const char *names[MAX_NAMES])
{
	size_t		count = 0;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (count < MAX_NAMES)
			names[count++] = command->name;
		for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
			if (count < MAX_NAMES)
				names[count++] = command->aliases[i];
	}
	return count;
}

const SlipwayCommand *
slipway_command_find(const char *name)
{
	const char *names[MAX_NAMES];
	const char *near;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (strcmp(command->name, name) == 0)
			return command;
		for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
			if (strcmp(command->aliases[i], name) == 0)
				return command;
	}
	near = slipway_nearest_find(name, names, list_names(names));
	slipway_die(SLIPWAY_EXIT_USAGE,
				near == NULL ? "See \"slipway --help\"."
				: slipway_memory_format("Perhaps you meant \"%s\".", near),
				"unknown command \"%s\"", name);
}

bool
slipway_command_takes_rest(const char *name)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (command->rest && strcmp(command->name, name) == 0)
			return true;
	return false;
}

static bool
has_option(const SlipwayOptionId *ids, int id)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
		if ((int) *ids == id)
			return true;
	return false;
}

/* Options of its own. */
static const SlipwayOptionId *
list_options(const SlipwayCommand *command)
{
	return command->any_option ? slipway_option_defaults() : command->options;
}

static void
check_options(const SlipwayCommand *command, const SlipwayArguments *arguments)
{
	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
		if (arguments->values[id] != NULL &&
			!(has_option(slipway_command_connection_options, id) && !command->application) &&
			!has_option(slipway_command_general_options, id) &&
			!has_option(list_options(command), id))
			slipway_die(SLIPWAY_EXIT_USAGE,
						slipway_memory_format("See \"slipway help %s\".", command->name),
						"command \"%s\" has no option \"--%s\"", command->name,
						slipway_option_table[id].name);
}

static char *
make_usage(const SlipwayCommand *command)
{
	return slipway_memory_format("Write slipway %s%s%s.", command->name,
								 command->argument != NULL ? " " : "",
								 command->argument != NULL ? command->argument : "");
}

static void
check_words(const SlipwayCommand *command, const SlipwayArguments *arguments)
{
	size_t		most = command->argument != NULL ? 1 : 0;
	size_t		least = command->argument != NULL && command->argument[0] != '[' ? 1 : 0;
	size_t		given = arguments->word_count - 1;

	if (given > most && !command->rest)
		slipway_die(SLIPWAY_EXIT_USAGE, make_usage(command), "superfluous argument \"%s\"",
					arguments->words[1 + most]);
	if (given < least)
		slipway_die(SLIPWAY_EXIT_USAGE, make_usage(command), "command \"%s\" needs an argument",
					command->name);
	if (given > 0 && command->choices != NULL &&
		!slipway_option_value_choice(arguments->words[1], command->choices))
		slipway_die(SLIPWAY_EXIT_USAGE, slipway_memory_format("It is one of %s.", command->choices),
					"invalid argument \"%s\" of command \"%s\"",
					arguments->words[1], command->name);
}

static void
set_mode(const SlipwayArguments *arguments)
{
	slipway_output_set_mode((SlipwayOutputMode) {
		.json = slipway_option_flag(arguments, SLIPWAY_OPTION_JSON),
		.quiet = slipway_option_flag(arguments, SLIPWAY_OPTION_QUIET),
		.verbose = slipway_option_flag(arguments, SLIPWAY_OPTION_VERBOSE),
		.no_color = slipway_option_flag(arguments, SLIPWAY_OPTION_NO_COLOR),
	});
}

SlipwayExitCode
slipway_command_run(SlipwayArguments *arguments)
{
	const SlipwayCommand *command;

	slipway_option_read_environment(arguments, slipway_command_general_options);
	set_mode(arguments);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_VERSION))
		return slipway_cmd_version(arguments);
	if (arguments->word_count == 0)
	{
		bool		asked = slipway_option_flag(arguments, SLIPWAY_OPTION_HELP);

		slipway_help_print(asked ? stdout : stderr);
		return asked ? SLIPWAY_EXIT_DONE : SLIPWAY_EXIT_USAGE;
	}
	command = slipway_command_find(arguments->words[0]);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_HELP))
	{
		slipway_help_print_command(stdout, command);
		return SLIPWAY_EXIT_DONE;
	}
	check_options(command, arguments);
	check_words(command, arguments);
	slipway_option_read_environment(arguments, list_options(command));
	if (!command->standalone)
	{
		slipway_environment_apply(arguments, list_options(command));
		set_mode(arguments);
	}
	if (has_option(command->options, SLIPWAY_OPTION_REQUIRE_DIRECT))
		slipway_pooler_set_policy(slipway_option_flag(arguments, SLIPWAY_OPTION_REQUIRE_DIRECT)
								  ? SLIPWAY_POOLER_REFUSE : SLIPWAY_POOLER_WARN);
	return command->run(arguments);
}
