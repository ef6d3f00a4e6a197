/*
 * table.c
 *	  Tables for people.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "memory.h"

#define GAP 2					/* blanks between columns */
#define NOTE_INDENT 4
#define NARROWEST 10			/* of a flexible column */

typedef struct Row
{
	const char **cells;			/* NULL: a note */
	const char *note;
	size_t		colored;
	SlipwayColor color;
} Row;

struct SlipwayTable
{
	const SlipwayColumn *columns;
	size_t		column_count;
	int		   *widths;
	Row		   *rows;
	size_t		row_count;
	size_t		capacity;
	bool		headed;			/* the titles have been printed */
};

SlipwayTable *
slipway_table_new(const SlipwayColumn *columns, size_t count)
{
	SlipwayTable *table = slipway_memory_new(sizeof(SlipwayTable));

	table->columns = columns;
	table->column_count = count;
	table->widths = slipway_memory_new(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		table->widths[i] = slipway_display_width(columns[i].title);
	return table;
}

static Row *
add_row(SlipwayTable *table)
{
	if (table->row_count == table->capacity)
	{
		table->capacity = table->capacity == 0 ? 64 : table->capacity * 2;
		table->rows = slipway_memory_resize(table->rows, table->capacity, sizeof(Row));
	}
	table->rows[table->row_count] = (Row) {.cells = NULL};
	return &table->rows[table->row_count++];
}

void
slipway_table_add(SlipwayTable *table, const char *const *cells, size_t colored, SlipwayColor color)
{
	Row		   *row = add_row(table);

	row->cells = slipway_memory_new(table->column_count * sizeof(char *));
	row->colored = colored;
	row->color = color;
	for (size_t i = 0; i < table->column_count; i++)
	{
		int			width;

		row->cells[i] = cells[i] != NULL ? cells[i] : "";
		width = slipway_display_width(row->cells[i]);
		if (width > table->widths[i])
			table->widths[i] = width;
	}
}

void
slipway_table_note(SlipwayTable *table, const char *text)
{
	add_row(table)->note = text;
}

/* Narrows flexible columns, widest first, until the table fits. */
static void
fit_widths(SlipwayTable *table, int room)
{
	int			total = -GAP;

	for (size_t i = 0; i < table->column_count; i++)
		total += table->widths[i] + GAP;
	while (total > room)
	{
		size_t		widest = table->column_count;

		for (size_t i = 0; i < table->column_count; i++)
			if (table->columns[i].flexible && table->widths[i] > NARROWEST &&
				(widest == table->column_count || table->widths[i] > table->widths[widest]))
				widest = i;
		if (widest == table->column_count)
			return;
		table->widths[widest]--;
		total--;
	}
}

/*
 * How much of a text fits into width columns: all of it, or up to the last blank
 * that does, or, of a long word, what does.
 */
static size_t
measure_part(const char *text, int width)
{
	int			column = 0;
	size_t		length = strlen(text);
	size_t		fits = 0;
	size_t		blank = 0;

	while (fits < length)
	{
		size_t		bytes = slipway_display_bytes(text + fits, length - fits);
		int			columns = slipway_display_add(NULL, text + fits, bytes, column);

		if (text[fits] == ' ' && fits > 0)
			blank = fits;
		if (column + columns > width && column > 0)
			return blank > 0 ? blank : fits;
		column += columns;
		fits += bytes;
	}
	return fits;
}

/* Takes from *text what fits into width columns; returns the columns used. */
static int
take_part(SlipwayBuffer *part, const char **text, int width)
{
	const char *end = *text + measure_part(*text, width);
	int			column = 0;

	/* a line that begins like that is a command to what runs the deploy */
	if (strncmp(*text, "::", 2) == 0 && *text < end)
	{
		slipway_buffer_add_char(part, '?');
		column++;
		(*text)++;
	}

	while (*text < end)
	{
		size_t		bytes = slipway_display_bytes(*text, (size_t) (end - *text));

		column += slipway_display_add(part, *text, bytes, column);
		*text += bytes;
	}
	while (**text == ' ' && column > 0)
		(*text)++;
	return column;
}

static void
add_cell(SlipwayBuffer *line, const SlipwayTable *table, size_t index, const char **text,
		 const char *const colors[2])
{
	SlipwayBuffer part = {0};
	int			used = take_part(&part, text, table->widths[index]);
	int			blanks = table->widths[index] > used ? table->widths[index] - used : 0;
	char	   *shown = slipway_buffer_take(&part);

	if (table->columns[index].right)
		slipway_buffer_fill(line, ' ', (size_t) blanks);
	slipway_buffer_add(line, colors[0]);
	slipway_buffer_add(line, shown);
	slipway_buffer_add(line, colors[1]);
	if (!table->columns[index].right)
		slipway_buffer_fill(line, ' ', (size_t) blanks);
	free(shown);
}

/* One line of a row: what is left of each cell. True when there is more. */
static bool
print_line(const SlipwayTable *table, const char **rest, const Row *row, FILE *stream)
{
	SlipwayBuffer line = {0};
	bool		more = false;

	for (size_t i = 0; i < table->column_count; i++)
	{
		const char *colors[2] = {"", ""};

		if (i > 0)
			slipway_buffer_fill(&line, ' ', GAP);
		if (i == row->colored && row->color != SLIPWAY_COLOR_NONE && *rest[i] != '\0')
		{
			colors[0] = slipway_output_color(stream, row->color);
			colors[1] = slipway_output_color(stream, SLIPWAY_COLOR_NONE);
		}
		add_cell(&line, table, i, &rest[i], colors);
		more = more || *rest[i] != '\0';
	}
	while (line.length > 0 && line.data[line.length - 1] == ' ')
		line.length--;
	(void) fprintf(stream, "%.*s\n", (int) line.length, line.data);
	free(line.data);
	return more;
}

static void
print_header(const SlipwayTable *table, FILE *stream)
{
	const char **titles = slipway_memory_new(table->column_count * sizeof(char *));
	Row			row = {.colored = table->column_count};

	for (size_t i = 0; i < table->column_count; i++)
		titles[i] = table->columns[i].title;
	(void) print_line(table, titles, &row, stream);
	free(titles);
}

/* Broken at the edge of a terminal, indented again. */
static void
print_note(const char *text, int room, FILE *stream)
{
	int			width = room - NOTE_INDENT;

	if (width < NARROWEST)
		width = slipway_display_width(text);
	do
	{
		SlipwayBuffer part = {0};
		char	   *shown;

		(void) take_part(&part, &text, width);
		shown = slipway_buffer_take(&part);
		(void) fprintf(stream, "%*s%s\n", NOTE_INDENT, "", shown);
		free(shown);
	} while (*text != '\0');
}

void
slipway_table_print(SlipwayTable *table, FILE *stream)
{
	slipway_table_flush(table, stream);
	free(table->rows);
	free(table->widths);
	free(table);
}

void
slipway_table_flush(SlipwayTable *table, FILE *stream)
{
	int			room = slipway_output_width(stream);

	if (room > 0)
		fit_widths(table, room);
	if (table->row_count > 0 && !table->headed)
	{
		print_header(table, stream);
		table->headed = true;
	}
	for (size_t i = 0; i < table->row_count; i++)
	{
		Row		   *row = &table->rows[i];

		if (row->cells == NULL)
			print_note(row->note, room, stream);
		else
			while (print_line(table, row->cells, row, stream))
				;
		free(row->cells);
	}
	table->row_count = 0;
}
