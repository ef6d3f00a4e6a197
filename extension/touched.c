/*
 * touched.c
 *	  Relations that a rehearsal has to do with, as they were before it.
 *
 * A statement may have dropped, renamed or rewritten a relation by the time its locks
 * are looked at. So the catalogs are read with a snapshot from before the first
 * statement; what that does not show the rehearsal has made itself. Sizes come from
 * the files, which stay until the transaction ends; executed queries that
 * make them grow announce their tables beforehand (see observe.c).
 */
#include "postgres.h"

#include <sys/stat.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "touched.h"

/* A scan that has read this part of the rows it knows of has read the table. */
#define WHOLE 0.3

static struct
{
	HTAB	   *relations;		/* of SlipwayTouched */
	MemoryContext context;
	MemoryContext scratch;
	Snapshot	before;			/* NULL: not looked yet */
}			known;

void
slipway_touched_begin(MemoryContext context)
{
	HASHCTL		control = {
		.keysize = sizeof(Oid), .entrysize = sizeof(SlipwayTouched), .hcxt = context,
	};

	known.context = context;
	known.scratch = AllocSetContextCreate(context, "slipway counters", ALLOCSET_SMALL_SIZES);
	known.relations = hash_create("slipway touched", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	known.before = NULL;
}

void
slipway_touched_end(void)
{
	/* The snapshot goes with the transaction. */
	memset(&known, 0, sizeof(known));
}

void
slipway_touched_stop(void)
{
	known.before = NULL;
}

static bool
was_written(const SlipwayTouched *touched)
{
	while (touched && !touched->written)
		touched = touched->parent;
	return touched != NULL;
}

/* Has the rehearsal overwritten its number of rows, as far as that can be told? */
static bool
was_counted(const SlipwayTouched *touched)
{
	const SlipwayTouched *table = touched->table == touched->oid ? touched :
		hash_search(known.relations, &touched->table, HASH_FIND, NULL);
	HeapTuple	tuple;
	bool		differs;

	if (!touched->counts || !was_written(table))
		return false;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(touched->oid));
	if (!HeapTupleIsValid(tuple))
		return false;
	differs = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode == touched->before_node &&
		((Form_pg_class) GETSTRUCT(tuple))->reltuples != touched->before_rows;
	ReleaseSysCache(tuple);
	return differs;
}

/* Pages stay as they were counted: what was written and rolled back is in the file. */
static void
put_back(const SlipwayTouched *touched)
{
	Relation	relation;

	if (!ConditionalLockRelationOid(touched->oid, ShareUpdateExclusiveLock))
		return;
	relation = try_relation_open(touched->oid, NoLock);
	if (relation == NULL)
		return;
	slipway_set_row_count(relation, touched->before_rows);
	relation_close(relation, NoLock);
}

void
slipway_touched_put_back(void)
{
	HASH_SEQ_STATUS status;
	SlipwayTouched *touched;

	if (known.relations == NULL)
		return;
	/* A cancel of the rehearsal is not to be one of this. */
	HOLD_INTERRUPTS();
	hash_seq_init(&status, known.relations);
	while ((touched = hash_seq_search(&status)) != NULL)
		if (was_counted(touched))
			put_back(touched);
	RESUME_INTERRUPTS();
}

void
slipway_touched_look(void)
{
	if (known.relations == NULL || known.before)
		return;
	/* That of the transaction must come first. */
	(void) GetTransactionSnapshot();
	known.before = RegisterSnapshotOnOwner(GetCatalogSnapshot(RelationRelationId), TopTransactionResourceOwner);
}

/* Reads a row by OID, as it was. The caller ends the scan and closes the catalog. */
static HeapTuple
read_row(Relation catalog, Oid index, AttrNumber column, Oid oid, SysScanDesc *scan)
{
	ScanKeyData key;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	*scan = systable_beginscan(catalog, index, true, known.before, 1, &key);
	return systable_getnext(*scan);
}

static char *
schema_name(Oid schema)
{
	Relation	catalog = table_open(NamespaceRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple = read_row(catalog, NamespaceOidIndexId, Anum_pg_namespace_oid, schema, &scan);
	char	   *name = NULL;

	if (HeapTupleIsValid(tuple))
		name = pstrdup(NameStr(((Form_pg_namespace) GETSTRUCT(tuple))->nspname));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return name;
}

static Oid
table_of_index(Oid index)
{
	Relation	catalog = table_open(IndexRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple = read_row(catalog, IndexRelidIndexId, Anum_pg_index_indexrelid, index, &scan);
	Oid			table = InvalidOid;

	if (HeapTupleIsValid(tuple))
		table = ((Form_pg_index) GETSTRUCT(tuple))->indrelid;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return table;
}

/* Of the main fork, over its segments. */
static int64
file_size(Oid tablespace, Oid node)
{
	char	   *path = slipway_relation_path(OidIsValid(tablespace) ? tablespace : MyDatabaseTableSpace, node);
	int64		size = 0;
	struct stat status;

	for (int segment = 0;; segment++)
	{
		if (stat(segment == 0 ? path : psprintf("%s.%d", path, segment), &status) < 0)
			break;
		size += status.st_size;
	}
	return size;
}

static bool
read_class(Oid relation, FormData_pg_class *class)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple = read_row(catalog, ClassOidIndexId, Anum_pg_class_oid, relation, &scan);
	bool		found = HeapTupleIsValid(tuple);

	if (found)
		memcpy(class, GETSTRUCT(tuple), CLASS_TUPLE_SIZE);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* The path of a file as the server runs in its data directory. */
static int64
class_size(const FormData_pg_class *class)
{
	int64		size = 0;
	FormData_pg_class toast;

	if (OidIsValid(class->relfilenode))
		size = file_size(class->reltablespace, class->relfilenode);
	if (OidIsValid(class->reltoastrelid) && read_class(class->reltoastrelid, &toast))
		size += file_size(toast.reltablespace, toast.relfilenode);
	return size;
}

/* Adds up the partitions, which are remembered, too. */
static void
add_partitions(SlipwayTouched *touched)
{
	Relation	catalog = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	double		rows = 0;

	ScanKeyInit(&key, Anum_pg_inherits_inhparent, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(touched->oid));
	scan = systable_beginscan(catalog, InheritsParentIndexId, true, known.before, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SlipwayTouched *partition = slipway_touched(((Form_pg_inherits) GETSTRUCT(tuple))->inhrelid);

		if (partition == NULL)
			continue;
		partition->parent = touched;
		touched->size_bytes += partition->size_bytes;
		rows += Max(partition->rows, 0);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	/* Nobody but an ANALYZE of somebody's own counts those of the whole. */
	if (touched->rows <= 0)
		touched->rows = rows;
}

static void
fill_in(SlipwayTouched *touched)
{
	MemoryContext caller;
	FormData_pg_class class;
	char	   *schema;

	if (touched->oid < FirstNormalObjectId || !read_class(touched->oid, &class) ||
		class.relnamespace == PG_TOAST_NAMESPACE || class.relpersistence == RELPERSISTENCE_TEMP)
		return;
	schema = schema_name(class.relnamespace);
	if (schema == NULL || strcmp(schema, "slipway") == 0)
		return;
	caller = MemoryContextSwitchTo(known.context);
	touched->name = pstrdup(quote_qualified_identifier(schema, NameStr(class.relname)));
	MemoryContextSwitchTo(caller);
	touched->kind = class.relkind;
	touched->table = class.relkind == RELKIND_INDEX || class.relkind == RELKIND_PARTITIONED_INDEX ?
		table_of_index(touched->oid) : touched->oid;
	touched->size_bytes = class_size(&class);
	touched->rows = touched->before_rows = class.reltuples;
	touched->node = touched->before_node = class.relfilenode;
	touched->counts = true;
	if (class.relkind == RELKIND_PARTITIONED_TABLE)
		add_partitions(touched);
}

SlipwayTouched *
slipway_touched(Oid relation)
{
	SlipwayTouched *touched;
	bool		found;

	if (known.before == NULL)
		return NULL;
	touched = hash_search(known.relations, &relation, HASH_ENTER, &found);
	if (!found)
	{
		MemSet((char *) touched + sizeof(Oid), 0, sizeof(SlipwayTouched) - sizeof(Oid));
		fill_in(touched);
	}
	return touched->counts ? touched : NULL;
}

void
slipway_touched_each(SlipwayTouchedVisitor visit, void *arg)
{
	HASH_SEQ_STATUS status;
	SlipwayTouched *touched;

	if (known.relations == NULL)
		return;
	hash_seq_init(&status, known.relations);
	while ((touched = hash_seq_search(&status)) != NULL)
		if (touched->counts)
			visit(touched, arg);
}

const char *
slipway_touched_kind(const SlipwayTouched *touched)
{
	switch (touched->kind)
	{
		case RELKIND_RELATION:
			return "table";
		case RELKIND_PARTITIONED_TABLE:
			return "partitioned table";
		case RELKIND_INDEX:
			return "index";
		case RELKIND_PARTITIONED_INDEX:
			return "partitioned index";
		case RELKIND_SEQUENCE:
			return "sequence";
		case RELKIND_VIEW:
			return "view";
		case RELKIND_MATVIEW:
			return "materialized view";
		case RELKIND_FOREIGN_TABLE:
			return "foreign table";
		case RELKIND_COMPOSITE_TYPE:
			return "type";
		default:
			return "relation";
	}
}

bool
slipway_touched_is_table(const SlipwayTouched *touched)
{
	return touched->kind == RELKIND_RELATION || touched->kind == RELKIND_PARTITIONED_TABLE ||
		touched->kind == RELKIND_MATVIEW || touched->kind == RELKIND_FOREIGN_TABLE;
}

bool
slipway_touched_dropped(SlipwayTouched *touched)
{
	bool		there = SearchSysCacheExists1(RELOID, ObjectIdGetDatum(touched->oid));
	bool		just_now = !there && !touched->dropped;

	touched->dropped = !there;
	return just_now;
}

/* One that is as good as the old one has its file. */
static bool
is_rebuilt(const SlipwayTouched *old, Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	Form_pg_class class;
	bool		rebuilt;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	rebuilt = strcmp(quote_qualified_identifier(get_namespace_name(class->relnamespace), NameStr(class->relname)), old->name) == 0 &&
		(!OidIsValid(old->node) || class->relfilenode != old->node);
	ReleaseSysCache(tuple);
	return rebuilt;
}

bool
slipway_touched_rebuilt(const SlipwayTouched *touched)
{
	bool		rebuilt = false;
	Relation	table;
	ListCell   *cell;

	if (touched->table == touched->oid)
		return false;
	table = RelationIdGetRelation(touched->table);
	if (table == NULL)
		return false;
	foreach(cell, RelationGetIndexList(table))
		rebuilt |= is_rebuilt(touched, lfirst_oid(cell));
	RelationClose(table);
	return rebuilt;
}

bool
slipway_touched_rewritten(SlipwayTouched *touched)
{
	HeapTuple	tuple;
	Oid			node;

	if (touched->kind == RELKIND_SEQUENCE || !OidIsValid(touched->node))
		return false;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(touched->oid));
	if (!HeapTupleIsValid(tuple))
		return false;
	node = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
	ReleaseSysCache(tuple);
	if (node == touched->node)
		return false;
	touched->node = node;
	return !touched->truncated;
}

/* 16 and later leave a copy of all counters of the relation behind. */
static int64
counter(PGFunction function, Oid relation)
{
	MemoryContext caller = MemoryContextSwitchTo(known.scratch);
	int64		count = DatumGetInt64(DirectFunctionCall1(function, ObjectIdGetDatum(relation)));

	MemoryContextSwitchTo(caller);
	MemoryContextReset(known.scratch);
	return count;
}

bool
slipway_touched_scanned(SlipwayTouched *touched, bool utility)
{
	int64		scans = counter(pg_stat_get_xact_numscans, touched->oid);
	int64		tuples = counter(pg_stat_get_xact_tuples_returned, touched->oid);
	int64		new_scans = scans - touched->scans;
	int64		new_tuples = tuples - touched->tuples;
	bool		whole = new_tuples > 0 && new_tuples >= touched->rows * WHOLE;
	bool		is_index = touched->kind == RELKIND_INDEX;

	touched->scans = scans;
	touched->tuples = tuples;
	if (new_scans <= 0 || touched->truncated)
		return false;
	/* Of an index the number of rows is that of its entries, and one scan may be a look-up. */
	return is_index ? touched->rows > 0 && whole : utility || whole;
}
