/*
 * html_diff.c
 *	  What differs between two schemas, as part of a page.
 */
#include "html_diff.h"

#include "html.h"
#include "line_diff.h"

/* Lines around those that differ. */
#define CONTEXT_LINES 5

/* With more objects than these all are folded up at first. */
#define OPEN_OBJECTS 20

static void
add_line(SlipwayBuffer *page, const SlipwayLine *line)
{
	static const struct
	{
		const char *name;
		char		mark;
	}			looks[] = {
		[SLIPWAY_LINE_SAME] = {"same", ' '},
		[SLIPWAY_LINE_REMOVED] = {"dropped", '-'},
		[SLIPWAY_LINE_ADDED] = {"added", '+'},
	};

	if (line->change == SLIPWAY_LINE_GAP)
	{
		slipway_html_add(page, "<span class=\"gap\">... %zu lines\n</span>", line->count);
		return;
	}
	slipway_html_add(page, "<span class=\"%s\">", looks[line->change].name);
	slipway_buffer_add_char(page, looks[line->change].mark);
	slipway_buffer_add_char(page, ' ');
	slipway_html_text(page, line->text, line->length);
	slipway_buffer_add(page, "\n</span>");
}

static void
add_object(SlipwayBuffer *page, const SlipwayDifference *difference, int is_open)
{
	const char *change = slipway_difference_change(difference);
	SlipwayLineDiff *diff = slipway_line_diff_make(difference->before, difference->after, CONTEXT_LINES);

	slipway_html_add(page, "<details class=\"card\"%s><summary><span class=\"badge %s\">%s</span> %s <code>%s</code></summary>\n",
					 is_open ? " open" : "", change, change, difference->kind, difference->identity);
	slipway_buffer_add(page, "<pre class=\"diff\">");
	if (diff->count == 0 && difference->before != NULL && difference->after != NULL)
		slipway_buffer_add(page, "<span class=\"gap\">" SLIPWAY_DIFFERENCE_AT_END "\n</span>");
	for (size_t i = 0; i < diff->count; i++)
		add_line(page, &diff->lines[i]);
	slipway_buffer_add(page, "</pre>\n</details>\n");
	slipway_line_diff_free(diff);
}

void
slipway_html_diff_add(SlipwayBuffer *page, const SlipwayDifferenceList *list)
{
	for (size_t i = 0; i < list->count; i++)
		add_object(page, &list->items[i], list->count <= OPEN_OBJECTS);
}
