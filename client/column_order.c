/*
 * column_order.c
 *	  The order of columns in the definition of a table.
 *
 * As in schema_diff.c of the extension, for two databases of which neither knows
 * the other.
 */
#include "column_order.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

/* The list of names in a definition: behind "columns: " or "attributes: ". */
typedef struct Names
{
	const char *start;			/* NULL: there is none */
	const char *end;
} Names;

/* Behind the name, which may be quoted, that begins here. */
static const char *
skip_name(const char *text, const char *end)
{
	bool		quoted = false;

	for (; text < end && (quoted || *text != ','); text++)
		if (*text == '"')
			quoted = !quoted;
	return text;
}

/* Where the name behind that one begins: there is ", " between them. */
static const char *
next_name(const char *end_of_name, const char *end)
{
	return end - end_of_name > 2 ? end_of_name + 2 : end;
}

/* Behind the line, if it begins so. */
static const char *
skip_line(const char *text, const char *beginning)
{
	const char *end = strchrnul(text, '\n');

	return strncmp(text, beginning, strlen(beginning)) == 0 && *end != '\0' ? end + 1 : text;
}

/* The end of the line, but not one inside a quoted name. */
static const char *
find_end(const char *text)
{
	bool		quoted = false;

	for (; *text != '\0' && (quoted || *text != '\n'); text++)
		if (*text == '"')
			quoted = !quoted;
	return text;
}

/* Only owner and kind of a type come before the list; farther down it may be a line of a comment, or of a body. */
static Names
find_names(const char *definition)
{
	static const char *const properties[] = {"columns: ", "attributes: "};
	const char *line = skip_line(skip_line(definition, "owner: "), "type: composite");

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (strncmp(line, properties[i], strlen(properties[i])) == 0)
		{
			const char *start = line + strlen(properties[i]);

			return (Names) {start, find_end(start)};
		}
	return (Names) {NULL, NULL};
}

static bool
has_name(const Names *names, const char *name, size_t length)
{
	for (const char *at = names->start, *end; at < names->end; at = next_name(end, names->end))
	{
		end = skip_name(at, names->end);
		if ((size_t) (end - at) == length && memcmp(at, name, length) == 0)
			return true;
	}
	return false;
}

/* The names that are in the other list, too, in order. */
static char *
write_common(const Names *names, const Names *other)
{
	SlipwayBuffer text = {0};

	for (const char *at = names->start, *end; at < names->end; at = next_name(end, names->end))
	{
		end = skip_name(at, names->end);
		if (!has_name(other, at, (size_t) (end - at)))
			continue;
		slipway_buffer_add_bytes(&text, at, (size_t) (end - at));
		slipway_buffer_add_char(&text, ',');
	}
	return slipway_buffer_take(&text);
}

char *
slipway_column_order_take_over(const char *before, const char *after)
{
	Names		old = find_names(before);
	Names		new = find_names(after);
	char	   *stayed;
	char	   *found;
	bool		same;

	if (old.start == NULL || new.start == NULL)
		return slipway_memory_copy(before);
	stayed = write_common(&old, &new);
	found = write_common(&new, &old);
	same = strcmp(stayed, found) == 0;
	free(stayed);
	free(found);
	if (!same)
		return slipway_memory_copy(before);
	return slipway_memory_format("%.*s%.*s%s", (int) (old.start - before), before,
								 (int) (new.end - new.start), new.start, old.end);
}
