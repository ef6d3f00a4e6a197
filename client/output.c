/*
 * output.c
 *	  What users see.
 */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "die.h"
#include "display.h"
#include "live.h"
#include "memory.h"

static SlipwayOutputMode mode;

void
slipway_output_set_mode(SlipwayOutputMode new_mode)
{
	mode = new_mode;
}

bool
slipway_output_is_json(void)
{
	return mode.json;
}

bool
slipway_output_is_verbose(void)
{
	return mode.verbose;
}

bool
slipway_output_is_quiet(void)
{
	return mode.quiet;
}

const char *
slipway_output_flush(void)
{
	static int	fault = 0;		/* the first one; later ones follow from it */

	if (fflush(stdout) != 0 && fault == 0)
		fault = errno;
	if (fault != 0)
		return strerror(fault);
	return ferror(stdout) ? "some of it was lost" : NULL;
}

void
slipway_output_begin_talk(void)
{
	/* so that both streams of one terminal stay in order */
	(void) slipway_output_flush();
	slipway_live_clear();
}

/* Whoever has written a part of it may mean to draw on the terminal, or to be obeyed by what runs the deploy. */
static void
print_talk(bool begins, const char *format, va_list arguments)
{
	char	   *text;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	slipway_output_begin_talk();
	slipway_display_print(stderr, text != NULL ? text : "out of memory", begins, "\n");
	free(text);
}

void
slipway_output_hint(const char *hint)
{
	if (hint == NULL)
		return;
	(void) fputs("hint: ", stderr);
	slipway_display_print(stderr, hint, false, "\n");
}

void
slipway_output_say(const char *format,...)
{
	va_list		arguments;

	if (mode.quiet)
		return;
	va_start(arguments, format);
	print_talk(true, format, arguments);
	va_end(arguments);
}

void
slipway_output_detail(const char *format,...)
{
	va_list		arguments;

	if (!mode.verbose)
		return;
	va_start(arguments, format);
	print_talk(true, format, arguments);
	va_end(arguments);
}

void
slipway_output_warn(const char *hint, const char *format,...)
{
	va_list		arguments;

	(void) slipway_output_flush();
	(void) fprintf(stderr, "slipway: %swarning:%s ",
				   slipway_output_color(stderr, SLIPWAY_COLOR_YELLOW),
				   slipway_output_color(stderr, SLIPWAY_COLOR_NONE));
	va_start(arguments, format);
	print_talk(false, format, arguments);
	va_end(arguments);
	slipway_output_hint(hint);
}

void
slipway_output_json(json_t *object)
{
	char	   *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (line == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write a JSON object");
	slipway_display_print_json(stdout, line);
	/* a reader that follows a run wants each event when it happens */
	(void) slipway_output_flush();
	free(line);
	json_decref(object);
}

json_t *
slipway_output_json_text(const char *text)
{
	json_t	   *result;
	char	   *plain;

	if (text == NULL)
		return json_null();
	result = json_string(text);
	if (result != NULL)
		return result;
	plain = slipway_memory_copy(text);
	for (char *p = plain; *p != '\0'; p++)
		if ((unsigned char) *p >= 0x80)
			*p = '?';
	result = json_string(plain);
	free(plain);
	return result;
}

const char *
slipway_output_color(FILE *stream, SlipwayColor color)
{
	static const char *const sequences[] = {
		[SLIPWAY_COLOR_NONE] = "\033[0m",
		[SLIPWAY_COLOR_RED] = "\033[1;31m",
		[SLIPWAY_COLOR_GREEN] = "\033[32m",
		[SLIPWAY_COLOR_YELLOW] = "\033[33m",
		[SLIPWAY_COLOR_BOLD] = "\033[1m",
	};
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (mode.no_color || (no_color != NULL && *no_color != '\0') ||
		term == NULL || strcmp(term, "dumb") == 0 || !isatty(fileno(stream)))
		return "";
	return sequences[color];
}

int
slipway_output_width(FILE *stream)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;

	if (text != NULL && *text != '\0')
	{
		char	   *end;
		long		columns = strtol(text, &end, 10);

		if (*end == '\0' && columns > 0 && columns < INT_MAX)
			return (int) columns;
	}
	if (isatty(fileno(stream)) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

char *
slipway_output_duration(double milliseconds)
{
	long		seconds;

	if (milliseconds < 10)
		return slipway_memory_format("%.1f ms", milliseconds);
	if (milliseconds < 999.5)
		return slipway_memory_format("%.0f ms", milliseconds);
	if (milliseconds < 59995)
		return slipway_memory_format("%.2f s", milliseconds / 1000);
	/* What others say may be longer than anything lasts. */
	seconds = milliseconds < 1e15 ? (long) (milliseconds / 1000 + 0.5) : (long) 1e12;
	if (seconds < 3600)
		return slipway_memory_format("%ld min %ld s", seconds / 60, seconds % 60);
	return slipway_memory_format("%ld h %ld min", seconds / 3600, seconds % 3600 / 60);
}
