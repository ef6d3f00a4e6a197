/*
 * option_value.c
 *	  What is a good value of an option.
 */
#include "option_value.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define MAX_PORT 65535

bool
slipway_option_value_duration(const char *text, double *milliseconds)
{
	static const struct
	{
		const char *name;
		double		milliseconds;
	}			units[] = {
		{"", 1}, {"us", 0.001}, {"ms", 1}, {"s", 1000}, {"min", 60e3}, {"h", 3600e3}, {"d", 86400e3}
	};
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
		if (strcmp(text, units[i].name) == 0)
		{
			*milliseconds = strtod(start, NULL) * units[i].milliseconds;
			return true;
		}
	return false;
}

bool
slipway_option_value_flag(const char *text, bool *on)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"0", "false", "no", "off"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
	{
		*on = strcmp(text, yes[i]) == 0;
		if (*on || strcmp(text, no[i]) == 0)
			return true;
	}
	return false;
}

static const char *
flag_fault(const char *text)
{
	bool		on;

	return slipway_option_value_flag(text, &on) ? NULL
		: "It is 1 or 0, true or false, yes or no, on or off.";
}

static const char *
duration_fault(const char *text)
{
	double		milliseconds;

	if (!slipway_option_value_duration(text, &milliseconds))
		return "It is a number of milliseconds, or has a unit: us, ms, s, min, h or d.";
	return milliseconds <= INT_MAX ? NULL : "It is at most 24 days.";
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
is_port_list(const char *text)
{
	for (;;)
	{
		char	   *end;
		long		port;

		if (!isdigit((unsigned char) *text))
			return false;
		port = strtol(text, &end, 10);
		if (port < 1 || port > MAX_PORT || (*end != '\0' && *end != ','))
			return false;
		if (*end == '\0')
			return true;
		text = end + 1;
	}
}

/* As the server takes sizes. */
static bool
is_size(const char *text)
{
	static const char *const units[] = {"", "B", "kB", "MB", "GB", "TB"};
	size_t		digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 15)
		return false;
	for (text += digits; *text == ' ';)
		text++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text, units[i]) == 0)
			return true;
	return false;
}

bool
slipway_option_value_choice(const char *text, const char *choices)
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

const char *
slipway_option_value_fault(const SlipwayOption *option, const char *value)
{
	switch (option->kind)
	{
		case SLIPWAY_OPTION_KIND_INTEGER:
			return is_integer(value) ? NULL : "It is a whole number from 0 to 2147483647.";
		case SLIPWAY_OPTION_KIND_DURATION:
			return duration_fault(value);
		case SLIPWAY_OPTION_KIND_PORT:
			return is_port_list(value) ? NULL : "It is a number from 1 to 65535.";
		case SLIPWAY_OPTION_KIND_SIZE:
			return is_size(value) ? NULL
				: "It is a number of bytes, or has a unit: B, kB, MB, GB or TB.";
		case SLIPWAY_OPTION_KIND_CHOICE:
			return slipway_option_value_choice(value, option->choices) ? NULL
				: slipway_memory_format("It is one of %s.", option->choices);
		case SLIPWAY_OPTION_KIND_TEXT:
		case SLIPWAY_OPTION_KIND_LIST:
			return *value != '\0' ? NULL : "It must not be empty.";
		case SLIPWAY_OPTION_KIND_FLAG:
			return flag_fault(value);
		case SLIPWAY_OPTION_KIND_OPTIONAL:
			break;
	}
	return NULL;
}
