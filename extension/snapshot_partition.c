/*
 * snapshot_partition.c
 *	  What makes a table one of partitions, a partition, or the child of another.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_partitioned_table.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "snapshot_relation.h"

static char *
list_parents(SlipwayReader *reader, const SlipwayRelation *relation)
{
	StringInfoData list;
	ListCell   *cell;

	if (relation->parents == NIL)
		return NULL;
	initStringInfo(&list);
	foreach(cell, relation->parents)
		appendStringInfo(&list, "%s%s", list.len ? ", " : "", slipway_relation_identity(reader, lfirst_oid(cell)));
	return list.data;
}

static const char *
show_strategy(char strategy)
{
	switch (strategy)
	{
		case PARTITION_STRATEGY_HASH:
			return "HASH";
		case PARTITION_STRATEGY_LIST:
			return "LIST";
		default:
			return "RANGE";
	}
}

static Datum
key_datum(HeapTuple tuple, AttrNumber column)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PARTRELID, tuple, column, &isnull);

	if (isnull)
		elog(ERROR, "partition key without column %d", column);
	return value;
}

/* Columns and expressions, as in CREATE TABLE. */
static char *
list_key(SlipwayReader *reader, const SlipwayRelation *relation, HeapTuple tuple, List *expressions)
{
	Form_pg_partitioned_table form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	oidvector  *classes = (oidvector *) DatumGetPointer(key_datum(tuple, Anum_pg_partitioned_table_partclass));
	oidvector  *collations = (oidvector *) DatumGetPointer(key_datum(tuple, Anum_pg_partitioned_table_partcollation));
	ListCell   *next = list_head(expressions);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < form->partnatts; i++)
	{
		SlipwayKey	key;

		slipway_snapshot_key(&key, relation, form->partattrs.values[i], expressions, &next);
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", key.text);
		slipway_snapshot_key_rest(reader, &list, &key, collations->values[i], classes->values[i], NULL);
	}
	return list.data;
}

static char *
show_key(SlipwayReader *reader, const SlipwayRelation *relation)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relation->oid));
	List	   *expressions = NIL;
	bool		isnull;
	Datum		value;
	char	   *shown;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for partition key of %u", relation->oid);
	value = SysCacheGetAttr(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs, &isnull);
	if (!isnull)
		expressions = (List *) slipway_expression_read(TextDatumGetCString(value));
	shown = psprintf("%s (%s)", show_strategy(((Form_pg_partitioned_table) GETSTRUCT(tuple))->partstrat),
					 list_key(reader, relation, tuple, expressions));
	ReleaseSysCache(tuple);
	return shown;
}

void
slipway_snapshot_partition_lines(SlipwayReader *reader, const SlipwayRelation *relation)
{
	bool		isnull;
	Datum		bound = SysCacheGetAttr(RELOID, relation->tuple, Anum_pg_class_relpartbound, &isnull);

	slipway_reader_line(reader, relation->form->relispartition ? "partition of" : "inherits",
						list_parents(reader, relation));
	if (!isnull)
		slipway_reader_line(reader, "bound", slipway_expression_show(slipway_expression_read(TextDatumGetCString(bound)), NULL));
	if (relation->form->relkind == RELKIND_PARTITIONED_TABLE)
		slipway_reader_line(reader, "partition by", show_key(reader, relation));
}
