/*
 * row_writer.c
 *	  Writes rows into a tracking table without a query.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "layout.h"
#include "lookup.h"
#include "row_writer.h"

struct SlipwayRowWriter
{
	Relation	table;
	EState	   *estate;
	ResultRelInfo *result;
	TupleTableSlot *slot;
	AttrNumber *columns;
	MemoryContext caller;		/* while a row is made */
};

static void
find_columns(SlipwayRowWriter *writer, const char *table, const char *const *columns, int n)
{
	writer->columns = palloc(n * sizeof(AttrNumber));
	for (int i = 0; i < n; i++)
	{
		writer->columns[i] = get_attnum(RelationGetRelid(writer->table), columns[i]);
		if (writer->columns[i] == InvalidAttrNumber)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"slipway.%s\" has no column \"%s\"", table, columns[i])));
	}
}

SlipwayRowWriter *
slipway_row_writer_open(const char *table, const char *const *columns, int n)
{
	SlipwayRowWriter *writer = palloc0(sizeof(SlipwayRowWriter));

	writer->table = table_open(slipway_lookup_table(table), RowExclusiveLock);
	slipway_layout_check(writer->table);
	find_columns(writer, table, columns, n);
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

void
slipway_row_writer_begin(SlipwayRowWriter *writer)
{
	writer->caller = MemoryContextSwitchTo(GetPerTupleMemoryContext(writer->estate));
	ExecClearTuple(writer->slot);
	memset(writer->slot->tts_isnull, true, writer->slot->tts_tupleDescriptor->natts * sizeof(bool));
}

void
slipway_row_writer_set(SlipwayRowWriter *writer, int column, Datum value)
{
	int			place = writer->columns[column] - 1;

	writer->slot->tts_values[place] = value;
	writer->slot->tts_isnull[place] = false;
}

void
slipway_row_writer_set_text(SlipwayRowWriter *writer, int column, const char *text)
{
	if (text)
		slipway_row_writer_set(writer, column, CStringGetTextDatum(text));
}

void
slipway_row_writer_end(SlipwayRowWriter *writer)
{
	ExecStoreVirtualTuple(writer->slot);
	MemoryContextSwitchTo(writer->caller);
	ExecSimpleRelationInsert(writer->result, writer->estate, writer->slot);
	ResetPerTupleExprContext(writer->estate);
}

void
slipway_row_writer_close(SlipwayRowWriter *writer)
{
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	ExecCloseIndices(writer->result);
	table_close(writer->table, NoLock);
	FreeExecutorState(writer->estate);
	pfree(writer->columns);
	pfree(writer);
}
