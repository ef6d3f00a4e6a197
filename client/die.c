/*
 * die.c
 *	  The one way out.
 */
#include "die.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "display.h"
#include "live.h"
#include "output.h"
#include "webhook.h"

#define MAX_CLEAN_UPS 16

static struct
{
	SlipwayCleanUp function;
	void	   *argument;
}			stack[MAX_CLEAN_UPS];
static int	depth = 0;

static void (*farewell) (SlipwayExitCode code) = NULL;

/* The same for programs, unless it is about telling them. */
static void
print_event(SlipwayExitCode code, const char *hint, const char *message)
{
	static bool printing = false;
	json_t	   *object;

	if (printing || message == NULL)
		return;
	printing = true;
	object = json_pack("{s:s, s:s, s:o, s:i}", "event", "error", "severity", "ERROR",
					   "message", slipway_output_json_text(message), "exit_code", (int) code);
	if (hint != NULL)
		(void) json_object_set_new(object, "hint", slipway_output_json_text(hint));
	slipway_output_json(object);
	printing = false;
}

void
slipway_die(SlipwayExitCode code, const char *hint, const char *format,...)
{
	va_list		arguments;
	char	   *message;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		message = NULL;
	va_end(arguments);
	if (slipway_output_is_json())
		print_event(code, hint, message);
	slipway_output_begin_talk();
	(void) fprintf(stderr, "slipway: %serror:%s ",
				   slipway_output_color(stderr, SLIPWAY_COLOR_RED),
				   slipway_output_color(stderr, SLIPWAY_COLOR_NONE));
	slipway_display_print(stderr, message != NULL ? message : "out of memory", false, "\n");
	slipway_output_hint(hint);
	slipway_webhook_note_error(message);
	free(message);
	slipway_die_exit(code);
}

void
slipway_die_exit(SlipwayExitCode code)
{
	const char *fault;
	void		(*tell) (SlipwayExitCode code) = farewell;

	farewell = NULL;
	if (tell != NULL)
		tell(code);
	while (depth > 0)
	{
		depth--;
		stack[depth].function(stack[depth].argument);
	}
	slipway_live_clear();
	fault = slipway_output_flush();
	if (fault != NULL)
	{
		(void) fprintf(stderr, "slipway: error: could not write to standard output: %s\n", fault);
		if (code == SLIPWAY_EXIT_DONE)
			code = SLIPWAY_EXIT_ERROR;
	}
	exit((int) code);
}

void
slipway_die_set_farewell(void (*function) (SlipwayExitCode code))
{
	farewell = function;
}

void
slipway_die_push(SlipwayCleanUp function, void *argument)
{
	if (depth == MAX_CLEAN_UPS)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "too many clean-up functions");
	stack[depth].function = function;
	stack[depth].argument = argument;
	depth++;
}

void
slipway_die_pop(void)
{
	if (depth > 0)
		depth--;
}
