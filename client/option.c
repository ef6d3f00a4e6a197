/*
 * option.c
 *	  The parser of command lines.
 *
 * Options may stand before and after the command, so they are parsed before
 * the command is known; this works because one table holds them all.
 */
#include "option.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "die.h"
#include "display.h"
#include "memory.h"
#include "nearest.h"
#include "option_value.h"

/* One says the opposite of the other. */
static const SlipwayOptionId rivals[][2] = {
	{SLIPWAY_OPTION_QUIET, SLIPWAY_OPTION_VERBOSE},
	{SLIPWAY_OPTION_NO_PASSWORD, SLIPWAY_OPTION_PASSWORD},
	{SLIPWAY_OPTION_MARKDOWN, SLIPWAY_OPTION_MAN},
	{SLIPWAY_OPTION_STEPS, SLIPWAY_OPTION_TO},
	{SLIPWAY_OPTION_STEPS, SLIPWAY_OPTION_ALL},
	{SLIPWAY_OPTION_TO, SLIPWAY_OPTION_ALL},
	{SLIPWAY_OPTION_OUT_OF_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER},
};

#define RIVAL_COUNT (sizeof(rivals) / sizeof(rivals[0]))

static _Noreturn void
die_unknown(const char *given)
{
	const char *names[SLIPWAY_OPTION_COUNT];
	char	   *name = slipway_memory_copy_bytes(given + 2, strcspn(given + 2, "="));
	const char *near;

	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
		names[id] = slipway_option_table[id].name;
	near = slipway_nearest_find(name, names, SLIPWAY_OPTION_COUNT);
	slipway_die(SLIPWAY_EXIT_USAGE,
				near == NULL ? "See \"slipway --help\"."
				: slipway_memory_format("Perhaps you meant \"--%s\".", near),
				"unknown option \"--%s\"", name);
}

static void
set_value(SlipwayArguments *arguments, int id, const char *value)
{
	arguments->values[id] = value;
	if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_LIST)
	{
		SlipwayOptionList *list = &arguments->lists[id];

		list->values = slipway_memory_resize(list->values, list->count + 1, sizeof(char *));
		list->values[list->count++] = value;
	}
}

static void
take_value(SlipwayArguments *arguments, int id, const char *value)
{
	const SlipwayOption *option = &slipway_option_table[id];
	const char *fault;

	if (value == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					slipway_memory_format("Write --%s %s.", option->name, option->value),
					"option \"--%s\" needs a value", option->name);
	fault = slipway_option_value_fault(option, value);
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, fault,
					"invalid value \"%s\" of option \"--%s\"",
					id == SLIPWAY_OPTION_DBNAME || id == SLIPWAY_OPTION_URL ||
					id == SLIPWAY_OPTION_WITH ? "" : value,
					option->name);
	set_value(arguments, id, value);
}

/* Takes a long option; next is the argument after it. True if that was used. */
static bool
take_long(SlipwayArguments *arguments, const char *given, const char *next)
{
	const char *equals = strchr(given + 2, '=');
	size_t		length = equals != NULL ? (size_t) (equals - given - 2) : strlen(given + 2);

	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
	{
		const SlipwayOption *option = &slipway_option_table[id];

		if (strlen(option->name) != length || memcmp(option->name, given + 2, length) != 0)
			continue;
		if (option->kind == SLIPWAY_OPTION_KIND_FLAG)
		{
			if (equals != NULL)
				slipway_die(SLIPWAY_EXIT_USAGE,
							slipway_memory_format("Write just --%s.", option->name),
							"option \"--%s\" takes no value", option->name);
			set_value(arguments, id, "1");
			return false;
		}
		if (option->kind == SLIPWAY_OPTION_KIND_OPTIONAL)
		{
			set_value(arguments, id, equals != NULL ? equals + 1 : "");
			return false;
		}
		take_value(arguments, id, equals != NULL ? equals + 1 : next);
		return equals == NULL;
	}
	die_unknown(given);
}

/* The option of the letter that a text begins with. */
static int
find_letter(const char *text)
{
	for (int id = 0; id < SLIPWAY_OPTION_COUNT; id++)
		if (slipway_option_table[id].letter == *text)
			return id;
	slipway_die(SLIPWAY_EXIT_USAGE, "See \"slipway --help\".", "unknown option \"-%.*s\"",
				(int) slipway_display_bytes(text, strlen(text)), text);
}

/* Takes a cluster of letters, as take_long() does. */
static bool
take_letters(SlipwayArguments *arguments, const char *letters, const char *next)
{
	for (; *letters != '\0'; letters++)
	{
		int			id = find_letter(letters);

		if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_FLAG)
		{
			set_value(arguments, id, "1");
			continue;
		}
		take_value(arguments, id, letters[1] != '\0' ? letters + 1 : next);
		return letters[1] == '\0';
	}
	return false;
}

/* " (SLIPWAY_QUIET)" or "" for the command line. */
static char *
name_source(const SlipwayArguments *arguments, SlipwayOptionId id)
{
	return arguments->sources[id] == NULL ? slipway_memory_copy("")
		: slipway_memory_format(" (%s)", arguments->sources[id]);
}

static void
check_rivals(const SlipwayArguments *arguments)
{
	for (size_t i = 0; i < RIVAL_COUNT; i++)
		if (arguments->values[rivals[i][0]] != NULL && arguments->values[rivals[i][1]] != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, "Give one of them.",
						"options \"--%s\"%s and \"--%s\"%s contradict each other",
						slipway_option_table[rivals[i][0]].name, name_source(arguments, rivals[i][0]),
						slipway_option_table[rivals[i][1]].name, name_source(arguments, rivals[i][1]));
}

/* Has an option been given that says the opposite? */
static bool
has_rival(const SlipwayArguments *arguments, SlipwayOptionId id)
{
	for (size_t i = 0; i < RIVAL_COUNT; i++)
		if ((rivals[i][0] == id && arguments->values[rivals[i][1]] != NULL) ||
			(rivals[i][1] == id && arguments->values[rivals[i][0]] != NULL))
			return true;
	return false;
}

void
slipway_option_parse(int argc, char *const argv[], SlipwayArguments *arguments)
{
	bool		words_only = false;

	arguments->words = slipway_memory_new((size_t) (argc + 1) * sizeof(char *));
	for (int i = 1; i < argc; i++)
	{
		const char *given = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (words_only || given[0] != '-' || given[1] == '\0')
			arguments->words[arguments->word_count++] = given;
		else if (strcmp(given, "--") == 0)
		{
			words_only = true;
			continue;
		}
		else if (given[1] == '-')
			i += take_long(arguments, given, next) ? 1 : 0;
		else
			i += take_letters(arguments, given + 1, next) ? 1 : 0;
		/* the options of what another program is given are its own */
		if (arguments->word_count == 2 && slipway_command_takes_rest(arguments->words[0]))
			words_only = true;
	}
	check_rivals(arguments);
}

/* Takes a value that was not given on the command line, whatever its kind. */
static void
take_default(SlipwayArguments *arguments, SlipwayOptionId id, const char *value, const char *source)
{
	bool		on = true;

	if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_FLAG)
		(void) slipway_option_value_flag(value, &on);
	arguments->sources[id] = source;
	if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_LIST)
	{
		SlipwayOptionList *list = &arguments->lists[id];

		list->sources = slipway_memory_resize(list->sources, list->count + 1, sizeof(char *));
		list->sources[list->count] = source;
	}
	if (on)
		set_value(arguments, (int) id,
				  slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_FLAG ? "1" : value);
}

void
slipway_option_read_environment(SlipwayArguments *arguments, const SlipwayOptionId *ids)
{
	const SlipwayArguments given = *arguments;

	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
	{
		const SlipwayOption *option = &slipway_option_table[*ids];
		const char *value = option->environment != NULL ? getenv(option->environment) : NULL;
		const char *fault;

		if (value == NULL || *value == '\0' || arguments->values[*ids] != NULL ||
			has_rival(&given, *ids))
			continue;
		fault = slipway_option_value_fault(option, value);
		if (fault != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, fault,
						"invalid value \"%s\" of environment variable %s", value,
						option->environment);
		take_default(arguments, *ids, value, option->environment);
	}
	check_rivals(arguments);
}

void
slipway_option_add_defaults(SlipwayArguments *arguments, const SlipwayOptionDefault *defaults,
							size_t count)
{
	const SlipwayArguments given = *arguments;

	for (size_t i = 0; i < count; i++)
		if (given.values[defaults[i].id] == NULL && given.sources[defaults[i].id] == NULL &&
			!has_rival(&given, defaults[i].id))
			take_default(arguments, defaults[i].id, defaults[i].value, defaults[i].source);
	check_rivals(arguments);
}

const char *
slipway_option_text(const SlipwayArguments *arguments, SlipwayOptionId id)
{
	return arguments->values[id];
}

bool
slipway_option_flag(const SlipwayArguments *arguments, SlipwayOptionId id)
{
	return arguments->values[id] != NULL;
}

int
slipway_option_integer(const SlipwayArguments *arguments, SlipwayOptionId id, int otherwise)
{
	const char *value = arguments->values[id];

	return value != NULL ? (int) strtol(value, NULL, 10) : otherwise;
}

double
slipway_option_duration(const SlipwayArguments *arguments, SlipwayOptionId id, double otherwise)
{
	double		milliseconds = otherwise;

	if (arguments->values[id] != NULL)
		(void) slipway_option_value_duration(arguments->values[id], &milliseconds);
	return milliseconds;
}
