/*
 * schema_diff.c
 *	  What differs between two snapshots of a schema, object by object.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "schema_diff.h"

/* The list of names in a definition: behind "columns: " or "attributes: ". */
typedef struct Names
{
	const char *start;			/* NULL: there is none */
	int			length;
	List	   *names;			/* where each begins */
} Names;

static int
compare_objects(const SlipwayObject *one, const SlipwayObject *other)
{
	int			order = strcmp(one->kind, other->kind);

	return order != 0 ? order : strcmp(one->identity, other->identity);
}

/* Behind the name, which may be quoted, that begins here. */
static const char *
skip_name(const char *text, const char *end)
{
	bool		quoted = false;

	for (; text < end && (quoted || *text != ','); text++)
		if (*text == '"')
			quoted = !quoted;
	return text;
}

static void
split_names(Names *names)
{
	const char *end = names->start + names->length;
	const char *at = names->start;

	while (at < end)
	{
		names->names = lappend(names->names, (char *) at);
		at = skip_name(at, end);
		/* ", " */
		at = at + 2 < end ? at + 2 : end;
	}
}

/* Behind the line, if it begins so. */
static const char *
skip_line(const char *text, const char *beginning)
{
	const char *end = strchrnul(text, '\n');

	return strncmp(text, beginning, strlen(beginning)) == 0 && *end ? end + 1 : text;
}

/* The end of the line, but not one inside a quoted name. */
static const char *
find_end(const char *text)
{
	bool		quoted = false;

	for (; *text && (quoted || *text != '\n'); text++)
		if (*text == '"')
			quoted = !quoted;
	return text;
}

/* Only owner and kind of a type come before the list; farther down it may be a line of a comment, or of a body. */
static Names
find_names(const char *definition)
{
	static const char *const properties[] = {"columns: ", "attributes: "};
	const char *line = skip_line(skip_line(definition, "owner: "), "type: composite");
	Names		names = {0};

	for (int i = 0; i < lengthof(properties); i++)
	{
		size_t		length = strlen(properties[i]);

		if (strncmp(line, properties[i], length) != 0)
			continue;
		names.start = line + length;
		names.length = find_end(names.start) - names.start;
		split_names(&names);
	}
	return names;
}

static int
name_length(const Names *names, const char *name)
{
	return skip_name(name, names->start + names->length) - name;
}

static bool
has_name(const Names *names, const char *name, int length)
{
	ListCell   *cell;

	foreach(cell, names->names)
		if (name_length(names, lfirst(cell)) == length && memcmp(lfirst(cell), name, length) == 0)
			return true;
	return false;
}

/* The names that are in the other list, too, in order. */
static char *
write_common(const Names *names, const Names *other)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, names->names)
	{
		int			length = name_length(names, lfirst(cell));

		if (!has_name(other, lfirst(cell), length))
			continue;
		appendBinaryStringInfo(&text, lfirst(cell), length);
		appendStringInfoChar(&text, ',');
	}
	return text.data;
}

/*
 * The definition before, with the names that are there after, unless those that have stayed are in
 * another order: what came and what went is told of the columns themselves.
 */
static const char *
take_over_names(const char *before, const char *after)
{
	Names		old = find_names(before);
	Names		new = find_names(after);

	if (old.start == NULL || new.start == NULL ||
		(old.length == new.length && memcmp(old.start, new.start, old.length) == 0) ||
		strcmp(write_common(&old, &new), write_common(&new, &old)) != 0)
		return before;
	return psprintf("%.*s%.*s%s", (int) (old.start - before), before, new.length, new.start,
					old.start + old.length);
}

/* Of an object that is on both sides, or on one: then the other is NULL. */
static List *
add_difference(List *list, const SlipwayObject *before, const SlipwayObject *after)
{
	const SlipwayObject *object = after ? after : before;
	SlipwayDifference *difference;

	if (object == NULL)
		return list;
	difference = palloc(sizeof(SlipwayDifference));
	*difference = (SlipwayDifference)
	{
		.kind = object->kind, .identity = object->identity,
			.change = before == NULL ? "added" : after == NULL ? "dropped" : "changed",
			.before = before ? before->definition : NULL, .after = after ? after->definition : NULL,
	};
	if (before && after)
		difference->before = take_over_names(before->definition, after->definition);
	if (before && after && strcmp(difference->before, difference->after) == 0)
		return list;
	return lappend(list, difference);
}

List *
slipway_schema_diff_objects(List *before, List *after)
{
	List	   *list = NIL;
	int			i = 0;
	int			j = 0;

	while (i < list_length(before) || j < list_length(after))
	{
		const SlipwayObject *old = i < list_length(before) ? list_nth(before, i) : NULL;
		const SlipwayObject *new = j < list_length(after) ? list_nth(after, j) : NULL;
		int			order = old == NULL ? 1 : new == NULL ? -1 : compare_objects(old, new);

		list = add_difference(list, order <= 0 ? old : NULL, order >= 0 ? new : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return list;
}

List *
slipway_schema_diff(const SlipwaySnapshot *before, const SlipwaySnapshot *after)
{
	List	   *list = NIL;
	int			i = 0;
	int			j = 0;

	if (memcmp(before->fingerprint, after->fingerprint, SLIPWAY_HASH_LEN) == 0)
		return NIL;
	while (i < before->n || j < after->n)
	{
		const SlipwayObject *old = i < before->n ? &before->objects[i] : NULL;
		const SlipwayObject *new = j < after->n ? &after->objects[j] : NULL;
		int			order = old == NULL ? 1 : new == NULL ? -1 : compare_objects(old, new);

		if (order != 0 || memcmp(old->hash, new->hash, SLIPWAY_HASH_LEN) != 0)
			list = add_difference(list, order <= 0 ? old : NULL, order >= 0 ? new : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	return list;
}
