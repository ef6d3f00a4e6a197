/*
 * directive.c
 *	  What a script says of itself in its first lines.
 */
#include "directive.h"

#include <string.h>

#define MARK "-- slipway:"

static bool
is_blank(char c)
{
	return strchr(" \t\r\v\f", c) != NULL && c != '\0';
}

static void
trim(const char **text, size_t *length)
{
	while (*length > 0 && is_blank(**text))
	{
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_blank((*text)[*length - 1]))
		(*length)--;
}

static bool
begins_with(const char *text, size_t length, const char *start)
{
	return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

bool
slipway_directive_is_there(const char *text, size_t length, const char *name)
{
	const char *end = text + length;

	while (text < end)
	{
		const char *feed = memchr(text, '\n', (size_t) (end - text));
		const char *line = text;
		size_t		size = (size_t) ((feed == NULL ? end : feed) - text);

		text = feed == NULL ? end : feed + 1;
		trim(&line, &size);
		if (size > 0 && !begins_with(line, size, "--"))
			return false;
		if (!begins_with(line, size, MARK))
			continue;
		line += strlen(MARK);
		size -= strlen(MARK);
		trim(&line, &size);
		if (size == strlen(name) && memcmp(line, name, size) == 0)
			return true;
	}
	return false;
}
