/*
 * command.c
 *	  Finds and runs the command of a command line.
 */
#include "command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
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
#define MAX_NAMES 128

static bool
has_name(const SlipwayCommand *command, const char *name)
{
	if (strcmp(command->name, name) == 0)
		return true;
	for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
		if (strcmp(command->aliases[i], name) == 0)
			return true;
	return false;
}

/* Is one of these names the other one and a word more? */
static bool
is_member(const char *name, const char *group)
{
	size_t		length = strlen(group);

	return strncmp(name, group, length) == 0 && name[length] == ' ' && strchr(name + length + 1, ' ') == NULL;
}

const SlipwayCommand *
slipway_command_group(const SlipwayCommand *command)
{
	const SlipwayCommand *group = command;

	if (strchr(command->name, ' ') == NULL)
		return NULL;
	/* it stands before its commands */
	while (group->run != NULL || !is_member(command->name, group->name))
		group--;
	return group;
}

static const SlipwayCommand *
find_name(const char *name)
{
	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
		if (has_name(command, name))
			return command;
	return NULL;
}

/* All names in a group, or outside of groups. */
static size_t
list_names(const char *names[MAX_NAMES], const SlipwayCommand *group)
{
	size_t		count = 0;

	for (const SlipwayCommand *command = slipway_command_table; command->name != NULL; command++)
	{
		if (slipway_command_group(command) != group)
			continue;
		if (count < MAX_NAMES)
			names[count++] = command->name;
		for (int i = 0; i < SLIPWAY_COMMAND_MAX_ALIASES && command->aliases[i] != NULL; i++)
			if (count < MAX_NAMES)
				names[count++] = command->aliases[i];
	}
	return count;
}

_Noreturn static void
refuse_name(const char *name, const SlipwayCommand *group)
{
	const char *names[MAX_NAMES];
	const char *near = slipway_nearest_find(name, names, list_names(names, group));

	slipway_die(SLIPWAY_EXIT_USAGE,
				near != NULL ? slipway_memory_format("Perhaps you meant \"%s\".", near)
				: group != NULL ? slipway_memory_format("See \"slipway help %s\".", group->name)
				: "See \"slipway --help\".",
				"unknown command \"%s\"", name);
}

const SlipwayCommand *
slipway_command_find(const char *const *words, size_t count, size_t *used)
{
	const SlipwayCommand *command = find_name(words[0]);

	*used = 1;
	if (command == NULL || slipway_command_group(command) != NULL)
		refuse_name(words[0], NULL);
	while (command->run == NULL && *used < count)
	{
		char	   *name = slipway_memory_format("%s %s", command->name, words[*used]);
		const SlipwayCommand *member = find_name(name);

		if (member == NULL)
			refuse_name(name, command);
		free(name);
		command = member;
		(*used)++;
	}
	return command;
}

const char *
slipway_command_last_name(const SlipwayCommand *command)
{
	const char *space = strrchr(command->name, ' ');

	return space != NULL ? space + 1 : command->name;
}

bool
slipway_command_takes_command(const SlipwayCommand *command)
{
	return command->argument != NULL && strcmp(command->argument, "[COMMAND]") == 0;
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
	size_t		most = command->argument == NULL ? 0 : slipway_command_takes_command(command) ? 3 : 1;
	size_t		least = command->argument != NULL && command->argument[0] != '[' ? 1 : 0;
	size_t		given = arguments->word_count - 1;

	if (given > most && command->secret)
		slipway_die(SLIPWAY_EXIT_USAGE, "Others can read it there: it is read from stdin, or from --file.",
					"command \"%s\" takes no value on the command line", command->name);
	if (given > most && !command->rest && !command->many)
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

/* The command, or group, whose name is one word from then on. */
static const SlipwayCommand *
take_command(SlipwayArguments *arguments)
{
	size_t		used;
	const SlipwayCommand *command = slipway_command_find(arguments->words, arguments->word_count, &used);

	arguments->words += used - 1;
	arguments->word_count -= used - 1;
	arguments->words[0] = command->name;
	return command;
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
	command = take_command(arguments);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_HELP))
	{
		slipway_help_print_command(stdout, command);
		return SLIPWAY_EXIT_DONE;
	}
	if (command->run == NULL)
	{
		slipway_help_print_command(stderr, command);
		return SLIPWAY_EXIT_USAGE;
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
