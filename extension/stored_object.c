/*
 * stored_object.c
 *	  Writes objects of a snapshot into slipway.schema_object.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "layout.h"
#include "lookup.h"
#include "stored_object.h"

/* Columns, which the owner of the table may have put into another order. */
enum
{
	COLUMN_PROJECT, COLUMN_SNAPSHOT, COLUMN_HASH, COLUMN_KIND, COLUMN_IDENTITY, COLUMN_SCHEMA, COLUMN_PARENT,
	COLUMN_DEFINITION, COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
	"project", "snapshot", "hash", "kind", "identity", "schema", "parent", "definition"
};

struct SlipwayObjectWriter
{
	const char *project;
	int64		snapshot;
	Relation	table;
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
	AttrNumber	columns[COLUMN_COUNT];
};

static void
find_columns(SlipwayObjectWriter *writer)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
	{
		writer->columns[i] = get_attnum(RelationGetRelid(writer->table), names[i]);
		if (writer->columns[i] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"slipway.schema_object\" has no column \"%s\"", names[i])));
	}
}

SlipwayObjectWriter *
slipway_stored_object_open(const char *project, int64 snapshot)
{
	SlipwayObjectWriter *writer = palloc(sizeof(SlipwayObjectWriter));
	Oid			relation = slipway_lookup_table("schema_object");

	writer->project = project;
	writer->snapshot = snapshot;
	writer->table = table_open(relation, RowExclusiveLock);
	slipway_layout_check(writer->table);
	find_columns(writer);
	writer->estate = CreateExecutorState();
	writer->estate->es_snapshot = GetActiveSnapshot();
	writer->estate->es_output_cid = GetCurrentCommandId(true);
	writer->result = makeNode(ResultRelInfo);
	InitResultRelInfo(writer->result, writer->table, 1, NULL, 0);
	writer->result->ri_TrigDesc = NULL;
	ExecOpenIndices(writer->result, false);
	writer->slot = ExecInitExtraTupleSlot(writer->estate, RelationGetDescr(writer->table), &TTSOpsVirtual);
	return writer;
}

static void
set(SlipwayObjectWriter *writer, int column, Datum value)
{
	int			place = writer->columns[column] - 1;

	writer->slot->tts_values[place] = value;
	writer->slot->tts_isnull[place] = false;
}

static void
set_text(SlipwayObjectWriter *writer, int column, const char *text)
{
	if (text)
		set(writer, column, CStringGetTextDatum(text));
}

void
slipway_stored_object_add(SlipwayObjectWriter *writer, const SlipwayObject *object)
{
	MemoryContext caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	TupleTableSlot *slot = writer->slot;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	set_text(writer, COLUMN_PROJECT, writer->project);
	set(writer, COLUMN_SNAPSHOT, Int64GetDatum(writer->snapshot));
	set(writer, COLUMN_HASH, slipway_hash_datum(object->hash));
	set_text(writer, COLUMN_KIND, object->kind);
	set_text(writer, COLUMN_IDENTITY, object->identity);
	set_text(writer, COLUMN_SCHEMA, object->schema);
	set_text(writer, COLUMN_PARENT, object->parent);
	set_text(writer, COLUMN_DEFINITION, object->definition);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(caller);
	ExecSimpleRelationInsert(writer->result, writer->estate, slot);
	ResetPerTupleExprContext(writer->estate);
}

void
slipway_stored_object_close(SlipwayObjectWriter *writer)
{
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseIndices(writer->result);
	table_close(writer->table, NoLock);
	FreeExecutorState(writer->estate);
	pfree(writer);
}
