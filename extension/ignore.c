/*
 * ignore.c
 *	  Patterns of what snapshots and differences leave out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "ignore.h"
#include "settings.h"

static bool
has(const SlipwayIgnore *ignore, const char *pattern)
{
	for (int i = 0; i < ignore->n; i++)
		if (strcmp(ignore->patterns[i], pattern) == 0)
			return true;
	return false;
}

/* No list at all would stand for the setting. */
static SlipwayIgnore
none(void)
{
	return (SlipwayIgnore) {0, palloc(sizeof(char *))};
}

static void
add(SlipwayIgnore *ignore, const char *pattern)
{
	if (has(ignore, pattern))
		return;
	ignore->patterns = repalloc(ignore->patterns, (ignore->n + 1) * sizeof(char *));
	ignore->patterns[ignore->n++] = pattern;
}

SlipwayIgnore
slipway_ignore_default(void)
{
	SlipwayIgnore ignore = none();
	List	   *list;
	ListCell   *cell;

	if (!SplitGUCList(pstrdup(slipway_ignore), ',', &list))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("setting slipway.ignore is no list: \"%s\"", slipway_ignore)));
	foreach(cell, list)
		add(&ignore, lfirst(cell));
	return ignore;
}

SlipwayIgnore
slipway_ignore_from_array(Datum array)
{
	SlipwayIgnore ignore = none();
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a pattern of what is to be ignored must not be null")));
		add(&ignore, TextDatumGetCString(values[i]));
	}
	return ignore;
}

SlipwayIgnore
slipway_ignore_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? slipway_ignore_default() : slipway_ignore_from_array(PG_GETARG_DATUM(arg));
}

Datum
slipway_ignore_array(const SlipwayIgnore *ignore)
{
	Datum	   *values = palloc(Max(ignore->n, 1) * sizeof(Datum));

	for (int i = 0; i < ignore->n; i++)
		values[i] = CStringGetTextDatum(ignore->patterns[i]);
	return PointerGetDatum(construct_array(values, ignore->n, TEXTOID, -1, false, TYPALIGN_INT));
}

SlipwayIgnore
slipway_ignore_both(const SlipwayIgnore *one, const SlipwayIgnore *other)
{
	SlipwayIgnore both = none();

	for (int i = 0; i < one->n; i++)
		add(&both, one->patterns[i]);
	for (int i = 0; i < other->n; i++)
		add(&both, other->patterns[i]);
	return both;
}
