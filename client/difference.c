/*
 * difference.c
 *	  What differs between two schemas, object by object.
 */
#include "difference.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "column_order.h"
#include "display.h"
#include "line_diff.h"
#include "memory.h"
#include "output.h"
#include "server.h"

/* Lines around those that differ. */
#define CONTEXT_LINES 3

#define INDENT 4

static char *
copy_text(const char *text)
{
	return text != NULL ? slipway_memory_copy(text) : NULL;
}

void
slipway_difference_add(SlipwayDifferenceList *list, const char *kind, const char *identity,
					   const char *before, const char *after)
{
	/* grows at powers of two */
	if ((list->count & (list->count - 1)) == 0)
		list->items = slipway_memory_resize(list->items, list->count == 0 ? 1 : 2 * list->count,
											sizeof(SlipwayDifference));
	list->items[list->count++] = (SlipwayDifference) {
		slipway_memory_copy(kind), slipway_memory_copy(identity), copy_text(before), copy_text(after)
	};
	if (before == NULL)
		list->added++;
	else if (after == NULL)
		list->dropped++;
	else
		list->changed++;
}

void
slipway_difference_free(SlipwayDifferenceList *list)
{
	for (size_t i = 0; i < list->count; i++)
	{
		free(list->items[i].kind);
		free(list->items[i].identity);
		free(list->items[i].before);
		free(list->items[i].after);
	}
	free(list->items);
	*list = (SlipwayDifferenceList) {0};
}

/* The rows of a result in order. */
typedef struct Side
{
	const PGresult *result;
	int		   *rows;
	int			count;
	int			next;
} Side;

static int
compare_rows(const void *one, const void *other, void *result)
{
	int			order = strcmp(PQgetvalue(result, *(const int *) one, 0),
							   PQgetvalue(result, *(const int *) other, 0));

	return order != 0 ? order : strcmp(PQgetvalue(result, *(const int *) one, 1),
									   PQgetvalue(result, *(const int *) other, 1));
}

/* Each server orders by bytes in its own encoding, so this is done here. */
static Side
sort_rows(const PGresult *result)
{
	Side		side = {.result = result,.count = PQntuples(result)};

	side.rows = slipway_memory_new((size_t) side.count * sizeof(int));
	for (int i = 0; i < side.count; i++)
		side.rows[i] = i;
	qsort_r(side.rows, (size_t) side.count, sizeof(int), compare_rows, (void *) result);
	return side;
}

static const char *
side_field(const Side *side, int field)
{
	return PQgetvalue(side->result, side->rows[side->next], field);
}

static int
compare_sides(const Side *before, const Side *after)
{
	int			order;

	if (before->next == before->count || after->next == after->count)
		return before->next == before->count ? 1 : -1;
	order = strcmp(side_field(before, 0), side_field(after, 0));
	return order != 0 ? order : strcmp(side_field(before, 1), side_field(after, 1));
}

/* Both have the object, with another definition. */
static void
add_changed(SlipwayDifferenceList *list, const Side *before, const Side *after)
{
	char	   *old = slipway_column_order_take_over(side_field(before, 2), side_field(after, 2));

	if (strcmp(old, side_field(after, 2)) != 0)
		slipway_difference_add(list, side_field(after, 0), side_field(after, 1), old,
							   side_field(after, 2));
	free(old);
}

void
slipway_difference_compare(SlipwayDifferenceList *list, const PGresult *before, const PGresult *after)
{
	Side		old = sort_rows(before);
	Side		new = sort_rows(after);

	while (old.next < old.count || new.next < new.count)
	{
		int			order = compare_sides(&old, &new);

		if (order < 0)
			slipway_difference_add(list, side_field(&old, 0), side_field(&old, 1), side_field(&old, 2), NULL);
		else if (order > 0)
			slipway_difference_add(list, side_field(&new, 0), side_field(&new, 1), NULL, side_field(&new, 2));
		else if (strcmp(side_field(&old, 3), side_field(&new, 3)) != 0)
			add_changed(list, &old, &new);
		old.next += order <= 0;
		new.next += order >= 0;
	}
	free(old.rows);
	free(new.rows);
}

const char *
slipway_difference_change(const SlipwayDifference *difference)
{
	if (difference->before == NULL)
		return "added";
	return difference->after == NULL ? "dropped" : "changed";
}

char *
slipway_difference_counts(const SlipwayDifferenceList *list)
{
	const struct
	{
		size_t		count;
		const char *word;
	}			parts[] = {{list->added, "added"}, {list->dropped, "dropped"}, {list->changed, "changed"}};
	SlipwayBuffer text = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
	{
		char	   *part;

		if (parts[i].count == 0)
			continue;
		part = slipway_memory_format("%s%zu %s", text.length > 0 ? ", " : "", parts[i].count, parts[i].word);
		slipway_buffer_add(&text, part);
		free(part);
	}
	if (text.length == 0)
		slipway_buffer_add(&text, "nothing");
	return slipway_buffer_take(&text);
}

/* Prints text in the form in which it does a terminal no harm. */
static void
print_text(FILE *stream, const char *text, size_t length, int column)
{
	SlipwayBuffer shown = {0};

	while (length > 0)
	{
		size_t		bytes = slipway_display_bytes(text, length);

		column += slipway_display_add(&shown, text, bytes, column);
		text += bytes;
		length -= bytes;
	}
	if (shown.length > 0)
		(void) fwrite(shown.data, 1, shown.length, stream);
	free(shown.data);
}

static void
print_line(FILE *stream, const SlipwayLine *line)
{
	static const struct
	{
		char		mark;
		SlipwayColor color;
	}			looks[] = {
		[SLIPWAY_LINE_SAME] = {' ', SLIPWAY_COLOR_NONE},
		[SLIPWAY_LINE_REMOVED] = {'-', SLIPWAY_COLOR_RED},
		[SLIPWAY_LINE_ADDED] = {'+', SLIPWAY_COLOR_GREEN},
	};
	bool		colored = line->change == SLIPWAY_LINE_REMOVED || line->change == SLIPWAY_LINE_ADDED;

	if (line->change == SLIPWAY_LINE_GAP)
	{
		(void) fprintf(stream, "%*s... %zu lines\n", INDENT, "", line->count);
		return;
	}
	(void) fprintf(stream, "%*s%s%c ", INDENT, "",
				   colored ? slipway_output_color(stream, looks[line->change].color) : "",
				   looks[line->change].mark);
	print_text(stream, line->text, line->length, INDENT + 2);
	(void) fprintf(stream, "%s\n", colored ? slipway_output_color(stream, SLIPWAY_COLOR_NONE) : "");
}

static void
print_definitions(FILE *stream, const SlipwayDifference *difference)
{
	SlipwayLineDiff *diff = slipway_line_diff_make(difference->before, difference->after, CONTEXT_LINES);

	if (diff->count == 0 && difference->before != NULL && difference->after != NULL)
		(void) fprintf(stream, "%*s" SLIPWAY_DIFFERENCE_AT_END "\n", INDENT, "");
	for (size_t i = 0; i < diff->count; i++)
		print_line(stream, &diff->lines[i]);
	slipway_line_diff_free(diff);
}

void
slipway_difference_print(FILE *stream, const SlipwayDifferenceList *list, bool definitions)
{
	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwayDifference *item = &list->items[i];
		SlipwayColor color = item->before == NULL ? SLIPWAY_COLOR_GREEN
			: item->after == NULL ? SLIPWAY_COLOR_RED : SLIPWAY_COLOR_YELLOW;

		(void) fprintf(stream, "%s%c ", slipway_output_color(stream, color),
					   item->before == NULL ? '+' : item->after == NULL ? '-' : '~');
		print_text(stream, item->kind, strlen(item->kind), 2);
		(void) fputc(' ', stream);
		print_text(stream, item->identity, strlen(item->identity), 0);
		(void) fprintf(stream, "%s\n", slipway_output_color(stream, SLIPWAY_COLOR_NONE));
		if (definitions)
			print_definitions(stream, item);
	}
}

json_t *
slipway_difference_json(const SlipwayDifference *difference)
{
	json_t	   *object = json_object();

	(void) json_object_set_new(object, "event", json_string("difference"));
	(void) json_object_set_new(object, "kind", slipway_output_json_text(difference->kind));
	(void) json_object_set_new(object, "identity", slipway_output_json_text(difference->identity));
	(void) json_object_set_new(object, "change", json_string(slipway_difference_change(difference)));
	(void) json_object_set_new(object, "before", slipway_output_json_text(difference->before));
	(void) json_object_set_new(object, "after", slipway_output_json_text(difference->after));
	return object;
}
