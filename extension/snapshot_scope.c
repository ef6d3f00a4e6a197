/*
 * snapshot_scope.c
 *	  Which objects a snapshot has: those that the project covers, without those to be ignored.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "lookup.h"
#include "project.h"
#include "settings.h"
#include "snapshot_scope.h"

/* What a pattern is compared with. */
typedef enum Field
{
	FIELD_IDENTITY,
	FIELD_SCHEMA,
	FIELD_KIND,
	FIELD_EXTENSION
} Field;

typedef struct Pattern
{
	Field		field;
	const char *glob;
} Pattern;

struct SlipwayScope
{
	List	   *own;			/* names of schemas; NIL: all but those of others */
	List	   *others;			/* schemas of other projects */
	int			n;
	Pattern    *patterns;
};

/* Does all of the text match? "*" is the only one that can stand for more than it has tried first. */
static bool
matches(const char *glob, const char *text)
{
	const char *star = NULL;
	const char *resume = NULL;

	while (*text)
	{
		if (*glob == '*')
		{
			star = ++glob;
			resume = text;
		}
		else if (*glob == *text || *glob == '?')
		{
			glob++;
			text++;
		}
		else if (star)
		{
			glob = star;
			text = ++resume;
		}
		else
			return false;
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

static void
parse_pattern(Pattern *pattern, const char *text)
{
	static const struct
	{
		const char *prefix;
		Field		field;
	}			prefixes[] = {{"schema:", FIELD_SCHEMA}, {"kind:", FIELD_KIND}, {"extension:", FIELD_EXTENSION}};

	pattern->field = FIELD_IDENTITY;
	pattern->glob = text;
	for (int i = 0; i < lengthof(prefixes); i++)
		if (strncmp(text, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
		{
			pattern->field = prefixes[i].field;
			pattern->glob = text + strlen(prefixes[i].prefix);
		}
	if (pattern->glob[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no pattern of what to ignore", text),
				 errhint("Write schema:NAME, kind:NAME, extension:NAME or a qualified name, with * for any characters.")));
}

static List *
add_schemas(List *list, const SlipwayLookup *row)
{
	bool		isnull;
	Datum		schemas = slipway_lookup_datum(row, "schemas", &isnull);
	Datum	   *names;
	int			n;

	if (isnull)
		return list;
	deconstruct_array(DatumGetArrayTypePCopy(schemas), TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &n);
	for (int i = 0; i < n; i++)
		list = lappend(list, makeString(TextDatumGetCString(names[i])));
	return list;
}

static bool
lists(const List *list, const char *schema)
{
	ListCell   *cell;

	foreach(cell, list)
		if (strcmp(strVal(lfirst(cell)), schema) == 0)
			return true;
	return false;
}

SlipwayScope *
slipway_scope_make(const char *project, const char *const *ignore, int n_ignore)
{
	SlipwayScope *scope = palloc0(sizeof(SlipwayScope));
	SlipwayLookup row;

	(void) slipway_project_load(project);
	slipway_lookup_open(&row, "project");
	while (slipway_lookup_previous(&row))
	{
		if (strcmp(slipway_lookup_text(&row, "name"), project) == 0)
			scope->own = add_schemas(scope->own, &row);
		else
			scope->others = add_schemas(scope->others, &row);
	}
	slipway_lookup_close(&row);

	scope->n = n_ignore;
	scope->patterns = palloc(Max(n_ignore, 1) * sizeof(Pattern));
	for (int i = 0; i < n_ignore; i++)
		parse_pattern(&scope->patterns[i], ignore[i]);
	return scope;
}

bool
slipway_scope_covers_schema(const SlipwayScope *scope, const char *schema)
{
	return scope->own ? lists(scope->own, schema) : !lists(scope->others, schema);
}

static bool
is_ignored(const Pattern *pattern, const char *kind, const char *identity, const char *schema, const char *parent)
{
	switch (pattern->field)
	{
		case FIELD_SCHEMA:
			return schema && matches(pattern->glob, schema);
		case FIELD_KIND:
			return matches(pattern->glob, kind);
		case FIELD_EXTENSION:
			return strcmp(kind, "extension") == 0 && matches(pattern->glob, identity);
		case FIELD_IDENTITY:
			break;
	}
	return matches(pattern->glob, identity) || (parent && matches(pattern->glob, parent));
}

bool
slipway_scope_covers(const SlipwayScope *scope, const char *kind, const char *identity, const char *schema,
					 const char *parent)
{
	if (schema ? !slipway_scope_covers_schema(scope, schema) : scope->own != NIL)
		return false;
	for (int i = 0; i < scope->n; i++)
		if (is_ignored(&scope->patterns[i], kind, identity, schema, parent))
			return false;
	return true;
}
