/*
 * label.c
 *	  What a deploy is told to note of itself: release, commit, ticket.
 */
#include "label.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"
#include "output.h"

static void
add_label(json_t *labels, const char *label)
{
	const char *equals = strchr(label, '=');
	char	   *key;

	if (equals == NULL || equals == label)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is KEY=VALUE, as in release=1.4.",
					"invalid value \"%s\" of option \"--label\"", label);
	key = slipway_memory_copy_bytes(label, (size_t) (equals - label));
	if (json_object_get(labels, key) != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Give each key once.", "label \"%s\" is there twice", key);
	/* what is no UTF-8 cannot be a key */
	if (json_object_set_new(labels, key, slipway_output_json_text(equals + 1)) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is text in UTF-8.",
					"invalid value of option \"--label\"");
	free(key);
}

json_t *
slipway_label_json(const SlipwayArguments *arguments)
{
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_LABEL];
	json_t	   *labels = list->count > 0 ? json_object() : NULL;

	for (size_t i = 0; i < list->count; i++)
		add_label(labels, list->values[i]);
	return labels;
}
