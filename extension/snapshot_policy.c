/*
 * snapshot_policy.c
 *	  Policies of a snapshot.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_policy.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "snapshot_relation.h"

static const char *
show_command(char command)
{
	switch (command)
	{
		case ACL_SELECT_CHR:
			return "select";
		case ACL_INSERT_CHR:
			return "insert";
		case ACL_UPDATE_CHR:
			return "update";
		case ACL_DELETE_CHR:
			return "delete";
		default:
			return NULL;
	}
}

/* By name: a dump lists them so. */
static char *
list_roles(SlipwayReader *reader, const SlipwayRows *rows)
{
	bool		isnull;
	ArrayType  *array = DatumGetArrayTypeP(slipway_rows_datum(rows, Anum_pg_policy_polroles, &isnull));
	int			n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	List	   *names = NIL;

	for (int i = 0; i < n; i++)
		names = lappend(names, (char *) slipway_reader_role(reader, ((Oid *) ARR_DATA_PTR(array))[i]));
	return slipway_reader_sorted(names);
}

static void
put_expression(SlipwayReader *reader, const SlipwayRows *rows, AttrNumber column, const char *property, const SlipwayRelation *relation)
{
	Node	   *tree = slipway_rows_tree(rows, column);

	if (tree)
		slipway_reader_line(reader, property, slipway_expression_show(tree, &relation->columns));
}

static void
put_policy(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_policy row, const SlipwayRelation *relation)
{
	slipway_reader_begin(reader);
	slipway_reader_flag(reader, "restrictive", !row->polpermissive);
	slipway_reader_line(reader, "for", show_command(row->polcmd));
	slipway_reader_line(reader, "to", list_roles(reader, rows));
	put_expression(reader, rows, Anum_pg_policy_polqual, "using", relation);
	put_expression(reader, rows, Anum_pg_policy_polwithcheck, "with check", relation);
	slipway_reader_notes(reader, PolicyRelationId, row->oid, 0);
	reader->parent = relation->identity;
	slipway_reader_add(reader, "policy", psprintf("%s on %s", quote_identifier(NameStr(row->polname)), relation->identity),
					   relation->schema->name);
}

void
slipway_snapshot_policies(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_policy row = (Form_pg_policy) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation = slipway_relation_find(reader, row->polrelid);

		if (relation && relation->shown)
			put_policy(reader, &rows, row, relation);
	}
	slipway_rows_close(&rows);
}
