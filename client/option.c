/*
 * option.c
 *	  The parser of command lines.
 *
 * Options may stand before and after the command, so they are parsed before
 * the command is known; this works because one table holds them all.
 */
#include "option.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "display.h"
#include "memory.h"
#include "nearest.h"

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

static bool
is_duration(const char *text)
{
	static const char *const units[] = {"", "us", "ms", "s", "min", "h", "d"};
	const char *start = text;

	while (isdigit((unsigned char) *text))
		text++;
	if (text == start)
		return false;
	if (*text == '.' && isdigit((unsigned char) text[1]))
		for (text++; isdigit((unsigned char) *text);)
			text++;
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i]) == 0)
			return true;
	return false;
}

static bool
is_integer(const char *text)
{
	char	   *end;
	long		number;

	if (!isdigit((unsigned char) *text))
		return false;
	number = strtol(text, &end, 10);
	return *end == '\0' && number <= INT_MAX;
}

static bool
is_choice(const char *text, const char *choices)
{
	for (const char *next; choices != NULL; choices = next)
	{
		size_t		length = strcspn(choices, "|");

		if (strlen(text) == length && memcmp(choices, text, length) == 0)
			return true;
		next = choices[length] == '|' ? choices + length + 1 : NULL;
	}
	return false;
}

/* What a good value would be, or NULL when this one is good. */
const char *
slipway_option_find_fault(SlipwayOptionId id, const char *value)
{
	const SlipwayOption *option = &slipway_option_table[id];

	switch (option->kind)
	{
		case SLIPWAY_OPTION_KIND_INTEGER:
			return is_integer(value) ? NULL : "It is a whole number from 0 to 2147483647.";
		case SLIPWAY_OPTION_KIND_DURATION:
			return is_duration(value) ? NULL
				: "It is a number of milliseconds, or has a unit: us, ms, s, min, h or d.";
		case SLIPWAY_OPTION_KIND_CHOICE:
			return is_choice(value, option->choices) ? NULL
				: slipway_memory_format("It is one of %s.", option->choices);
		case SLIPWAY_OPTION_KIND_TEXT:
		case SLIPWAY_OPTION_KIND_LIST:
			return *value != '\0' ? NULL : "It must not be empty.";
		case SLIPWAY_OPTION_KIND_FLAG:
			break;
	}
	return NULL;
}

static void
set_value(SlipwayArguments *arguments, int id, const char *value)
{
	arguments->values[id] = value;
	if (slipway_option_table[id].kind == SLIPWAY_OPTION_KIND_LIST)
	{
		arguments->grants = slipway_memory_resize(arguments->grants, arguments->grant_count + 1, sizeof(char *));
		arguments->grants[arguments->grant_count++] = value;
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
	fault = slipway_option_find_fault((SlipwayOptionId) id, value);
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, fault,
					"invalid value \"%s\" of option \"--%s\"",
					id == SLIPWAY_OPTION_DBNAME || id == SLIPWAY_OPTION_URL ? "" : value, option->name);
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
				slipway_die(SLIPWAY_EXIT_USAGE, slipway_memory_format("Write just --%s.", option->name),
							"option \"--%s\" takes no value", option->name);
			set_value(arguments, id, "1");
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
			words_only = true;
		else if (given[1] == '-')
			i += take_long(arguments, given, next) ? 1 : 0;
		else
			i += take_letters(arguments, given + 1, next) ? 1 : 0;
	}
}

static void
read_flag(SlipwayArguments *arguments, SlipwayOptionId id, const char *value)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"0", "false", "no", "off"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
	{
		if (strcmp(value, yes[i]) == 0)
		{
			set_value(arguments, (int) id, "1");
			return;
		}
		if (strcmp(value, no[i]) == 0)
			return;
	}
	slipway_die(SLIPWAY_EXIT_USAGE, "It is 1 or 0, true or false, yes or no, on or off.",
				"invalid value \"%s\" of environment variable %s",
				value, slipway_option_table[id].environment);
}

void
slipway_option_read_environment(SlipwayArguments *arguments, const SlipwayOptionId *ids)
{
	for (; *ids != SLIPWAY_OPTION_COUNT; ids++)
	{
		const SlipwayOption *option = &slipway_option_table[*ids];
		const char *value = option->environment != NULL ? getenv(option->environment) : NULL;
		const char *fault;

		if (value == NULL || *value == '\0' || arguments->values[*ids] != NULL)
			continue;
		if (option->kind == SLIPWAY_OPTION_KIND_FLAG)
		{
			read_flag(arguments, *ids, value);
			continue;
		}
		fault = slipway_option_find_fault(*ids, value);
		if (fault != NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, fault, "invalid value \"%s\" of environment variable %s",
						value, option->environment);
		set_value(arguments, (int) *ids, value);
	}
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
	return arguments->values[id] != NULL ? (int) strtol(arguments->values[id], NULL, 10) : otherwise;
}
