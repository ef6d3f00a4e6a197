/*
 * snapshot.c
 *	  The schema of the database as rows, and one fingerprint over all of them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "compat.h"
#include "privilege.h"
#include "settings.h"
#include "snapshot.h"
#include "snapshot_part.h"
#include "snapshot_relation.h"
#include "spi.h"

/* How often to read while somebody changes the schema: until it succeeds, and until what is read stays the same. */
#define MAX_FAILURES 5
#define MAX_READS 3

/* Settings on which the text of an expression depends. search_path is set by the scope. */
static const char *const settings[][2] = {
	{"DateStyle", "ISO, MDY"}, {"IntervalStyle", "postgres"}, {"TimeZone", "UTC"}, {"extra_float_digits", "1"},
	{"quote_all_identifiers", "off"}, {"bytea_output", "hex"}, {"standard_conforming_strings", "on"},
	{"backslash_quote", "safe_encoding"}, {"xmlbinary", "base64"}, {"xmloption", "content"}, {"lc_monetary", "C"}, {"lc_numeric", "C"}
};

static void
fix_settings(int lock_timeout)
{
	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	slipway_settings_put("lock_timeout", psprintf("%d", lock_timeout), PGC_USERSET, GUC_ACTION_SAVE);
}

static int
compare_objects(const void *a, const void *b)
{
	const SlipwayObject *one = a;
	const SlipwayObject *two = b;
	int			order = one->kind == two->kind ? 0 : strcmp(one->kind, two->kind);

	return order ? order : strcmp(one->identity, two->identity);
}

/* In the order that they have in UTF-8: others put letters into another one. */
static const SlipwayObject *
order_as_utf8(const SlipwaySnapshot *snapshot)
{
	SlipwayObject *ordered;

	if (GetDatabaseEncoding() == PG_UTF8 || snapshot->n == 0)
		return snapshot->objects;
	ordered = palloc_extended(snapshot->n * sizeof(SlipwayObject), MCXT_ALLOC_HUGE);
	memcpy(ordered, snapshot->objects, snapshot->n * sizeof(SlipwayObject));
	for (int i = 0; i < snapshot->n; i++)
		ordered[i].identity = pg_server_to_any(ordered[i].identity, strlen(ordered[i].identity), PG_UTF8);
	qsort(ordered, snapshot->n, sizeof(SlipwayObject), compare_objects);
	return ordered;
}

/* Over the server's major version, in which definitions are the same, and the hashes of all objects. */
static void
compute_fingerprint(SlipwaySnapshot *snapshot)
{
	const SlipwayObject *objects = order_as_utf8(snapshot);
	char		version[32];

	snprintf(version, sizeof(version), "PostgreSQL %d", SLIPWAY_SERVER_VERSION / 10000);
	slipway_hash_begin(SLIPWAY_PIECES_OF_OBJECT);
	slipway_hash_add(SLIPWAY_PIECES_OF_OBJECT, version, strlen(version) + 1);
	for (int i = 0; i < snapshot->n; i++)
		slipway_hash_add(SLIPWAY_PIECES_OF_OBJECT, (const char *) objects[i].hash, SLIPWAY_HASH_LEN);
	slipway_hash_end(SLIPWAY_PIECES_OF_OBJECT, snapshot->fingerprint);
}

static void
read_parts(SlipwayReader *reader)
{
	slipway_relation_read(reader);
	slipway_snapshot_indexes_read(reader);
	slipway_snapshot_schemas(reader);
	slipway_snapshot_not_nulls(reader);
	slipway_snapshot_columns(reader);
	slipway_snapshot_constraints(reader);
	slipway_snapshot_indexes(reader);
	slipway_snapshot_sequences(reader);
	slipway_snapshot_relations(reader);
	slipway_snapshot_triggers(reader);
	slipway_snapshot_rules(reader);
	slipway_snapshot_policies(reader);
	slipway_snapshot_types(reader);
	slipway_snapshot_routines(reader);
	slipway_snapshot_plain(reader);
	slipway_snapshot_publication_parts(reader);
	slipway_snapshot_default_privileges(reader);
	slipway_snapshot_system_privileges(reader);
}

static SlipwaySnapshot *
read_snapshot(const SlipwayScope *scope, int lock_timeout, MemoryContext context)
{
	SlipwaySnapshot *snapshot = MemoryContextAllocZero(context, sizeof(SlipwaySnapshot));
	SlipwayReader *reader;

	slipway_spi_begin();
	fix_settings(lock_timeout);
	reader = slipway_reader_open(scope, context);
	read_parts(reader);
	snapshot->objects = reader->objects;
	snapshot->n = reader->n;
	slipway_reader_close(reader);
	slipway_spi_end();
	if (snapshot->n > 0)
		qsort(snapshot->objects, snapshot->n, sizeof(SlipwayObject), compare_objects);
	compute_fingerprint(snapshot);
	return snapshot;
}

/* Does the error say that somebody is changing the schema, as that something is gone which was there before? */
static bool
is_of_concurrent_change(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_INTERNAL_ERROR || sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED ||
		ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
}

/* A number that is another one when anybody has changed a catalog since; also in other databases, and where it does not matter. */
static uint64
count_changes(void)
{
	AcceptInvalidationMessages();
	return SharedInvalidMessageCounter;
}

/*
 * In a subtransaction that is rolled back in any case: what was locked is free again at once. NULL if
 * something has changed meanwhile and this is not the last try; *quiet: nothing has.
 */
static SlipwaySnapshot *
try_to_read(const SlipwayScope *scope, int lock_timeout, MemoryContext context, bool last, bool *quiet)
{
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	SlipwaySnapshot *volatile snapshot = NULL;
	ErrorData  *volatile error = NULL;
	uint64		changes = count_changes();

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old);
	PG_TRY();
	{
		snapshot = read_snapshot(scope, lock_timeout, context);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	/* Whoever catches an error that goes on ends his own subtransaction, and takes the innermost one for it. */
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	if (error && (last || !is_of_concurrent_change(error->sqlerrcode)))
		ReThrowError(error);
	*quiet = count_changes() == changes;
	return snapshot;
}

SlipwaySnapshot *
slipway_snapshot_take(const char *project, const SlipwayIgnore *ignore, int lock_timeout, MemoryContext context)
{
	SlipwayScope *scope = slipway_scope_make(project, ignore->patterns, ignore->n);
	uint8		before[SLIPWAY_HASH_LEN];
	int			failed = 0;
	int			read = 0;

	for (;;)
	{
		MemoryContext own = AllocSetContextCreate(context, "slipway snapshot", ALLOCSET_DEFAULT_SIZES);
		bool		quiet;
		SlipwaySnapshot *snapshot = try_to_read(scope, lock_timeout, own, failed == MAX_FAILURES - 1, &quiet);

		failed = snapshot ? 0 : failed + 1;
		read += snapshot != NULL;
		/* Names in expressions are those of now, rows those of the beginning: both are of one state if it stays the same. */
		if (snapshot && (quiet || read == MAX_READS ||
						 (read > 1 && memcmp(snapshot->fingerprint, before, SLIPWAY_HASH_LEN) == 0)))
			return snapshot;
		if (snapshot)
			memcpy(before, snapshot->fingerprint, SLIPWAY_HASH_LEN);
		MemoryContextDelete(own);
	}
}

/* As slipway_snapshot_take() from the arguments of a function, project and ignore. */
static SlipwaySnapshot *
take_for(FunctionCallInfo fcinfo)
{
	char	   *project;
	SlipwayIgnore ignore;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project must not be NULL")));
	project = text_to_cstring(PG_GETARG_TEXT_PP(0));
	slipway_privilege_require(SLIPWAY_READER, project);
	ignore = slipway_ignore_argument(fcinfo, 1);
	return slipway_snapshot_take(project, &ignore, slipway_lock_timeout, CurrentMemoryContext);
}

static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_snapshot);

Datum
slipway_snapshot(PG_FUNCTION_ARGS)
{
	SlipwaySnapshot *snapshot = take_for(fcinfo);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "slipway snapshot row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	InitMaterializedSRF(fcinfo, 0);
	old = MemoryContextSwitchTo(row);
	for (int i = 0; i < snapshot->n; i++)
	{
		const SlipwayObject *object = &snapshot->objects[i];
		Datum		values[5];
		bool		nulls[5] = {false};

		MemoryContextReset(row);
		values[0] = CStringGetTextDatum(object->kind);
		values[1] = CStringGetTextDatum(object->identity);
		values[2] = text_or_null(object->schema, &nulls[2]);
		values[3] = CStringGetTextDatum(object->definition);
		values[4] = slipway_hash_datum(object->hash);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_fingerprint);

Datum
slipway_fingerprint(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(slipway_hash_datum(take_for(fcinfo)->fingerprint));
}
