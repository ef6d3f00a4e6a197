/*
 * credential_batch.c
 *	  Batches of credentials: which projects, and how far each has come.
 *
 * Whoever works on a batch, with as many sessions as it likes, takes one item after the other. An item belongs to the
 * backend that has claimed it, for as long as that lives; the number of its attempt keeps one that is only thought to be dead
 * from saying afterwards how it went.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "actor.h"
#include "compat.h"
#include "credential.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

static void
refuse_in_script(const char *function)
{
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call %s", function)));
}

static _Noreturn void
refuse_unknown(int64 batch)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("batch " INT64_FORMAT " does not exist", batch),
			 errhint("See slipway.batch.")));
	pg_unreachable();
}

/* The projects of a batch, as Strings. */
static List *
read_projects(int64 batch)
{
	static SlipwayQuery query = {"SELECT project FROM slipway.credential_item WHERE batch = $1 ORDER BY number", 1, {INT8OID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *projects = NIL;
	uint64		rows;

	slipway_arg_int8(&args, batch);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		projects = lappend(projects, makeString(slipway_row_text(i, 1)));
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return projects;
}

static void
require_admin(const List *projects)
{
	ListCell   *cell;

	if (slipway_privilege_has(SLIPWAY_ADMIN, NULL))
		return;
	foreach(cell, projects)
		slipway_privilege_require(SLIPWAY_ADMIN, strVal(lfirst(cell)));
}

/* The batch of the first argument, of whose projects the caller must be admin. */
static int64
begin_batch(FunctionCallInfo fcinfo, const char *function)
{
	List	   *projects;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the number of a batch must not be null")));
	refuse_in_script(function);
	projects = read_projects(PG_GETARG_INT64(0));
	if (projects == NIL)
	{
		slipway_privilege_require(SLIPWAY_ADMIN, NULL);
		refuse_unknown(PG_GETARG_INT64(0));
	}
	require_admin(projects);
	return PG_GETARG_INT64(0);
}

static List *
read_array(ArrayType *array)
{
	List	   *projects = NIL;
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		String	   *project;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a project of a batch must not be null")));
		project = makeString(TextDatumGetCString(values[i]));
		if (list_member(projects, project))
			ereport(ERROR,
					(errcode(SLIPWAY_INVALID_CREDENTIAL),
					 errmsg("project \"%s\" is in the batch more than once", strVal(project))));
		projects = lappend(projects, project);
	}
	if (projects == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a batch needs projects")));
	return projects;
}

static void
require_registered(const List *projects)
{
	ListCell   *cell;

	foreach(cell, projects)
	{
		SlipwayProject *project = slipway_project_load(strVal(lfirst(cell)));

		if (slipway_credential_find(project) == NULL)
			ereport(ERROR,
					(errcode(SLIPWAY_NO_CREDENTIAL),
					 errmsg("project \"%s\" has no credential", project->name),
					 errhint("Register one with slipway.register_credential().")));
	}
}

static void
refuse_second(const char *name)
{
	static SlipwayQuery query = {"SELECT FROM slipway.credential_batch WHERE name = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, name);
	if (slipway_query(&query, &args, 1) > 0)
		ereport(ERROR,
				(errcode(SLIPWAY_DUPLICATE_NAME),
				 errmsg("there is a batch \"%s\" already", name)));
}

/* Inside a scope. Nobody else makes a batch meanwhile: it would have the same number. */
static int64
add_batch(FunctionCallInfo fcinfo)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_BATCH_ADD, 4, {TEXTOID, JSONBOID, INT4OID, TEXTOID}};
	char	   *name = slipway_credential_argument(fcinfo, 1);
	SlipwayArgs args = {0};

	if (SPI_execute("LOCK TABLE slipway.credential_batch IN SHARE ROW EXCLUSIVE MODE", false, 0) < 0)
		elog(ERROR, "could not lock the table of batches");
	if (name)
		refuse_second(name);
	slipway_arg_text(&args, name);
	slipway_arg_datum(&args, PG_GETARG_DATUM(2), false);
	slipway_arg_datum(&args, PG_GETARG_DATUM(3), PG_ARGISNULL(3));
	slipway_arg_text(&args, slipway_actor_name());
	(void) slipway_query(&query, &args, 1);
	return slipway_row_int8(0, 1);
}

static void
add_items(int64 batch, ArrayType *projects)
{
	static SlipwayQuery query = {"INSERT INTO slipway.credential_item (batch, number, project, outcome) "
		"SELECT $1, p.n, p.project, 'waiting' FROM unnest($2) WITH ORDINALITY p(project, n)", 2, {INT8OID, TEXTARRAYOID}};
	SlipwayArgs args = {0};

	slipway_arg_int8(&args, batch);
	slipway_arg_datum(&args, PointerGetDatum(projects), false);
	slipway_query(&query, &args, 0);
}

PG_FUNCTION_INFO_V1(slipway_create_batch);

Datum
slipway_create_batch(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	List	   *projects;
	int64		batch;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("projects and options of a batch must not be null")));
	if (!PG_ARGISNULL(3) && PG_GETARG_INT32(3) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d is no number of failures to stop after", PG_GETARG_INT32(3))));
	refuse_in_script("slipway.create_batch()");
	array = PG_GETARG_ARRAYTYPE_P(0);
	projects = read_array(array);
	require_admin(projects);
	require_registered(projects);
	slipway_spi_begin();
	batch = add_batch(fcinfo);
	add_items(batch, array);
	slipway_spi_end();
	PG_RETURN_INT64(batch);
}

PG_FUNCTION_INFO_V1(slipway_claim_item);

Datum
slipway_claim_item(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_BATCH_CLAIM, 3, {INT8OID, TEXTOID, TIMESTAMPTZOID}};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		nulls[3] = {false};
	Datum		values[3];
	char	   *project = NULL;
	SlipwayArgs args = {0};

	refuse_in_script("slipway.claim_item()");
	InitMaterializedSRF(fcinfo, 0);
	slipway_arg_int8(&args, PG_GETARG_INT64(0));
	slipway_arg_text(&args, slipway_actor_name());
	slipway_arg_datum(&args, TimestampTzGetDatum(MyStartTimestamp), false);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 0) > 0)
	{
		values[0] = Int32GetDatum((int32) slipway_row_int8(0, 1));
		project = slipway_row_text(0, 2);
		values[2] = Int32GetDatum((int32) slipway_row_int8(0, 3));
	}
	slipway_spi_end();
	if (project == NULL)
	{
		(void) begin_batch(fcinfo, "slipway.claim_item()");
		return (Datum) 0;
	}
	/* Whoever may not is not given it: the error takes all of it back. */
	slipway_privilege_require(SLIPWAY_ADMIN, project);
	values[1] = CStringGetTextDatum(project);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	return (Datum) 0;
}

/* An item as it is now. */
typedef struct BatchItem
{
	char	   *project;		/* NULL: there is none */
	char	   *outcome;
	int			attempt;
} BatchItem;

static BatchItem
read_item(int64 batch, int number)
{
	static SlipwayQuery query = {"SELECT project, outcome, attempt::bigint FROM slipway.credential_item "
		"WHERE batch = $1 AND number = $2 FOR UPDATE", 2, {INT8OID, INT4OID}};
	SlipwayArgs args = {0};
	BatchItem	item = {0};

	slipway_arg_int8(&args, batch);
	slipway_arg_datum(&args, Int32GetDatum(number), false);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		item.project = slipway_row_text(0, 1);
		item.outcome = slipway_row_text(0, 2);
		item.attempt = slipway_row_int8(0, 3);
	}
	slipway_spi_end();
	return item;
}

static void
check_outcome(const char *outcome)
{
	static const char *const outcomes[] = {"succeeded", "failed", "rolled_back", "skipped"};

	for (int i = 0; i < lengthof(outcomes); i++)
		if (strcmp(outcome, outcomes[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("an item cannot end as \"%s\"", outcome),
			 errhint("It is one of succeeded, failed, rolled_back, skipped.")));
}

static void
finish(int64 batch, int number, const char *outcome, const char *message)
{
	static SlipwayQuery query = {"UPDATE slipway.credential_item SET outcome = $3, message = $4, finished_at = clock_timestamp() "
		"WHERE batch = $1 AND number = $2", 4, {INT8OID, INT4OID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_int8(&args, batch);
	slipway_arg_datum(&args, Int32GetDatum(number), false);
	slipway_arg_text(&args, outcome);
	slipway_arg_text(&args, message);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

PG_FUNCTION_INFO_V1(slipway_finish_item);

Datum
slipway_finish_item(PG_FUNCTION_ARGS)
{
	char	   *outcome = slipway_decision_argument(fcinfo, 3, "an outcome");
	char	   *message = slipway_credential_argument(fcinfo, 4);
	BatchItem	item;

	check_outcome(outcome);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("batch, item and attempt must not be null")));
	refuse_in_script("slipway.finish_item()");
	item = read_item(PG_GETARG_INT64(0), PG_GETARG_INT32(1));
	slipway_privilege_require(SLIPWAY_ADMIN, item.project);
	/* Somebody who does not know whether the first time has come through says it again. */
	if (item.project && item.attempt == PG_GETARG_INT32(2) && strcmp(item.outcome, outcome) == 0)
		PG_RETURN_VOID();
	if (item.project == NULL || item.attempt != PG_GETARG_INT32(2) || strcmp(item.outcome, "running") != 0)
		ereport(ERROR,
				(errcode(SLIPWAY_NOT_CLAIMED),
				 errmsg("item %d of batch " INT64_FORMAT " is not yours", PG_GETARG_INT32(1), PG_GETARG_INT64(0)),
				 item.project ? errdetail("It is %s, in attempt %d.", item.outcome, item.attempt)
				 : errdetail("There is no such item.")));
	finish(PG_GETARG_INT64(0), PG_GETARG_INT32(1), outcome, message);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_stop_batch);

Datum
slipway_stop_batch(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {"UPDATE slipway.credential_batch SET stopped_at = clock_timestamp(), stopped_by = $2, stop_reason = $3 "
		"WHERE number = $1 AND stopped_at IS NULL", 3, {INT8OID, TEXTOID, TEXTOID}};
	int64		batch = begin_batch(fcinfo, "slipway.stop_batch()");
	SlipwayArgs args = {0};
	bool		stopped;

	slipway_arg_int8(&args, batch);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_arg_text(&args, slipway_credential_argument(fcinfo, 1));
	slipway_spi_begin();
	stopped = slipway_query(&query, &args, 0) > 0;
	slipway_spi_end();
	PG_RETURN_BOOL(stopped);
}

PG_FUNCTION_INFO_V1(slipway_resume_batch);

Datum
slipway_resume_batch(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_BATCH_RESUME, 3, {INT8OID, BOOLOID, BOOLOID}};
	int64		batch = begin_batch(fcinfo, "slipway.resume_batch()");
	SlipwayArgs args = {0};
	int64		waiting;

	slipway_arg_int8(&args, batch);
	slipway_arg_datum(&args, PG_GETARG_DATUM(1), false);
	slipway_arg_datum(&args, PG_GETARG_DATUM(2), false);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	waiting = slipway_row_int8(0, 1);
	slipway_spi_end();
	PG_RETURN_INT64(waiting);
}
