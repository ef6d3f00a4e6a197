/*
 * html_touched.c
 *	  What a rehearsal has touched.
 */
#include "html_touched.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
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
	bool		rewritten;
	bool		scanned;
} Relation;

typedef struct Touched
{
	Relation   *relations;
	size_t		count;
	double		largest;
} Touched;

/* From the weakest on. */
static int
rank_mode(const char *mode)
{
	static const char *const modes[] = {
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock",
		"ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"
	};

	for (int i = 0; i < (int) (sizeof(modes) / sizeof(modes[0])); i++)
		if (strcmp(modes[i], mode) == 0)
			return i;
	return -1;
}

static Relation *
find_relation(Touched *touched, const char *name)
{
	for (size_t i = 0; i < touched->count; i++)
		if (strcmp(touched->relations[i].name, name) == 0)
			return &touched->relations[i];
	return NULL;
}

static void
take_lock(Touched *touched, const json_t *lock)
{
	const char *name = slipway_rehearsal_text(lock, "relation");
	const char *mode = slipway_rehearsal_text(lock, "mode");
	double		held = slipway_rehearsal_number(lock, "held_ms");
	Relation   *relation;

	/* they are with their tables */
	if (strcmp(slipway_rehearsal_text(lock, "kind"), "index") == 0)
		return;
	relation = find_relation(touched, name);
	if (relation == NULL)
	{
		touched->relations = slipway_memory_resize(touched->relations, touched->count + 1, sizeof(Relation));
		relation = &touched->relations[touched->count++];
		*relation = (Relation) {
			.name = name,.mode = mode,.held = held,
			.size = slipway_rehearsal_number(lock, "size_bytes"),
			.rows = slipway_rehearsal_number(lock, "rows"),
		};
	}
	if (rank_mode(mode) > rank_mode(relation->mode))
	{
		relation->mode = mode;
		relation->held = held;
	}
	else if (strcmp(mode, relation->mode) == 0 && held > relation->held)
		relation->held = held;
	if (relation->size > touched->largest)
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

static const char *
badge_kind(const char *mode)
{
	static const char *const kinds[] = {
		[SLIPWAY_LOCK_BLOCKS_NEITHER] = "",
		[SLIPWAY_LOCK_BLOCKS_WRITING] = "warning",
		[SLIPWAY_LOCK_BLOCKS_BOTH] = "danger",
	};

	return kinds[slipway_rehearsal_reach(mode)];
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
					 relation->name, share, relation->size >= 0 ? size : "-", relation->rows >= 0 ? rows : "-");
	slipway_html_add(page,
					 "<td data-label=\"Strongest lock\"><span class=\"badge %s\" title=\"%s\">%s</span></td>"
					 "<td class=\"number\" data-label=\"Held for\">%s</td><td data-label=\"Done to it\">",
					 badge_kind(relation->mode),
					 slipway_rehearsal_reach_name(slipway_rehearsal_reach(relation->mode)), relation->mode,
					 relation->held >= 0 ? held : "-");
	if (relation->rewritten)
		slipway_html_add(page, "<span class=\"badge danger\">rewritten</span> ");
	if (relation->scanned)
		slipway_html_add(page, "<span class=\"badge warning\">read as a whole</span>");
	if (!relation->rewritten && !relation->scanned)
		slipway_html_add(page, "-");
	slipway_html_add(page, "</td></tr>\n");
	free(held);
	free(rows);
	free(size);
}

void
slipway_html_touched(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	Touched		touched = {.relations = NULL};
	size_t		i;
	json_t	   *statement;

	/* those of statements may be of a migration that has not ended; how long they are held is not known */
	take_locks(&touched, rehearsal->migrations);
	take_locks(&touched, rehearsal->statements);
	if (touched.count == 0)
		return;
	json_array_foreach(rehearsal->statements, i, statement)
		take_marks(&touched, statement);
	qsort(touched.relations, touched.count, sizeof(Relation), compare_relations);
	slipway_html_add(page,
					 "<section id=\"tables\"><h2>Tables touched</h2>\n<div class=\"scroll\"><table class=\"stack\">\n"
					 "<thead><tr><th>Table</th><th class=\"number\">Size</th><th class=\"number\">Rows</th>"
					 "<th>Strongest lock</th><th class=\"number\">Held for</th><th>Done to it</th></tr></thead>\n<tbody>\n");
	for (size_t j = 0; j < touched.count; j++)
		add_relation(page, &touched, &touched.relations[j]);
	slipway_html_add(page, "</tbody></table></div></section>\n");
	free(touched.relations);
}
