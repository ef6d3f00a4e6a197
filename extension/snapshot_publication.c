/*
 * snapshot_publication.c
 *	  What publications publish: tables and schemas, each an object of its own.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "snapshot_part.h"
#include "snapshot_relation.h"

static const char *
publication_name(Oid oid)
{
	return quote_identifier(get_publication_name(oid, false));
}

/* Their order says nothing. */
static char *
list_columns(const SlipwayRows *rows, const SlipwayRelation *relation)
{
	bool		isnull;
	Datum		columns = slipway_rows_datum(rows, Anum_pg_publication_rel_prattrs, &isnull);
	int2vector *numbers;
	List	   *names = NIL;

	if (isnull)
		return NULL;
	numbers = (int2vector *) PG_DETOAST_DATUM(columns);
	for (int i = 0; i < numbers->dim1; i++)
		names = lappend(names, pstrdup(slipway_relation_column(relation, numbers->values[i])));
	return slipway_reader_sorted(names);
}

static void
put_table(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_publication_rel row, const SlipwayRelation *relation)
{
	Node	   *condition;

	slipway_reader_begin(reader);
	condition = slipway_rows_tree(rows, Anum_pg_publication_rel_prqual);
	slipway_reader_line(reader, "only columns", list_columns(rows, relation));
	if (condition)
		slipway_reader_line(reader, "where", slipway_expression_show(condition, &relation->columns));
	reader->parent = relation->identity;
	slipway_reader_add(reader, "publication table", psprintf("%s in %s", relation->identity, publication_name(row->prpubid)), NULL);
}

static void
read_tables(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, PublicationRelRelationId, PublicationRelObjectIndexId, Anum_pg_publication_rel_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_publication_rel row = (Form_pg_publication_rel) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation = slipway_relation_find(reader, row->prrelid);

		if (relation && relation->schema->shown)
			put_table(reader, &rows, row, relation);
	}
	slipway_rows_close(&rows);
}

static void
read_schemas(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, PublicationNamespaceRelationId, PublicationNamespaceObjectIndexId, Anum_pg_publication_namespace_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_publication_namespace row = (Form_pg_publication_namespace) GETSTRUCT(rows.tuple);
		SlipwaySchema *schema = slipway_reader_schema(reader, row->pnnspid);

		slipway_reader_begin(reader);
		if (schema->shown)
			slipway_reader_add(reader, "publication schema", psprintf("%s in %s", schema->quoted, publication_name(row->pnpubid)), NULL);
	}
	slipway_rows_close(&rows);
}

void
slipway_snapshot_publication_parts(SlipwayReader *reader)
{
	read_tables(reader);
	read_schemas(reader);
}
