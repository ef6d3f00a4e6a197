/*
 * live.c
 *	  Lines at the bottom of the terminal.
 *
 * The cursor stays behind the last line, and is neither hidden nor is the
 * terminal switched to anything: whatever ends the program, a line feed makes
 * it tidy again. A terminal that became narrower has wrapped what was drawn,
 * so the rows to go up are counted anew each time.
 */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buffer.h"
#include "display.h"
#include "memory.h"
#include "output.h"

#define DEFAULT_COLUMNS 80

/* Room behind each line: the terminal echoes ^C there, which must not wrap. */
#define ECHO_COLUMNS 3

static char *drawn;				/* the lines that are there; NULL: none */

bool
slipway_live_is_possible(void)
{
	const char *term = getenv("TERM");

	return !slipway_output_is_json() && !slipway_output_is_quiet() && isatty(STDERR_FILENO) &&
		term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;
}

static int
count_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return DEFAULT_COLUMNS;
}

int
slipway_live_width(void)
{
	int			columns = count_columns() - ECHO_COLUMNS;

	return columns > 1 ? columns : 1;
}

/* Rows that the drawn lines take up in a terminal of so many columns. */
static int
count_rows(int columns)
{
	char	   *copy = slipway_memory_copy(drawn);
	int			rows = 0;

	for (char *line = copy, *next; line != NULL; line = next)
	{
		int			width;

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		width = slipway_display_width(line);
		rows += width > columns ? (width + columns - 1) / columns : 1;
	}
	free(copy);
	return rows;
}

/* Adds what brings the cursor back to where the drawn lines begin. */
static void
add_return(SlipwayBuffer *output)
{
	int			rows = drawn != NULL ? count_rows(count_columns()) : 1;
	char		up[16];

	slipway_buffer_add_char(output, '\r');
	if (rows > 1)
	{
		(void) snprintf(up, sizeof(up), "\033[%dA", rows - 1);
		slipway_buffer_add(output, up);
	}
}

/* Writes all of it at once, so that nobody sees half of it. */
static void
write_output(SlipwayBuffer *output)
{
	(void) fwrite(output->data, 1, output->length, stderr);
	(void) fflush(stderr);
	free(output->data);
}

void
slipway_live_draw(const char *lines)
{
	SlipwayBuffer output = {0};

	add_return(&output);
	for (const char *line = lines; *line != '\0';)
	{
		size_t		length = strcspn(line, "\n");

		/* erased behind it rather than before: that does not flicker */
		slipway_buffer_add_bytes(&output, line, length);
		slipway_buffer_add(&output, "\033[K");
		if (line[length] == '\n')
			slipway_buffer_add_char(&output, line[length++]);
		line += length;
	}
	slipway_buffer_add(&output, "\033[J");
	free(drawn);
	drawn = slipway_memory_copy(lines);
	write_output(&output);
}

void
slipway_live_clear(void)
{
	SlipwayBuffer output = {0};

	if (drawn == NULL)
		return;
	add_return(&output);
	slipway_buffer_add(&output, "\033[J");
	free(drawn);
	drawn = NULL;
	write_output(&output);
}
