/*
 * die.c
 *	  The one way out.
 */
#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

#define MAX_CLEAN_UPS 16

static struct
{
	SlipwayCleanUp function;
	void	   *argument;
}			stack[MAX_CLEAN_UPS];
static int	depth = 0;

void
slipway_die(SlipwayExitCode code, const char *hint, const char *format,...)
{
	va_list		arguments;

	(void) fflush(stdout);
	(void) fprintf(stderr, "slipway: %serror:%s ",
				   slipway_output_color(stderr, SLIPWAY_COLOR_RED),
				   slipway_output_color(stderr, SLIPWAY_COLOR_NONE));
	va_start(arguments, format);
	(void) vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void) fputc('\n', stderr);
	if (hint != NULL)
		(void) fprintf(stderr, "hint: %s\n", hint);
	slipway_die_exit(code);
}

void
slipway_die_exit(SlipwayExitCode code)
{
	while (depth > 0)
	{
		depth--;
		stack[depth].function(stack[depth].argument);
	}
	if (fflush(stdout) != 0 || ferror(stdout))
	{
		(void) fprintf(stderr, "slipway: error: could not write to standard output: %s\n", strerror(errno));
		if (code == SLIPWAY_EXIT_DONE)
			code = SLIPWAY_EXIT_ERROR;
	}
	exit((int) code);
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
