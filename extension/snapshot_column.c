/*
 * snapshot_column.c
 *	  Columns of a snapshot, and attributes of composite types.
 *
 * What a view's columns are follows from its query; they are objects only where they have something
 * of their own, as a comment. That a table's column comes from a parent is a property, so that a
 * column which was detached from it shows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "snapshot_relation.h"

/* Defaults come in the order of the columns: the next one. */
typedef struct Defaults
{
	SlipwayRows rows;
	bool		more;
} Defaults;

static bool
is_before(Form_pg_attrdef row, Form_pg_attribute column)
{
	return row->adrelid < column->attrelid || (row->adrelid == column->attrelid && row->adnum < column->attnum);
}

/* The default of a column, or what it is generated from; NULL if it has none, or that is NULL. */
static char *
find_default(Defaults *defaults, Form_pg_attribute column, const SlipwayRelation *relation)
{
	Form_pg_attrdef row;
	Node	   *tree;

	while (defaults->more && is_before((Form_pg_attrdef) GETSTRUCT(defaults->rows.tuple), column))
		defaults->more = slipway_rows_next(&defaults->rows);
	if (!defaults->more)
		return NULL;
	row = (Form_pg_attrdef) GETSTRUCT(defaults->rows.tuple);
	if (row->adrelid != column->attrelid || row->adnum != column->attnum)
		return NULL;
	tree = slipway_rows_tree(&defaults->rows, Anum_pg_attrdef_adbin);
	if (!column->attgenerated && slipway_expression_is_null(tree))
		return NULL;
	return slipway_expression_show(tree, column->attgenerated ? &relation->columns : NULL);
}

static void
put_type(SlipwayReader *reader, Form_pg_attribute column)
{
	const SlipwayType *type = slipway_reader_type(reader, column->atttypid, column->atttypmod);

	slipway_reader_line(reader, "type", type->name);
	if (OidIsValid(column->attcollation) && column->attcollation != type->collation)
		slipway_reader_line(reader, "collation", generate_collation_name(column->attcollation));
}

static void
put_storage(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_attribute column)
{
	const SlipwayType *type = slipway_reader_type(reader, column->atttypid, column->atttypmod);
	int			target = slipway_statistics_target(rows->tuple, rows->descriptor);

	if (column->attstorage != type->storage)
		slipway_reader_line(reader, "storage", slipway_reader_storage(column->attstorage));
	if (column->attcompression)
		slipway_reader_line(reader, "compression", column->attcompression == 'l' ? "lz4" : "pglz");
	if (target >= 0)
		slipway_reader_number(reader, "statistics", target);
}

/* What a column may have whatever it belongs to. */
static void
put_rest(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_attribute column, const SlipwayRelation *relation)
{
	Datum		value;
	bool		isnull;

	value = slipway_rows_datum(rows, Anum_pg_attribute_attoptions, &isnull);
	slipway_reader_options(reader, "option", value, isnull);
	value = slipway_rows_datum(rows, Anum_pg_attribute_attfdwoptions, &isnull);
	slipway_reader_secrets(reader, "foreign option", value, isnull);
	value = slipway_rows_datum(rows, Anum_pg_attribute_attacl, &isnull);
	slipway_reader_grants(reader, value, isnull, OBJECT_COLUMN, relation->form->relowner);
	slipway_reader_notes(reader, RelationRelationId, column->attrelid, column->attnum);
}

static void
put_table_lines(SlipwayReader *reader, Form_pg_attribute column, const SlipwayRelation *relation, const char *value)
{
	if (column->attnotnull && relation->not_null && relation->not_null[column->attnum - 1])
		slipway_reader_line(reader, "not null", relation->not_null[column->attnum - 1]);
	else
		slipway_reader_flag(reader, "not null", column->attnotnull);
	if (column->attgenerated)
		slipway_reader_line(reader, column->attgenerated == ATTRIBUTE_GENERATED_STORED ? "generated" : "generated virtually",
							value);
	else
		slipway_reader_line(reader, "default", value);
	if (column->attidentity)
		slipway_reader_line(reader, "identity", column->attidentity == ATTRIBUTE_IDENTITY_ALWAYS ? "always" : "by default");
	/* Of partitions a dump restores neither. */
	if (!relation->form->relispartition && column->attinhcount > 0)
		slipway_reader_line(reader, "inherited", column->attislocal ? "yes, and defined here" : "yes");
}

static void
add_column(SlipwayReader *reader, const SlipwayRelation *relation, const char *kind, Form_pg_attribute column)
{
	reader->parent = relation->identity;
	slipway_reader_add(reader, kind, psprintf("%s.%s", relation->identity, quote_identifier(NameStr(column->attname))),
					   relation->schema->name);
}

static void
put_column(SlipwayReader *reader, const SlipwayRows *rows, SlipwayRelation *relation, Defaults *defaults)
{
	Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(rows->tuple);
	char		relkind = relation->form->relkind;
	const char *value;

	slipway_reader_begin(reader);
	value = column->atthasdef ? find_default(defaults, column, relation) : NULL;
	if (relkind == RELKIND_VIEW)
		slipway_reader_line(reader, "default", value);
	else if (relkind != RELKIND_MATVIEW)
		put_type(reader, column);
	if (relkind != RELKIND_VIEW && relkind != RELKIND_COMPOSITE_TYPE)
	{
		if (relkind != RELKIND_MATVIEW)
			put_table_lines(reader, column, relation, value);
		put_storage(reader, rows, column);
	}
	put_rest(reader, rows, column, relation);
	if (reader->definition.len > 0)
		add_column(reader, relation, relkind == RELKIND_COMPOSITE_TYPE ? "attribute" : "column", column);
}

/* Of the system's columns, what there can be is a grant. */
static void
put_system_column(SlipwayReader *reader, const SlipwayRows *rows, SlipwayRelation *relation)
{
	Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(rows->tuple);
	bool		isnull;
	Datum		acl = slipway_rows_datum(rows, Anum_pg_attribute_attacl, &isnull);

	slipway_reader_begin(reader);
	slipway_reader_grants(reader, acl, isnull, OBJECT_COLUMN, relation->form->relowner);
	if (reader->definition.len > 0)
		add_column(reader, relation, "column", column);
}

static bool
has_columns(char relkind)
{
	return strchr("rpvmfc", relkind) != NULL;
}

void
slipway_snapshot_columns(SlipwayReader *reader)
{
	SlipwayRelation *relation = NULL;
	Oid			last = InvalidOid;
	SlipwayRows rows;
	Defaults	defaults;

	slipway_rows_open(&defaults.rows, reader, AttrDefaultRelationId, AttrDefaultIndexId, Anum_pg_attrdef_adrelid);
	defaults.more = slipway_rows_next(&defaults.rows);
	slipway_rows_open(&rows, reader, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_attribute column = (Form_pg_attribute) GETSTRUCT(rows.tuple);

		if (column->attisdropped)
			continue;
		if (column->attrelid != last)
			relation = slipway_relation_find(reader, column->attrelid);
		last = column->attrelid;
		if (relation == NULL || !relation->shown || !has_columns(relation->form->relkind))
			continue;
		if (column->attnum > 0)
			put_column(reader, &rows, relation, &defaults);
		else if (!heap_attisnull(rows.tuple, Anum_pg_attribute_attacl, rows.descriptor))
			put_system_column(reader, &rows, relation);
	}
	slipway_rows_close(&rows);
	slipway_rows_close(&defaults.rows);
}
