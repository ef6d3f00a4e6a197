/*
 * fuzz_event.c
 *	  What a server, or who speaks in its place, says about a rehearsal and about who is in the way.
 *
 * The input is lines with a JSON text each. All of it is made into a page.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "blocked.h"
#include "buffer.h"
#include "fuzz.h"
#include "html_rehearsal.h"
#include "rehearsal.h"
#include "server_error.h"

typedef struct Input
{
	const char *text;
	size_t		size;
} Input;

static void
print(SlipwayRehearsal *rehearsal)
{
	SlipwayBuffer page = {0};
	SlipwayRehearsalFrame frame = {.project = "p", .database = "d", .duration = 1};

	slipway_rehearsal_end(rehearsal);
	(void) slipway_rehearsal_migrations(rehearsal);
	(void) slipway_rehearsal_count(rehearsal, "danger");
	slipway_html_rehearsal(&page, rehearsal, &frame);
	free(slipway_buffer_take(&page));
}

static void
take(SlipwayRehearsal *rehearsal, const char *line, size_t length)
{
	json_t	   *event = json_loadb(line, length, 0, NULL);
	const char *name = json_string_value(json_object_get(event, "event"));

	if (name != NULL)
	{
		free(slipway_blocked_target(event));
		free(slipway_blocked_line(json_object_get(event, "blockers")));
		if (slipway_rehearsal_knows(name))
			slipway_rehearsal_take(rehearsal, event);
	}
	else
		free(slipway_blocked_line(event));
	json_decref(event);
}

static void
locate(const char *text, size_t length)
{
	char	   *context = fuzz_text((const uint8_t *) text, length);
	char	   *migration = NULL;
	SlipwayScriptPart part;
	int			line,
				column;
	size_t		used;

	(void) slipway_server_error_locate(context, &migration, &part, &line, &column, &used);
	(void) slipway_server_error_part(context);
	free(migration);
	free(context);
}

static void
look(void *argument)
{
	const Input *input = argument;
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	const char *text = input->text;
	const char *end = text + input->size;

	while (text < end)
	{
		const char *stop = memchr(text, '\n', (size_t) (end - text));

		if (stop == NULL)
			stop = end;
		take(rehearsal, text, (size_t) (stop - text));
		text = stop + 1;
	}
	locate(input->text, input->size);
	print(rehearsal);
	slipway_rehearsal_free(rehearsal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {.text = (const char *) data,.size = size};

	(void) fuzz_try(look, &input);
	return 0;
}
