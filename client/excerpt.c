/*
 * excerpt.c
 *	  A line of a script with a caret.
 *
 * The line is expanded first, tabs to blanks and so on, into cells that each
 * hold one shown character; what is cut off and where the caret goes is then
 * a matter of columns.
 */
#include "excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "memory.h"
#include "script_text.h"

#define GUTTER "%5d | "
#define GUTTER_WIDTH 8
#define NARROWEST 20
#define ELLIPSIS "..."
#define ELLIPSIS_WIDTH 3

typedef struct Line
{
	const char *start;
	size_t		size;
	int			width;			/* columns of all of it */
	int			caret;			/* column of the caret from 0, or -1 */
} Line;

static void
measure_line(Line *line, int column)
{
	int			character = 1;

	line->width = 0;
	line->caret = -1;
	for (size_t i = 0; i < line->size; character++)
	{
		size_t		bytes = slipway_display_bytes(line->start + i, line->size - i);

		if (character == column)
			line->caret = line->width;
		line->width += slipway_display_add(NULL, line->start + i, bytes, line->width);
		i += bytes;
	}
	if (column >= character)
		line->caret = line->width;
}

/* Adds the part of the line that lies within the columns [from, to). */
static void
add_columns(SlipwayBuffer *buffer, const Line *line, int from, int to)
{
	int			column = 0;

	for (size_t i = 0; i < line->size && column < to;)
	{
		size_t		bytes = slipway_display_bytes(line->start + i, line->size - i);
		SlipwayBuffer cell = {0};
		int			width = slipway_display_add(&cell, line->start + i, bytes, column);

		/* a tab or wide character across the edge is shown as blanks */
		if (column >= from && column + width <= to && cell.data != NULL)
			slipway_buffer_add_bytes(buffer, cell.data, cell.length);
		else if (column + width > from)
		{
			int			first = column > from ? column : from;
			int			last = column + width < to ? column + width : to;

			slipway_buffer_fill(buffer, ' ', (size_t) (last - first));
		}
		free(cell.data);
		column += width;
		i += bytes;
	}
}

/* Which columns to show of a line so that the caret is among them. */
static void
choose_window(const Line *line, int room, int *from, int *to)
{
	*from = 0;
	*to = line->width;
	if (line->width <= room)
		return;
	if (line->caret > room * 2 / 3)
	{
		*from = line->caret - room / 2;
		room -= ELLIPSIS_WIDTH;
	}
	/* one column more than the line has, for a caret just behind it */
	if (*from > line->width + 1 - room)
		*from = line->width + 1 - room;
	if (*from + room < line->width)
		*to = *from + room - ELLIPSIS_WIDTH;
}

char *
slipway_excerpt_render(const char *text, size_t length, int number, int column, int width)
{
	Line		line;
	SlipwayBuffer buffer = {0};
	char	   *gutter;
	int			room = width - GUTTER_WIDTH;
	int			from,
				to;

	if (!slipway_script_text_line(text, length, number, &line.start, &line.size))
		return NULL;
	measure_line(&line, column);

	choose_window(&line, room < NARROWEST ? NARROWEST : room, &from, &to);

	gutter = slipway_memory_format(GUTTER, number);
	slipway_buffer_add(&buffer, gutter);
	if (from > 0)
		slipway_buffer_add(&buffer, ELLIPSIS);
	add_columns(&buffer, &line, from, to);
	if (to < line.width)
		slipway_buffer_add(&buffer, ELLIPSIS);
	slipway_buffer_add_char(&buffer, '\n');
	if (line.caret >= 0)
	{
		slipway_buffer_fill(&buffer, ' ', strlen(gutter) - 2);
		slipway_buffer_add(&buffer, "| ");
		if (from > 0)
			slipway_buffer_fill(&buffer, ' ', ELLIPSIS_WIDTH);
		slipway_buffer_fill(&buffer, ' ', (size_t) line.caret - (size_t) from);
		slipway_buffer_add(&buffer, "^\n");
	}
	free(gutter);
	return slipway_buffer_take(&buffer);
}
