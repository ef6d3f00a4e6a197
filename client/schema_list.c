/*
 * schema_list.c
 *	  The value of --schemas.
 */
#include "schema_list.h"

#include <stddef.h>
#include <string.h>

#include "buffer.h"
#include "die.h"

char *
slipway_schema_list(const char *list)
{
	SlipwayBuffer array = {0};
	const char *next;

	if (list == NULL)
		return NULL;
	slipway_buffer_add_char(&array, '{');
	for (; list != NULL; list = next)
	{
		size_t		length = strcspn(list, ",");

		next = list[length] == ',' ? list + length + 1 : NULL;
		while (length > 0 && *list == ' ')
		{
			list++;
			length--;
		}
		while (length > 0 && list[length - 1] == ' ')
			length--;
		if (length == 0)
			slipway_die(SLIPWAY_EXIT_USAGE, "It is a list of schemas, as in app,public.",
						"an empty name in the value of option \"--schemas\"");
		if (array.length > 1)
			slipway_buffer_add_char(&array, ',');
		slipway_buffer_add_char(&array, '"');
		for (size_t i = 0; i < length; i++)
		{
			if (list[i] == '"' || list[i] == '\\')
				slipway_buffer_add_char(&array, '\\');
			slipway_buffer_add_char(&array, list[i]);
		}
		slipway_buffer_add_char(&array, '"');
	}
	slipway_buffer_add_char(&array, '}');
	return slipway_buffer_take(&array);
}
