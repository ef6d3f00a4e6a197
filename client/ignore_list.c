/*
 * ignore_list.c
 *	  Patterns of objects that a difference leaves out.
 */
#include "ignore_list.h"

#include <stdbool.h>
#include <string.h>

#include "buffer.h"

static size_t
measure_pattern(const char *text)
{
	bool		quoted = false;
	size_t		length = 0;

	for (; text[length] != '\0' && (quoted || text[length] != ','); length++)
		if (text[length] == '"')
			quoted = !quoted;
	return length;
}

/* Adds an element of an array. */
static void
add_pattern(SlipwayBuffer *array, const char *pattern, size_t length)
{
	if (array->length > 1)
		slipway_buffer_add_char(array, ',');
	slipway_buffer_add_char(array, '"');
	for (size_t i = 0; i < length; i++)
	{
		if (pattern[i] == '"' || pattern[i] == '\\')
			slipway_buffer_add_char(array, '\\');
		slipway_buffer_add_char(array, pattern[i]);
	}
	slipway_buffer_add_char(array, '"');
}

static void
add_patterns(SlipwayBuffer *array, const char *text)
{
	while (*text != '\0')
	{
		size_t		length = measure_pattern(text);
		const char *next = text + length + (text[length] == ',');

		while (length > 0 && (*text == ' ' || *text == '\t'))
		{
			text++;
			length--;
		}
		while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
			length--;
		if (length > 0)
			add_pattern(array, text, length);
		text = next;
	}
}

char *
slipway_ignore_list_split(const char *text)
{
	SlipwayBuffer array = {0};

	slipway_buffer_add_char(&array, '{');
	add_patterns(&array, text);
	slipway_buffer_add_char(&array, '}');
	return slipway_buffer_take(&array);
}

char *
slipway_ignore_list_array(const SlipwayArguments *arguments)
{
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_IGNORE];
	SlipwayBuffer array = {0};

	if (slipway_option_text(arguments, SLIPWAY_OPTION_IGNORE) == NULL)
		return NULL;
	/* of slipway.conf there is one value, and no list */
	if (list->count == 0)
		return slipway_ignore_list_split(slipway_option_text(arguments, SLIPWAY_OPTION_IGNORE));
	slipway_buffer_add_char(&array, '{');
	for (size_t i = 0; i < list->count; i++)
		add_patterns(&array, list->values[i]);
	slipway_buffer_add_char(&array, '}');
	return slipway_buffer_take(&array);
}
