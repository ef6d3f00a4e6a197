/*
 * snapshot_rows.c
 *	  Rows of a catalog, as a snapshot reads them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "snapshot_expression.h"
#include "snapshot_reader.h"

/* A scan keeps memory, also such that it allocates on its way. */
static void
open_rows(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, ScanKey keys, int nkeys)
{
	MemoryContext old = MemoryContextSwitchTo(reader->context);

	rows->reader = reader;
	rows->catalog = table_open(catalog, AccessShareLock);
	rows->descriptor = RelationGetDescr(rows->catalog);
	rows->scan = systable_beginscan(rows->catalog, index, OidIsValid(index), reader->snapshot, nkeys, keys);
	rows->tuple = NULL;
	MemoryContextSwitchTo(old);
}

void
slipway_rows_open(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key)
{
	ScanKeyData keys[1];

	ScanKeyInit(&keys[0], key, BTGreaterEqualStrategyNumber, F_OIDGE, ObjectIdGetDatum(FirstNormalObjectId));
	open_rows(rows, reader, catalog, index, keys, 1);
}

void
slipway_rows_open_of(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key, Oid oid)
{
	ScanKeyData keys[1];

	ScanKeyInit(&keys[0], key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	open_rows(rows, reader, catalog, index, keys, 1);
}

void
slipway_rows_open_of_object(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key,
							Oid class_id, Oid oid)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(class_id));
	ScanKeyInit(&keys[1], key + 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	open_rows(rows, reader, catalog, index, keys, 2);
}

void
slipway_rows_open_all(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index)
{
	open_rows(rows, reader, catalog, index, NULL, 0);
}

bool
slipway_rows_next(SlipwayRows *rows)
{
	MemoryContext old = MemoryContextSwitchTo(rows->reader->context);

	CHECK_FOR_INTERRUPTS();
	rows->tuple = systable_getnext(rows->scan);
	MemoryContextSwitchTo(old);
	return HeapTupleIsValid(rows->tuple);
}

void
slipway_rows_close(SlipwayRows *rows)
{
	systable_endscan(rows->scan);
	table_close(rows->catalog, AccessShareLock);
}

Datum
slipway_rows_datum(const SlipwayRows *rows, AttrNumber column, bool *isnull)
{
	return heap_getattr(rows->tuple, column, rows->descriptor, isnull);
}

char *
slipway_rows_text(const SlipwayRows *rows, AttrNumber column)
{
	bool		isnull;
	Datum		value = slipway_rows_datum(rows, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

Node *
slipway_rows_tree(const SlipwayRows *rows, AttrNumber column)
{
	char	   *tree = slipway_rows_text(rows, column);

	return tree ? slipway_expression_read(tree) : NULL;
}
