/*
 * difference.c
 *	  What differs between two schemas, object by object.
 */
#include "difference.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "line_diff.h"
#include "memory.h"
#include "output.h"

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
