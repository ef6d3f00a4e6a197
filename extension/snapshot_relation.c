/*
 * snapshot_relation.c
 *	  Relations of a snapshot: tables of all kinds and views.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "nodes/makefuncs.h"
#include "rewrite/rewriteDefine.h"
#include "rewrite/rewriteSupport.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "snapshot_name.h"
#include "snapshot_relation.h"

SlipwayRelation *
slipway_relation_find(SlipwayReader *reader, Oid oid)
{
	return hash_search(reader->relations, &oid, HASH_FIND, NULL);
}

const char *
slipway_relation_identity(SlipwayReader *reader, Oid oid)
{
	SlipwayRelation *relation = slipway_relation_find(reader, oid);

	return relation ? relation->identity : slipway_reader_identity(RelationRelationId, oid);
}

const char *
slipway_relation_column(const SlipwayRelation *relation, AttrNumber column)
{
	if (column <= 0 || column > relation->columns.n)
		elog(ERROR, "cache lookup failed for column %d of relation %u", column, relation->oid);
	return quote_identifier(relation->columns.columns[column - 1]);
}

/* Toast tables only have options to show, which most have not. */
static bool
is_wanted(const SlipwayRows *rows, Form_pg_class form)
{
	bool		isnull;

	if (form->relkind != RELKIND_TOASTVALUE)
		return form->relpersistence != RELPERSISTENCE_TEMP && !IsToastNamespace(form->relnamespace);
	(void) slipway_rows_datum(rows, Anum_pg_class_reloptions, &isnull);
	return !isnull;
}

static void
add_relation(SlipwayReader *reader, const SlipwayRows *rows)
{
	Form_pg_class form = (Form_pg_class) GETSTRUCT(rows->tuple);
	SlipwayRelation *relation;

	if (!is_wanted(rows, form))
		return;
	relation = hash_search(reader->relations, &form->oid, HASH_ENTER, NULL);
	memset(relation, 0, sizeof(SlipwayRelation));
	relation->oid = form->oid;
	relation->schema = slipway_reader_schema(reader, form->relnamespace);
	relation->shown = relation->schema->shown && !slipway_reader_is_member(reader, RelationRelationId, form->oid);
	relation->tuple = heap_copytuple(rows->tuple);
	relation->form = (Form_pg_class) GETSTRUCT(relation->tuple);
	relation->identity = slipway_reader_qualify(relation->schema, NameStr(form->relname));
	relation->columns.relation = form->oid;
	relation->columns.name = NameStr(relation->form->relname);
	relation->columns.columns = palloc0(form->relnatts * sizeof(char *));
	relation->columns.types = palloc0(form->relnatts * sizeof(Oid));
	relation->columns.collations = palloc0(form->relnatts * sizeof(Oid));
	relation->inherited = palloc0(form->relnatts * sizeof(bool));
	relation->columns.n = form->relnatts;
}

static void
read_classes(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, RelationRelationId, ClassOidIndexId, Anum_pg_class_oid);
	while (slipway_rows_next(&rows))
		add_relation(reader, &rows);
	slipway_rows_close(&rows);
}

static void
read_parents(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, InheritsRelationId, InheritsRelidSeqnoIndexId, Anum_pg_inherits_inhrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_inherits row = (Form_pg_inherits) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation = slipway_relation_find(reader, row->inhrelid);

		if (relation)
			relation->parents = lappend_oid(relation->parents, row->inhparent);
	}
	slipway_rows_close(&rows);
}

/* What only columns of indexes have. */
static void
read_index_column(SlipwayRelation *relation, const SlipwayRows *rows, Form_pg_attribute column)
{
	bool		isnull;
	Datum		options = slipway_rows_datum(rows, Anum_pg_attribute_attoptions, &isnull);
	int			target = slipway_statistics_target(rows->tuple, rows->descriptor);

	if (target >= 0)
		relation->statistics = lappend(relation->statistics, psprintf("column %d: %d", column->attnum, target));
	if (isnull)
		return;
	if (relation->column_options == NULL)
		relation->column_options = palloc0(relation->columns.n * sizeof(char *));
	relation->column_options[column->attnum - 1] =
		TextDatumGetCString(OidFunctionCall2(F_ARRAY_TO_STRING_ANYARRAY_TEXT, options, CStringGetTextDatum(", ")));
}

static void
read_columns(SlipwayReader *reader)
{
	SlipwayRelation *relation = NULL;
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(rows.tuple);

		if (column->attnum <= 0)
			continue;
		if (relation == NULL || relation->oid != column->attrelid)
			relation = slipway_relation_find(reader, column->attrelid);
		if (relation == NULL || column->attnum > relation->columns.n)
			continue;
		relation->columns.columns[column->attnum - 1] = column->attisdropped ? "" : pstrdup(NameStr(column->attname));
		relation->columns.types[column->attnum - 1] = column->atttypid;
		relation->columns.collations[column->attnum - 1] = column->attcollation;
		relation->inherited[column->attnum - 1] = column->attinhcount > 0;
		if (relation->form->relkind == RELKIND_INDEX || relation->form->relkind == RELKIND_PARTITIONED_INDEX)
			read_index_column(relation, &rows, column);
	}
	slipway_rows_close(&rows);
}

void
slipway_relation_read(SlipwayReader *reader)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(SlipwayRelation), .hcxt = reader->context};
	MemoryContext old = MemoryContextSwitchTo(reader->context);

	reader->relations = hash_create("slipway relations", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	read_classes(reader);
	read_parents(reader);
	read_columns(reader);
	MemoryContextSwitchTo(old);
}

char *
slipway_relation_columns(const SlipwayRelation *relation)
{
	StringInfoData list;
	bool		child = relation->parents != NIL && !relation->form->relispartition;

	initStringInfo(&list);
	for (int i = 0; i < relation->columns.n; i++)
		if (relation->columns.columns[i] && relation->columns.columns[i][0] && !(child && relation->inherited[i]))
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", quote_identifier(relation->columns.columns[i]));
	return list.data;
}

static Datum
class_datum(const SlipwayRelation *relation, AttrNumber column, bool *isnull)
{
	return SysCacheGetAttr(RELOID, relation->tuple, column, isnull);
}

static const char *
show_replica_identity(const SlipwayRelation *relation)
{
	switch (relation->form->relreplident)
	{
		case REPLICA_IDENTITY_NOTHING:
			return "nothing";
		case REPLICA_IDENTITY_FULL:
			return "full";
		case REPLICA_IDENTITY_INDEX:
			return relation->replica_identity ? psprintf("index %s", quote_identifier(relation->replica_identity)) : NULL;
		default:
			return NULL;
	}
}

static void
put_toast_options(SlipwayReader *reader, const SlipwayRelation *relation)
{
	SlipwayRelation *toast = slipway_relation_find(reader, relation->form->reltoastrelid);
	bool		isnull;
	Datum		options;

	if (toast == NULL)
		return;
	options = class_datum(toast, Anum_pg_class_reloptions, &isnull);
	slipway_reader_options(reader, "toast option", options, isnull);
}

static void
put_table_lines(SlipwayReader *reader, const SlipwayRelation *relation)
{
	Form_pg_class form = relation->form;

	if (OidIsValid(form->reloftype))
		slipway_reader_line(reader, "of type", slipway_reader_type(reader, form->reloftype, -1)->name);
	slipway_snapshot_partition_lines(reader, relation);
	slipway_reader_flag(reader, "unlogged", form->relpersistence == RELPERSISTENCE_UNLOGGED);
	if (OidIsValid(form->relam) && form->relam != HEAP_TABLE_AM_OID)
		slipway_reader_line(reader, "access method", slipway_name_access_method(form->relam));
	if (OidIsValid(form->reltablespace))
		slipway_reader_line(reader, "tablespace", slipway_name_tablespace(form->reltablespace));
	if (form->relkind != RELKIND_FOREIGN_TABLE)
		slipway_reader_line(reader, "replica identity", show_replica_identity(relation));
	if (relation->clustered_on)
		slipway_reader_line(reader, "clustered on", quote_identifier(relation->clustered_on));
	slipway_reader_flag(reader, "row security", form->relrowsecurity);
	slipway_reader_flag(reader, "row security forced", form->relforcerowsecurity);
	put_toast_options(reader, relation);
}

static void
put_foreign_lines(SlipwayReader *reader, const SlipwayRelation *relation)
{
	HeapTuple	tuple = SearchSysCache1(FOREIGNTABLEREL, ObjectIdGetDatum(relation->oid));
	ForeignServer *server;
	Datum		options;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for foreign table %u", relation->oid);
	server = GetForeignServer(((Form_pg_foreign_table) GETSTRUCT(tuple))->ftserver);
	slipway_reader_line(reader, "server", quote_identifier(server->servername));
	options = SysCacheGetAttr(FOREIGNTABLEREL, tuple, Anum_pg_foreign_table_ftoptions, &isnull);
	slipway_reader_secrets(reader, "foreign option", options, isnull);
	ReleaseSysCache(tuple);
}

/* The query of a view; NULL for one that has none yet, as in the middle of restoring a dump. */
static char *
show_query(SlipwayReader *reader, const SlipwayRelation *relation)
{
	char	   *query = NULL;
	SlipwayRows rows;

	slipway_rows_open_of(&rows, reader, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class, relation->oid);
	while (slipway_rows_next(&rows))
	{
		if (strcmp(NameStr(((Form_pg_rewrite) GETSTRUCT(rows.tuple))->rulename), ViewSelectRuleName) != 0)
			continue;
		query = slipway_expression_show_query(linitial_node(Query, (List *) slipway_rows_tree(&rows, Anum_pg_rewrite_ev_action)),
											 relation->columns.columns, relation->columns.n);
	}
	slipway_rows_close(&rows);
	return query;
}

static const char *
kind_of(char relkind)
{
	switch (relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
			return "table";
		case RELKIND_VIEW:
			return "view";
		case RELKIND_MATVIEW:
			return "materialized view";
		case RELKIND_FOREIGN_TABLE:
			return "foreign table";
		default:
			return NULL;
	}
}

static void
put_relation(SlipwayReader *reader, const SlipwayRelation *relation)
{
	const char *kind = kind_of(relation->form->relkind);
	Datum		value;
	bool		isnull;

	if (kind == NULL || !relation->shown)
		return;
	slipway_reader_begin(reader);
	slipway_reader_owner(reader, relation->form->relowner);
	if (relation->form->relkind != RELKIND_VIEW && relation->form->relkind != RELKIND_MATVIEW)
		slipway_reader_line(reader, "columns", slipway_relation_columns(relation));
	if (relation->form->relkind != RELKIND_VIEW)
		put_table_lines(reader, relation);
	if (relation->form->relkind == RELKIND_FOREIGN_TABLE)
		put_foreign_lines(reader, relation);
	value = class_datum(relation, Anum_pg_class_reloptions, &isnull);
	slipway_reader_options(reader, "option", value, isnull);
	value = class_datum(relation, Anum_pg_class_relacl, &isnull);
	slipway_reader_grants(reader, value, isnull, OBJECT_TABLE, relation->form->relowner);
	slipway_reader_notes(reader, RelationRelationId, relation->oid, 0);
	if (relation->form->relkind == RELKIND_VIEW || relation->form->relkind == RELKIND_MATVIEW)
		slipway_reader_block(reader, "query", show_query(reader, relation));
	slipway_reader_add(reader, kind, relation->identity, relation->schema->name);
}

void
slipway_snapshot_relations(SlipwayReader *reader)
{
	HASH_SEQ_STATUS all;
	SlipwayRelation *relation;

	hash_seq_init(&all, reader->relations);
	while ((relation = hash_seq_search(&all)) != NULL)
		put_relation(reader, relation);
}
