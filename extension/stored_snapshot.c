/*
 * stored_snapshot.c
 *	  Snapshots in the tracking tables.
 *
 * The rows of one are told apart by their hash, which is over all of an object; so
 * those of two snapshots are compared as sets of hashes, and what has not changed
 * since the last run is neither read nor written again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "query.h"
#include "spi.h"
#include "stored_object.h"
#include "stored_snapshot.h"

/* An object of what was taken, by its hash. */
typedef struct Entry
{
	uint8		hash[SLIPWAY_HASH_LEN];
	bool		stored;
} Entry;

bool
slipway_stored_find(SlipwayStoredSnapshot *stored, MemoryContext context, const char *project, const char *name)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_FIND, 2, {TEXTOID, TEXTOID}};
	MemoryContext caller;
	SlipwayArgs args = {0};
	bool		isnull;

	slipway_arg_text(&args, project);
	slipway_arg_text(&args, name);
	if (slipway_query(&query, &args, 1) == 0)
		return false;
	stored->project = project;
	stored->name = name;
	stored->number = slipway_row_int8(0, 1);
	stored->run = slipway_row_int8(0, 2);
	(void) slipway_row_hash(0, 3, stored->fingerprint);
	stored->server_version = DatumGetInt32(slipway_row_datum(0, 4, &isnull));
	caller = MemoryContextSwitchTo(context);
	stored->ignore = slipway_ignore_from_array(slipway_row_datum(0, 5, &isnull));
	MemoryContextSwitchTo(caller);
	stored->outdated = DatumGetBool(slipway_row_datum(0, 6, &isnull));
	return true;
}

/* Which number a snapshot of that name has, or is to have. */
static int64
find_number(const char *project, const char *name)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_NUMBER, 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	if (name == NULL)
		return 0;
	slipway_arg_text(&args, project);
	slipway_arg_text(&args, name);
	(void) slipway_query(&query, &args, 1);
	return slipway_row_int8(0, 1);
}

static void
put(const char *project, int64 number, const char *name, const SlipwaySnapshot *taken,
	const SlipwayIgnore *ignore, const char *role)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_PUT, 9,
	{TEXTOID, INT8OID, TEXTOID, BYTEAOID, INT4OID, TEXTARRAYOID, INT8OID, TIMESTAMPTZOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, number);
	slipway_arg_text(&args, name);
	slipway_arg_hash(&args, taken->fingerprint);
	slipway_arg_datum(&args, Int32GetDatum(SLIPWAY_SERVER_VERSION), false);
	slipway_arg_datum(&args, slipway_ignore_array(ignore), false);
	slipway_arg_int8(&args, taken->n);
	slipway_arg_datum(&args, TimestampTzGetDatum(GetCurrentTimestamp()), false);
	slipway_arg_text(&args, role);
	(void) slipway_query(&query, &args, 0);
}

static HTAB *
make_table(const SlipwaySnapshot *taken)
{
	HASHCTL		control = {.keysize = SLIPWAY_HASH_LEN, .entrysize = sizeof(Entry), .hcxt = CurrentMemoryContext};
	HTAB	   *table = hash_create("slipway objects", Max(taken->n, 1), &control,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	for (int i = 0; i < taken->n; i++)
	{
		bool		found;
		Entry	   *entry = hash_search(table, taken->objects[i].hash, HASH_ENTER, &found);

		entry->stored = false;
	}
	return table;
}

/*
 * Marks what is stored of what was taken, and returns the hashes of what else is stored, as Datums.
 */
static Datum *
mark_stored(HTAB *table, const char *project, int64 number, int *n)
{
	static SlipwayQuery query = {"SELECT hash FROM slipway.schema_object WHERE project = $1 AND snapshot = $2",
	2, {TEXTOID, INT8OID}};
	SlipwayArgs args = {0};
	Datum	   *others = NULL;
	uint64		rows;

	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, number);
	rows = slipway_query(&query, &args, 0);
	*n = 0;
	if (rows > 0)
		others = palloc_extended(rows * sizeof(Datum), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < rows; i++)
	{
		uint8		hash[SLIPWAY_HASH_LEN];
		Entry	   *entry;

		(void) slipway_row_hash(i, 1, hash);
		entry = hash_search(table, hash, HASH_FIND, NULL);
		if (entry)
			entry->stored = true;
		else
			others[(*n)++] = slipway_hash_datum(hash);
	}
	return others;
}

static void
remove_rows(const char *project, int64 number, Datum *hashes, int n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_OBJECTS_REMOVE, 3, {TEXTOID, INT8OID, BYTEAARRAYOID}};
	SlipwayArgs args = {0};

	if (n == 0)
		return;
	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, number);
	slipway_arg_array(&args, hashes, NULL, n, BYTEAOID);
	(void) slipway_query(&query, &args, 0);
}

/* Writes what is not stored yet. */
static void
add_rows(const char *project, int64 number, const SlipwaySnapshot *taken, HTAB *table)
{
	SlipwayObjectWriter *writer = slipway_stored_object_open(project, number);

	for (int i = 0; i < taken->n; i++)
	{
		Entry	   *entry = hash_search(table, taken->objects[i].hash, HASH_FIND, NULL);

		CHECK_FOR_INTERRUPTS();
		if (!entry->stored)
			slipway_stored_object_add(writer, &taken->objects[i]);
		entry->stored = true;
	}
	slipway_stored_object_close(writer);
}

void
slipway_stored_write(const char *project, const char *name, const SlipwaySnapshot *taken,
					 const SlipwayIgnore *ignore, const char *role)
{
	SlipwayStoredSnapshot before;
	int64		number;
	HTAB	   *table;
	Datum	   *others;
	int			n;

	if (slipway_stored_find(&before, CurrentMemoryContext, project, name) &&
		memcmp(before.fingerprint, taken->fingerprint, SLIPWAY_HASH_LEN) == 0)
	{
		put(project, before.number, name, taken, ignore, role);
		return;
	}
	number = find_number(project, name);
	put(project, number, name, taken, ignore, role);
	table = make_table(taken);
	others = mark_stored(table, project, number, &n);
	remove_rows(project, number, others, n);
	add_rows(project, number, taken, table);
	hash_destroy(table);
}

bool
slipway_stored_drop(const char *project, const char *name)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_DROP, 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_text(&args, name);
	return slipway_query(&query, &args, 0) > 0;
}

/* The objects of these hashes, in the context. */
static List *
read_objects(const SlipwayStoredSnapshot *stored, MemoryContext context, Datum *hashes, int n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SNAPSHOT_OBJECTS_OF, 3, {TEXTOID, INT8OID, BYTEAARRAYOID}};
	MemoryContext caller;
	SlipwayArgs args = {0};
	List	   *objects = NIL;
	uint64		rows;

	if (n == 0)
		return NIL;
	slipway_arg_text(&args, stored->project);
	slipway_arg_int8(&args, stored->number);
	slipway_arg_array(&args, hashes, NULL, n, BYTEAOID);
	rows = slipway_query(&query, &args, 0);
	caller = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < rows; i++)
	{
		SlipwayObject *object = palloc0(sizeof(SlipwayObject));

		object->kind = slipway_row_text(i, 1);
		object->identity = slipway_row_text(i, 2);
		object->schema = slipway_row_text(i, 3);
		object->parent = slipway_row_text(i, 4);
		object->definition = slipway_row_text(i, 5);
		objects = lappend(objects, object);
	}
	MemoryContextSwitchTo(caller);
	return objects;
}

void
slipway_stored_compare(const SlipwayStoredSnapshot *stored, const SlipwaySnapshot *taken, MemoryContext context,
					   List **only_taken, List **only_stored)
{
	MemoryContext caller;
	HTAB	   *table;
	Datum	   *others;
	int			n;

	*only_taken = NIL;
	*only_stored = NIL;
	if (memcmp(stored->fingerprint, taken->fingerprint, SLIPWAY_HASH_LEN) == 0)
		return;
	table = make_table(taken);
	others = mark_stored(table, stored->project, stored->number, &n);
	caller = MemoryContextSwitchTo(context);
	for (int i = 0; i < taken->n; i++)
	{
		const Entry *entry = hash_search(table, taken->objects[i].hash, HASH_FIND, NULL);

		if (!entry->stored)
			*only_taken = lappend(*only_taken, &taken->objects[i]);
	}
	MemoryContextSwitchTo(caller);
	*only_stored = read_objects(stored, context, others, n);
	hash_destroy(table);
}
