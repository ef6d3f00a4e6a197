/*
 * lookup.c
 *	  Rows of the tracking tables by a key, as of now.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "hash.h"
#include "layout.h"
#include "lookup.h"

static Oid
find_relation(const char *name)
{
	return get_relname_relid(name, get_namespace_oid("slipway", false));
}

Oid
slipway_lookup_table(const char *name)
{
	Oid			relation = find_relation(name);

	if (!OidIsValid(relation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"slipway.%s\" does not exist", name)));
	return relation;
}

/* index is NULL for the primary key. */
static void
open_table(SlipwayLookup *lookup, const char *table, const char *index)
{
	Oid			key;

	memset(lookup, 0, sizeof(SlipwayLookup));
	lookup->table = table_open(slipway_lookup_table(table), AccessShareLock);
	slipway_layout_check(lookup->table);
	key = index ? find_relation(index) : slipway_primary_key(lookup->table);
	if (!OidIsValid(key))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"slipway.%s\" has lost its key \"%s\"", table, index ? index : "primary key"),
				 errhint("Restore it with ALTER TABLE; the script of the extension has its columns.")));
	lookup->index = index_open(key, AccessShareLock);
	lookup->snapshot = RegisterSnapshot(GetLatestSnapshot());
}

void
slipway_lookup_open(SlipwayLookup *lookup, const char *table)
{
	open_table(lookup, table, NULL);
}

void
slipway_lookup_open_by(SlipwayLookup *lookup, const char *table, const char *index)
{
	open_table(lookup, table, index);
}

void
slipway_lookup_again(SlipwayLookup *lookup)
{
	if (lookup->scan)
		systable_endscan_ordered(lookup->scan);
	lookup->scan = NULL;
	lookup->row = NULL;
	lookup->nkeys = 0;
}

void
slipway_lookup_close(SlipwayLookup *lookup)
{
	slipway_lookup_again(lookup);
	UnregisterSnapshot(lookup->snapshot);
	index_close(lookup->index, AccessShareLock);
	table_close(lookup->table, AccessShareLock);
}

static AttrNumber
find_column(const SlipwayLookup *lookup, const char *column)
{
	AttrNumber	number = get_attnum(RelationGetRelid(lookup->table), column);

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"slipway.%s\" has no column \"%s\"", RelationGetRelationName(lookup->table), column)));
	return number;
}

static void
add_key(SlipwayLookup *lookup, const char *column, StrategyNumber strategy, RegProcedure function, Datum value)
{
	ScanKey		key = &lookup->keys[lookup->nkeys++];

	Assert(lookup->nkeys <= SLIPWAY_LOOKUP_KEYS && lookup->scan == NULL);
	ScanKeyInit(key, find_column(lookup, column), strategy, function, value);
	key->sk_collation = DEFAULT_COLLATION_OID;
}

void
slipway_lookup_key_text(SlipwayLookup *lookup, const char *column, const char *value)
{
	add_key(lookup, column, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(value));
}

void
slipway_lookup_key_hash(SlipwayLookup *lookup, const char *column, const uint8 *hash)
{
	add_key(lookup, column, BTEqualStrategyNumber, F_BYTEAEQ, slipway_hash_datum(hash));
}

void
slipway_lookup_key_int8(SlipwayLookup *lookup, const char *column, int64 value)
{
	add_key(lookup, column, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void
slipway_lookup_key_from(SlipwayLookup *lookup, const char *column, int64 value)
{
	add_key(lookup, column, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(value));
}

void
slipway_lookup_key_null(SlipwayLookup *lookup, const char *column)
{
	Assert(lookup->nkeys < SLIPWAY_LOOKUP_KEYS && lookup->scan == NULL);
	ScanKeyEntryInitialize(&lookup->keys[lookup->nkeys++], SK_ISNULL | SK_SEARCHNULL, find_column(lookup, column),
						   InvalidStrategy, InvalidOid, InvalidOid, InvalidOid, (Datum) 0);
}

bool
slipway_lookup_previous(SlipwayLookup *lookup)
{
	if (lookup->scan == NULL)
		lookup->scan = systable_beginscan_ordered(lookup->table, lookup->index, lookup->snapshot,
												  lookup->nkeys, lookup->keys);
	lookup->row = systable_getnext_ordered(lookup->scan, BackwardScanDirection);
	return HeapTupleIsValid(lookup->row);
}

Datum
slipway_lookup_datum(const SlipwayLookup *lookup, const char *column, bool *isnull)
{
	return heap_getattr(lookup->row, find_column(lookup, column), RelationGetDescr(lookup->table), isnull);
}

char *
slipway_lookup_text(const SlipwayLookup *lookup, const char *column)
{
	bool		isnull;
	Datum		value = slipway_lookup_datum(lookup, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

int64
slipway_lookup_int8(const SlipwayLookup *lookup, const char *column)
{
	bool		isnull;
	Datum		value = slipway_lookup_datum(lookup, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

int
slipway_lookup_int4(const SlipwayLookup *lookup, const char *column)
{
	bool		isnull;
	Datum		value = slipway_lookup_datum(lookup, column, &isnull);

	return isnull ? 0 : DatumGetInt32(value);
}

bool
slipway_lookup_hash(const SlipwayLookup *lookup, const char *column, uint8 *hash)
{
	bool		isnull;
	Datum		value = slipway_lookup_datum(lookup, column, &isnull);

	if (!isnull)
		slipway_hash_from_datum(value, hash);
	return !isnull;
}

int64
slipway_lookup_last(const char *table, const char *project, const char *column)
{
	SlipwayLookup lookup;
	int64		value;

	slipway_lookup_open(&lookup, table);
	slipway_lookup_key_text(&lookup, "project", project);
	value = slipway_lookup_previous(&lookup) ? slipway_lookup_int8(&lookup, column) : 0;
	slipway_lookup_close(&lookup);
	return value;
}

char
slipway_lookup_compression(const SlipwayLookup *lookup, const char *column)
{
	return TupleDescAttr(RelationGetDescr(lookup->table), find_column(lookup, column) - 1)->attcompression;
}
