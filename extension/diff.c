/*
 * diff.c
 *	  slipway.diff() and drift(): the schema now against a snapshot that is stored.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "compat.h"
#include "error_code.h"
#include "privilege.h"
#include "project.h"
#include "schema_diff.h"
#include "settings.h"
#include "snapshot_scope.h"
#include "spi.h"
#include "stored_snapshot.h"

static bool
find(SlipwayStoredSnapshot *stored, const char *project, const char *name)
{
	MemoryContext context = CurrentMemoryContext;
	bool		found;

	slipway_privilege_require(SLIPWAY_READER, project);
	(void) slipway_project_load(project);
	slipway_spi_begin();
	found = slipway_stored_find(stored, context, project, name);
	slipway_spi_end();
	return found;
}

static bool
is_of_other_major(const SlipwayStoredSnapshot *stored)
{
	return stored->server_version / 10000 != SLIPWAY_SERVER_VERSION / 10000;
}

/* Those that are stored and would still be taken, were they there. */
static List *
filter(List *objects, const SlipwayScope *scope)
{
	List	   *kept = NIL;
	ListCell   *cell;

	foreach(cell, objects)
	{
		const SlipwayObject *object = lfirst(cell);

		if (slipway_scope_covers(scope, object->kind, object->identity, object->schema, object->parent))
			kept = lappend(kept, lfirst(cell));
	}
	return kept;
}

/* What either side leaves out, both do. */
static List *
compare(const SlipwayStoredSnapshot *stored, const SlipwayIgnore *ignore)
{
	SlipwayIgnore both = slipway_ignore_both(&stored->ignore, ignore);
	MemoryContext context = CurrentMemoryContext;
	SlipwayScope *scope = slipway_scope_make(stored->project, both.patterns, both.n);
	SlipwaySnapshot *taken;
	List	   *only_taken;
	List	   *only_stored;

	taken = slipway_snapshot_take(stored->project, &both, slipway_lock_timeout, context);
	slipway_spi_begin();
	slipway_stored_compare(stored, taken, context, &only_taken, &only_stored);
	slipway_spi_end();
	return slipway_schema_diff_objects(filter(only_stored, scope), only_taken);
}

static void
refuse_missing(const char *project, const char *name)
{
	if (name)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("project \"%s\" has no snapshot \"%s\"", project, name),
				 errhint("Those that there are stand in view slipway.saved_snapshot.")));
	ereport(ERROR,
			(errcode(SLIPWAY_NO_SNAPSHOT),
			 errmsg("no run of project \"%s\" has stored a snapshot", project),
			 errdetail("A run that changes something stores one at its end, unless setting slipway.snapshot or its option snapshot is off."),
			 errhint("slipway.save_snapshot() takes the schema as it is now for what the last run has left.")));
}

static void
refuse_outdated(const SlipwayStoredSnapshot *stored)
{
	ereport(ERROR,
			(errcode(SLIPWAY_NO_SNAPSHOT),
			 errmsg("the last run of project \"%s\" has stored no snapshot", stored->project),
			 errdetail("Snapshots were switched off for it, or it failed or ended before it could store one. What is stored is of run " INT64_FORMAT ".",
					   stored->run),
			 errhint("slipway.save_snapshot() takes the schema as it is now for what the last run has left.")));
}

static void
refuse_other_major(const SlipwayStoredSnapshot *stored)
{
	ereport(ERROR,
			(errcode(SLIPWAY_OTHER_MAJOR),
			 errmsg("the snapshot was taken by PostgreSQL %d, this is %d",
					stored->server_version / 10000, SLIPWAY_SERVER_VERSION / 10000),
			 errdetail("Another major version writes the same objects otherwise."),
			 errhint("Take it anew with slipway.save_snapshot(%s).",
					 stored->name ? quote_literal_cstr(stored->name) : "")));
}

static void
put_difference(ReturnSetInfo *result, const SlipwayDifference *difference)
{
	const char *const texts[] = {
		difference->kind, difference->identity, difference->change, difference->before, difference->after
	};
	Datum		values[lengthof(texts)];
	bool		nulls[lengthof(texts)];

	for (int i = 0; i < lengthof(texts); i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static char *
read_project(FunctionCallInfo fcinfo, const char *function)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project of %s must not be null", function)));
	return text_to_cstring(PG_GETARG_TEXT_PP(0));
}

PG_FUNCTION_INFO_V1(slipway_diff);

Datum
slipway_diff(PG_FUNCTION_ARGS)
{
	SlipwayStoredSnapshot stored;
	SlipwayIgnore ignore;
	char	   *project = read_project(fcinfo, "slipway.diff()");
	char	   *name = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	List	   *differences;
	ListCell   *cell;

	if (!find(&stored, project, name))
		refuse_missing(project, name);
	if (stored.outdated)
		refuse_outdated(&stored);
	if (is_of_other_major(&stored))
		refuse_other_major(&stored);
	ignore = slipway_ignore_argument(fcinfo, 2);
	differences = compare(&stored, &ignore);
	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, differences)
		put_difference((ReturnSetInfo *) fcinfo->resultinfo, lfirst(cell));
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_drift);

Datum
slipway_drift(PG_FUNCTION_ARGS)
{
	SlipwayStoredSnapshot stored;
	SlipwayIgnore ignore;

	if (!find(&stored, read_project(fcinfo, "slipway.drift()"), NULL) || stored.outdated ||
		is_of_other_major(&stored))
		PG_RETURN_NULL();
	ignore = slipway_ignore_argument(fcinfo, 1);
	PG_RETURN_INT64(list_length(compare(&stored, &ignore)));
}
