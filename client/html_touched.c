/*
 * html_touched.c
 *	  What a rehearsal has touched.
 */
#include "html_touched.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "html_lock.h"
#include "memory.h"
#include "output.h"
#include "quantity.h"

typedef struct Relation
{
	const char *name;
	const char *mode;			/* the strongest lock */
	double		held;			/* how long that is held at most; negative: not known */
	double		size;			/* bytes before; negative: not known */
	double		rows;
	bool		is_index;		/* which goes with its table */
	bool		rewritten;
	bool		scanned;
} Relation;

typedef struct Touched
{
	Relation   *relations;
	json_t	   *numbers;		/* of them, by name */
	size_t		count;
	size_t		tables;			/* those that are no indexes */
	double		largest;
} Touched;

static Relation *
find_relation(Touched *touched, const char *name)
{
	const json_t *number = json_object_get(touched->numbers, name);

	return number != NULL ? &touched->relations[json_integer_value(number)] : NULL;
}

static void
take_lock(Touched *touched, const json_t *lock)
{
	const char *name = slipway_rehearsal_text(lock, "relation");
	const char *mode = slipway_rehearsal_text(lock, "mode");
	double		held = slipway_rehearsal_number(lock, "held_ms");
	Relation   *relation;

	relation = find_relation(touched, name);
	if (relation == NULL)
	{
		touched->relations = slipway_memory_resize(touched->relations, touched->count + 1, sizeof(Relation));
		(void) json_object_set_new(touched->numbers, name, json_integer((json_int_t) touched->count));
		relation = &touched->relations[touched->count++];
		*relation = (Relation) {
			.name = name,.mode = mode,.held = held,
			.size = slipway_rehearsal_number(lock, "size_bytes"),
			.rows = slipway_rehearsal_number(lock, "rows"),
			.is_index = slipway_rehearsal_is_index(lock),
		};
	}
	touched->tables += relation->is_index ? 0 : 1;
	if (slipway_rehearsal_strength(mode) > slipway_rehearsal_strength(relation->mode))
	{
		relation->mode = mode;
		relation->held = held;
	}
	else if (strcmp(mode, relation->mode) == 0 && held > relation->held)
		relation->held = held;
	if (!relation->is_index && relation->size > touched->largest)
		touched->largest = relation->size;
}

static void
take_locks(Touched *touched, const json_t *events)
{
	size_t		i;
	size_t		j;
	json_t	   *event;
	json_t	   *lock;

	json_array_foreach(events, i, event)
		json_array_foreach(json_object_get(event, "locks"), j, lock)
			take_lock(touched, lock);
}

static void
take_marks(Touched *touched, const json_t *statement)
{
	size_t		i;
	json_t	   *name;
	Relation   *relation;

	json_array_foreach(json_object_get(statement, "rewrites"), i, name)
	{
		relation = find_relation(touched, json_string_value(name) != NULL ? json_string_value(name) : "");
		if (relation != NULL)
			relation->rewritten = true;
	}
	json_array_foreach(json_object_get(statement, "scans"), i, name)
	{
		relation = find_relation(touched, json_string_value(name) != NULL ? json_string_value(name) : "");
		if (relation != NULL)
			relation->scanned = true;
	}
}

static int
compare_relations(const void *a, const void *b)
{
	const Relation *first = a;
	const Relation *second = b;

	if (first->size != second->size)
		return first->size > second->size ? -1 : 1;
	return strcmp(first->name, second->name);
}

static void
add_relation(SlipwayBuffer *page, const Touched *touched, const Relation *relation)
{
	char	   *size = slipway_quantity_size(relation->size > 0 ? relation->size : 0);
	char	   *rows = slipway_quantity_number((long long) relation->rows);
	char	   *held = slipway_output_duration(relation->held);
	double		share = touched->largest > 0 && relation->size > 0 ? relation->size / touched->largest * 100 : 0;

	slipway_html_add(page,
					 "<tr><td><code>%s</code><div class=\"meter\"><i style=\"width:%.2f%%\"></i></div></td>"
					 "<td class=\"number\" data-label=\"Size\">%s</td><td class=\"number\" data-label=\"Rows\">%s</td>",
					 relation->name, share, relation->size > 0 || relation->rows >= 0 ? size : "-", relation->rows >= 0 ? rows : "-");
	slipway_html_add(page, "<td data-label=\"Strongest lock\">");
	slipway_html_lock(page, relation->mode);
	slipway_html_add(page,
					 "</td><td class=\"number\" data-label=\"Held for\">%s</td><td data-label=\"Done to it\"><span>",
					 relation->held >= 0 ? held : "-");
	if (relation->rewritten)
		slipway_html_add(page, "<span class=\"badge danger\">rewritten</span> ");
	if (relation->scanned)
		slipway_html_add(page, "<span class=\"badge warning\">read as a whole</span>");
	if (!relation->rewritten && !relation->scanned)
		slipway_html_add(page, "-");
	slipway_html_add(page, "</span></td></tr>\n");
	free(held);
	free(rows);
	free(size);
}

void
slipway_html_touched(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	Touched		touched = {.numbers = json_object()};
	size_t		i;
	json_t	   *statement;

	/* statements know the kind, migrations how long */
	take_locks(&touched, rehearsal->statements);
	take_locks(&touched, rehearsal->migrations);
	json_array_foreach(rehearsal->statements, i, statement)
		take_marks(&touched, statement);
	json_decref(touched.numbers);
	if (touched.tables == 0)
	{
		free(touched.relations);
		return;
	}
	qsort(touched.relations, touched.count, sizeof(Relation), compare_relations);
	slipway_html_add(page,
					 "<section id=\"tables\"><h2>Tables touched</h2>\n<div class=\"scroll\"><table class=\"stack\">\n"
					 "<thead><tr><th>Table</th><th class=\"number\">Size</th><th class=\"number\">Rows</th>"
					 "<th>Strongest lock</th><th class=\"number\">Held for</th><th>Done to it</th></tr></thead>\n<tbody>\n");
	for (size_t j = 0; j < touched.count; j++)
		if (!touched.relations[j].is_index)
			add_relation(page, &touched, &touched.relations[j]);
	slipway_html_add(page, "</tbody></table></div></section>\n");
	free(touched.relations);
}
