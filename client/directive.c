/*
 * directive.c
 *	  What a script says of itself in its first lines.
 */
#include "directive.h"

#include <string.h>
#include <strings.h>

#define MARK "slipway"

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
	return length >= strlen(start) && strncasecmp(text, start, strlen(start)) == 0;
}

static void
skip(const char **text, size_t *length, size_t count)
{
	*text += count;
	*length -= count;
}

/* Goes behind a comment in the manner of C, which may hold others; or to the end. */
static void
skip_comment(const char **text, size_t *length)
{
	int			depth = 0;

	do
	{
		bool		opens = begins_with(*text, *length, "/*");
		bool		closes = begins_with(*text, *length, "*/");

		depth += opens ? 1 : 0;
		depth -= closes ? 1 : 0;
		skip(text, length, opens || closes ? 2 : 1);
	} while (depth > 0 && *length > 0);
}

/* Behind blanks and such comments, where a line may begin. */
static void
skip_to_line(const char **text, size_t *length)
{
	for (;;)
	{
		while (*length > 0 && is_blank(**text))
			skip(text, length, 1);
		if (!begins_with(*text, *length, "/*"))
			return;
		skip_comment(text, length);
	}
}

/* Takes the mark of a directive off a line; false: it is none. */
static bool
take_mark(const char **line, size_t *size)
{
	while (*size > 0 && **line == '-')
		skip(line, size, 1);
	trim(line, size);
	if (!begins_with(*line, *size, MARK))
		return false;
	skip(line, size, strlen(MARK));
	trim(line, size);
	if (*size == 0 || **line != ':')
		return false;
	skip(line, size, 1);
	trim(line, size);
	return true;
}

bool
slipway_directive_is_there(const char *text, size_t length, const char *name)
{
	while (length > 0)
	{
		const char *line;
		const char *feed;
		size_t		size;

		skip_to_line(&text, &length);
		feed = length > 0 ? memchr(text, '\n', length) : NULL;
		line = text;
		size = feed == NULL ? length : (size_t) (feed - text);
		skip(&text, &length, feed == NULL ? size : size + 1);
		if (size > 0 && !begins_with(line, size, "--"))
			return false;
		if (take_mark(&line, &size) && size == strlen(name) && memcmp(line, name, size) == 0)
			return true;
	}
	return false;
}
