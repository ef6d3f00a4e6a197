/*
 * snapshot_index.c
 *	  Indexes of a snapshot; those of constraints are shown as part of these.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "commands/defrem.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "snapshot_name.h"
#include "snapshot_relation.h"

/* An operator class on a type: its name, or NULL if it is the default one. */
typedef struct OperatorClass
{
	Oid			oid;
	Oid			type;
	const char *name;
} OperatorClass;

void
slipway_snapshot_indexes_read(SlipwayReader *reader)
{
	HASHCTL		control = {.keysize = offsetof(OperatorClass, name), .entrysize = sizeof(OperatorClass), .hcxt = reader->context};
	MemoryContext old = MemoryContextSwitchTo(reader->context);
	SlipwayRows rows;

	reader->operator_classes = hash_create("slipway operator classes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	slipway_rows_open(&rows, reader, IndexRelationId, IndexRelidIndexId, Anum_pg_index_indexrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_index row = (Form_pg_index) GETSTRUCT(rows.tuple);
		SlipwayRelation *index = slipway_relation_find(reader, row->indexrelid);
		SlipwayRelation *table = slipway_relation_find(reader, row->indrelid);

		/* Those of toast tables are not among the relations. */
		if (index == NULL || table == NULL)
			continue;
		index->index = heap_copytuple(rows.tuple);
		index->shown = table->shown && index->shown;
		if (row->indisclustered)
			table->clustered_on = index->columns.name;
		if (row->indisreplident)
			table->replica_identity = index->columns.name;
	}
	slipway_rows_close(&rows);
	MemoryContextSwitchTo(old);
}

static Datum
index_datum(const SlipwayRelation *index, AttrNumber column, bool *isnull)
{
	return SysCacheGetAttr(INDEXRELID, index->index, column, isnull);
}

static const char *
operator_class_name(SlipwayReader *reader, Oid oid, Oid type)
{
	OperatorClass key = {.oid = oid, .type = type};
	bool		found;
	OperatorClass *entry = hash_search(reader->operator_classes, &key, HASH_ENTER, &found);

	if (!found)
	{
		HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(oid));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for opclass %u", oid);
		entry->name = NULL;
		if (GetDefaultOpClass(type, ((Form_pg_opclass) GETSTRUCT(tuple))->opcmethod) != oid)
			entry->name = MemoryContextStrdup(reader->context, generate_opclass_name(oid));
		ReleaseSysCache(tuple);
	}
	return entry->name;
}

/* In parentheses unless it is a call. */
static char *
show_expression(Node *tree, const SlipwayRelation *table)
{
	char	   *text = slipway_expression_show(tree, &table->columns);
	bool		call = IsA(tree, FuncExpr) && ((FuncExpr *) tree)->funcformat == COERCE_EXPLICIT_CALL;

	return call ? text : psprintf("(%s)", text);
}

void
slipway_snapshot_key(SlipwayKey *key, const SlipwayRelation *table, AttrNumber column,
					 const List *expressions, ListCell **next)
{
	if (column != 0)
	{
		key->text = slipway_relation_column(table, column);
		key->type = table->columns.types[column - 1];
		key->collation = table->columns.collations[column - 1];
	}
	else
	{
		Node	   *tree;

		if (*next == NULL)
			elog(ERROR, "too few expressions in a key of relation %u", table->oid);
		tree = lfirst(*next);
		*next = lnext(expressions, *next);
		key->text = show_expression(tree, table);
		key->type = exprType(tree);
		key->collation = exprCollation(tree);
	}
}

void
slipway_snapshot_key_rest(SlipwayReader *reader, StringInfo text, const SlipwayKey *key,
						  Oid collation, Oid operator_class, const char *options)
{
	const char *class_name = operator_class_name(reader, operator_class, key->type);

	if (OidIsValid(collation) && collation != key->collation)
		appendStringInfo(text, " COLLATE %s", generate_collation_name(collation));
	if (options)
		appendStringInfo(text, " %s (%s)", class_name ? class_name : generate_opclass_name(operator_class), options);
	else if (class_name)
		appendStringInfo(text, " %s", class_name);
}

typedef struct IndexColumns
{
	const SlipwayRelation *index;
	const SlipwayRelation *table;
	Form_pg_index form;
	oidvector  *collations;
	oidvector  *classes;
	int2vector *options;
	List	   *expressions;
	Oid		   *operators;		/* of an exclusion constraint */
} IndexColumns;

static void
append_order(StringInfo text, int16 options)
{
	bool		descending = (options & INDOPTION_DESC) != 0;
	bool		nulls_first = (options & INDOPTION_NULLS_FIRST) != 0;

	if (descending)
		appendStringInfoString(text, " DESC");
	if (descending != nulls_first)
		appendStringInfoString(text, nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

/* An operator's name, qualified unless it is the server's. */
static char *
operator_name(Oid oid)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(oid));
	Form_pg_operator form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", oid);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	if (form->oprnamespace == PG_CATALOG_NAMESPACE)
		name = pstrdup(NameStr(form->oprname));
	else
		name = psprintf("OPERATOR(%s.%s)", slipway_name_schema(form->oprnamespace), NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return name;
}

/* What only key columns have: collation, operator class with options, order, operator. */
static void
append_key(SlipwayReader *reader, StringInfo text, const IndexColumns *columns, int i, const SlipwayKey *key)
{
	slipway_snapshot_key_rest(reader, text, key, columns->collations->values[i], columns->classes->values[i],
							  columns->index->column_options ? columns->index->column_options[i] : NULL);
	append_order(text, columns->options->values[i]);
	if (columns->operators)
		appendStringInfo(text, " WITH %s", operator_name(columns->operators[i]));
}

/* Columns from first on, up to end. */
static char *
list_columns(SlipwayReader *reader, IndexColumns *columns, int first, int end)
{
	StringInfoData text;
	ListCell   *next = list_head(columns->expressions);

	initStringInfo(&text);
	for (int i = first; i < end; i++)
	{
		SlipwayKey	key;

		slipway_snapshot_key(&key, columns->table, columns->form->indkey.values[i], columns->expressions, &next);
		appendStringInfo(&text, "%s%s", i > first ? ", " : "", key.text);
		if (i < columns->form->indnkeyatts)
			append_key(reader, &text, columns, i, &key);
	}
	return text.data;
}

static void
put_columns(SlipwayReader *reader, const SlipwayRelation *index, Oid *operators)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(index->index);
	IndexColumns columns = {.index = index, .table = slipway_relation_find(reader, form->indrelid), .form = form, .operators = operators};
	bool		isnull;
	Datum		value;

	columns.collations = (oidvector *) DatumGetPointer(index_datum(index, Anum_pg_index_indcollation, &isnull));
	columns.classes = (oidvector *) DatumGetPointer(index_datum(index, Anum_pg_index_indclass, &isnull));
	columns.options = (int2vector *) DatumGetPointer(index_datum(index, Anum_pg_index_indoption, &isnull));
	value = index_datum(index, Anum_pg_index_indexprs, &isnull);
	if (!isnull)
		columns.expressions = (List *) slipway_expression_read(TextDatumGetCString(value));
	slipway_reader_line(reader, "key", list_columns(reader, &columns, 0, form->indnkeyatts));
	if (form->indnatts > form->indnkeyatts)
		slipway_reader_line(reader, "include", list_columns(reader, &columns, form->indnkeyatts, form->indnatts));
	value = index_datum(index, Anum_pg_index_indpred, &isnull);
	if (!isnull)
		slipway_reader_line(reader, "where", slipway_expression_show(slipway_expression_read(TextDatumGetCString(value)),
																	 &columns.table->columns));
}

void
slipway_snapshot_index_lines(SlipwayReader *reader, SlipwayRelation *index, Oid *operators)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(index->index);
	Datum		options;
	bool		isnull;
	ListCell   *cell;

	if (index->form->relam != BTREE_AM_OID)
		slipway_reader_line(reader, "method", slipway_name_access_method(index->form->relam));
	put_columns(reader, index, operators);
	slipway_reader_flag(reader, "nulls not distinct", form->indnullsnotdistinct);
	if (index->parents)
		slipway_reader_line(reader, "partition of", slipway_relation_identity(reader, linitial_oid(index->parents)));
	if (OidIsValid(index->form->reltablespace))
		slipway_reader_line(reader, "tablespace", slipway_name_tablespace(index->form->reltablespace));
	foreach(cell, index->statistics)
		slipway_reader_line(reader, "statistics", lfirst(cell));
	options = SysCacheGetAttr(RELOID, index->tuple, Anum_pg_class_reloptions, &isnull);
	slipway_reader_options(reader, "option", options, isnull);
	/* That of a partitioned table follows from those of its partitions, and is lost in a dump if one is a foreign table. */
	slipway_reader_flag(reader, "invalid", !form->indisvalid && index->form->relkind != RELKIND_PARTITIONED_INDEX);
}

static void
put_index(SlipwayReader *reader, SlipwayRelation *index)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(index->index);
	SlipwayRelation *table = slipway_relation_find(reader, form->indrelid);

	slipway_reader_begin(reader);
	slipway_reader_line(reader, "on", table->identity);
	slipway_reader_flag(reader, "unique", form->indisunique);
	slipway_snapshot_index_lines(reader, index, NULL);
	slipway_reader_notes(reader, RelationRelationId, index->oid, 0);
	reader->parent = table->identity;
	slipway_reader_add(reader, "index", index->identity, index->schema->name);
}

void
slipway_snapshot_indexes(SlipwayReader *reader)
{
	HASH_SEQ_STATUS all;
	SlipwayRelation *relation;

	hash_seq_init(&all, reader->relations);
	while ((relation = hash_seq_search(&all)) != NULL)
		if (relation->index && relation->shown && !relation->of_constraint)
			put_index(reader, relation);
}
