/*
 * spi.c
 *	  Bookkeeping queries: the only door from this extension to SPI.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "hash.h"
#include "outside.h"
#include "privilege.h"
#include "script.h"
#include "spi.h"

typedef struct Scope
{
	bool		active;
	bool		others;			/* statements of others run in it, which may open another one */
	bool		caller;			/* as the caller: what these SET lasts, as in any function */
	struct Scope *outer;		/* that one then, in the memory of the transaction */
	Oid			user;
	int			sec_context;
	int			guc_nest;
	MemoryContext context;
	SubTransactionId subxact;
} Scope;

/* The open scope, if any. Aborts close it: see close_on_abort(). */
static Scope scope;

void
slipway_spi_begin(void)
{
	slipway_spi_begin_as(slipway_bookkeeper());
}

/* Bookkeeping is not to begin in the middle of bookkeeping: it would find there what is half done. */
static void
push_scope(void)
{
	Scope	   *outer;

	if (!scope.active)
		return;
	if (!scope.others)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("slipway is in the middle of its own work"),
				 errhint("Triggers and event triggers that fire there cannot call its functions.")));
	outer = MemoryContextAlloc(TopTransactionContext, sizeof(Scope));
	*outer = scope;
	memset(&scope, 0, sizeof(Scope));
	scope.outer = outer;
}

static void
pop_scope(void)
{
	Scope	   *outer = scope.outer;

	slipway_outside_forget();
	memset(&scope, 0, sizeof(Scope));
	if (outer == NULL)
		return;
	scope = *outer;
	pfree(outer);
}

static void
remember_caller(void)
{
	push_scope();
	scope.active = true;
	scope.subxact = GetCurrentSubTransactionId();
	scope.context = CurrentMemoryContext;
	GetUserIdAndSecContext(&scope.user, &scope.sec_context);
	scope.guc_nest = NewGUCNestLevel();
}

static void
connect(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetTransactionSnapshot());
}

static void
become(Oid role)
{
	remember_caller();
	SetUserIdAndSecContext(role, scope.sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
}

void
slipway_spi_begin_as(Oid role)
{
	become(role);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	connect();
}

void
slipway_spi_begin_caller(void)
{
	remember_caller();
	connect();
	scope.others = scope.caller = true;
}

void
slipway_spi_begin_restricted(Oid role)
{
	become(role);
	connect();
	scope.others = true;
}

void
slipway_spi_end(void)
{
	MemoryContext context = scope.context;

	Assert(scope.active);
	PopActiveSnapshot();
	SPI_finish();
	/* A trigger of somebody else's has no say in how the caller's session goes on. */
	AtEOXact_GUC(scope.caller, scope.guc_nest);
	SetUserIdAndSecContext(scope.user, scope.sec_context);
	pop_scope();
	MemoryContextSwitchTo(context);
}

bool
slipway_spi_active(void)
{
	return scope.active;
}

static void
add_arg(SlipwayArgs *args, Datum value, bool isnull)
{
	Assert(args->n < SLIPWAY_QUERY_ARGS);
	args->values[args->n] = value;
	args->nulls[args->n] = isnull ? 'n' : ' ';
	args->n++;
}

void
slipway_arg_text(SlipwayArgs *args, const char *value)
{
	add_arg(args, value ? CStringGetTextDatum(value) : (Datum) 0, value == NULL);
}

void
slipway_arg_int8(SlipwayArgs *args, int64 value)
{
	add_arg(args, Int64GetDatum(value), false);
}

void
slipway_arg_datum(SlipwayArgs *args, Datum value, bool isnull)
{
	add_arg(args, value, isnull);
}

void
slipway_arg_hash(SlipwayArgs *args, const uint8 *hash)
{
	add_arg(args, hash ? slipway_hash_datum(hash) : (Datum) 0, hash == NULL);
}

void
slipway_arg_array(SlipwayArgs *args, Datum *values, bool *nulls, int n, Oid type)
{
	int			dims[1] = {n};
	int			lower[1] = {1};

	add_arg(args, PointerGetDatum(construct_md_array(values, nulls, 1, dims, lower, type,
													 -1, false, TYPALIGN_INT)), false);
}

void
slipway_arg_hashes(SlipwayArgs *args, const uint8 *const *hashes, int n)
{
	Datum	   *values = palloc0(Max(n, 1) * sizeof(Datum));
	bool	   *nulls = palloc0(Max(n, 1) * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		nulls[i] = hashes[i] == NULL;
		if (hashes[i])
			values[i] = slipway_hash_datum(hashes[i]);
	}
	slipway_arg_array(args, values, nulls, n, BYTEAOID);
}

uint64
slipway_query(SlipwayQuery *query, SlipwayArgs *args, long limit)
{
	int			rc;

	Assert(scope.active);
	Assert((args ? args->n : 0) == query->nargs);
	if (query->plan == NULL)
	{
		query->plan = SPI_prepare_cursor(query->sql, query->nargs, query->types,
										 query->generic ? CURSOR_OPT_GENERIC_PLAN : 0);
		if (query->plan == NULL || SPI_keepplan(query->plan) != 0)
			elog(ERROR, "could not prepare \"%s\"", query->sql);
	}
	rc = SPI_execute_plan(query->plan, args ? args->values : NULL,
						  args ? args->nulls : NULL, false, limit);
	if (rc < 0)
		elog(ERROR, "could not run \"%s\": %s", query->sql, SPI_result_code_string(rc));
	return SPI_processed;
}

void
slipway_query_record(SlipwayQuery *query, SlipwayArgs *args, const char *table)
{
	if (slipway_query(query, args, 0) == 1)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a row for table \"slipway.%s\" was not written", table),
			 errdetail("What is not on record is not done."),
			 errhint("Somebody has put a trigger on that table which leaves rows out: take it away.")));
}

Datum
slipway_row_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, isnull);
}

void
slipway_return_rows(FunctionCallInfo fcinfo, uint64 rows)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (uint64 i = 0; i < rows; i++)
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[i]);
}

char *
slipway_row_text(uint64 row, int column)
{
	MemoryContext old = MemoryContextSwitchTo(scope.context);
	char	   *value;

	/* Without looking for its output function for every value. */
	if (SPI_gettypeid(SPI_tuptable->tupdesc, column) == TEXTOID)
	{
		bool		isnull;
		Datum		datum = slipway_row_datum(row, column, &isnull);

		value = isnull ? NULL : TextDatumGetCString(datum);
	}
	else
		value = SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
	MemoryContextSwitchTo(old);
	return value;
}

int64
slipway_row_int8(uint64 row, int column)
{
	bool		isnull;
	Datum		value = slipway_row_datum(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

bool
slipway_row_hash(uint64 row, int column, uint8 *hash)
{
	bool		isnull;
	Datum		value = slipway_row_datum(row, column, &isnull);

	if (!isnull)
		slipway_hash_from_datum(value, hash);
	return !isnull;
}

/*
 * The abort that ends a scope restores user, settings and SPI by itself; only
 * our flag is left. A stale flag would let a script's own statements pass
 * the guard of the tracking tables.
 */
static void
close_on_abort(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *arg)
{
	while (event == SUBXACT_EVENT_ABORT_SUB && scope.active && mine == scope.subxact)
		pop_scope();
}

static void
close_on_xact_abort(XactEvent event, void *arg)
{
	while (event == XACT_EVENT_ABORT && scope.active)
		pop_scope();
}

void
slipway_spi_init(void)
{
	RegisterSubXactCallback(close_on_abort, NULL);
	RegisterXactCallback(close_on_xact_abort, NULL);
}
