/*
 * snapshot_constraint.c
 *	  Constraints of a snapshot, of tables and of domains.
 *
 * Those that follow from a parent's are left out, as a dump leaves them out: checks that a child has
 * not defined itself, and foreign keys of partitions. That a column is not null is its property,
 * also where the server makes that a constraint.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "compat.h"
#include "snapshot_relation.h"

/* Numbers or OIDs of an array; 0 for NULL. */
static int
constraint_array(const SlipwayRows *rows, AttrNumber column, void **values)
{
	bool		isnull;
	Datum		datum = slipway_rows_datum(rows, column, &isnull);
	ArrayType  *array = isnull ? NULL : DatumGetArrayTypeP(datum);

	*values = array ? ARR_DATA_PTR(array) : NULL;
	return array ? ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) : 0;
}

static char *
list_columns(const SlipwayRows *rows, AttrNumber column, const SlipwayRelation *relation, bool period)
{
	StringInfoData list;
	int16	   *numbers;
	int			n = constraint_array(rows, column, (void **) &numbers);

	if (n == 0)
		return NULL;
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s%s", i > 0 ? ", " : "", period && i == n - 1 ? "PERIOD " : "",
						 slipway_relation_column(relation, numbers[i]));
	return list.data;
}

static const char *
show_action(char action)
{
	switch (action)
	{
		case FKCONSTR_ACTION_RESTRICT:
			return "restrict";
		case FKCONSTR_ACTION_CASCADE:
			return "cascade";
		case FKCONSTR_ACTION_SETNULL:
			return "set null";
		case FKCONSTR_ACTION_SETDEFAULT:
			return "set default";
		default:
			return NULL;
	}
}

static void
put_foreign_key(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row, const SlipwayRelation *relation)
{
	SlipwayRelation *other = slipway_relation_find(reader, row->confrelid);
	bool		period = slipway_constraint_has_period(row);

	if (other == NULL)
		elog(ERROR, "cache lookup failed for relation %u", row->confrelid);
	slipway_reader_line(reader, "key", list_columns(rows, Anum_pg_constraint_conkey, relation, period));
	slipway_reader_line(reader, "references",
						psprintf("%s (%s)", other->identity, list_columns(rows, Anum_pg_constraint_confkey, other, period)));
	if (row->confmatchtype == FKCONSTR_MATCH_FULL)
		slipway_reader_line(reader, "match", "full");
	slipway_reader_line(reader, "on update", show_action(row->confupdtype));
	slipway_reader_line(reader, "on delete", show_action(row->confdeltype));
	slipway_reader_line(reader, "on delete of", list_columns(rows, Anum_pg_constraint_confdelsetcols, relation, false));
}

static void
put_check(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row, const SlipwayRelation *relation)
{
	slipway_reader_line(reader, "check", slipway_expression_show(slipway_rows_tree(rows, Anum_pg_constraint_conbin),
																 relation ? &relation->columns : NULL));
	slipway_reader_flag(reader, "no inherit", relation && row->connoinherit);
}

static void
put_index(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row)
{
	SlipwayRelation *index = slipway_relation_find(reader, row->conindid);
	Oid		   *operators;

	if (index == NULL || index->index == NULL)
		elog(ERROR, "cache lookup failed for index %u", row->conindid);
	(void) constraint_array(rows, Anum_pg_constraint_conexclop, (void **) &operators);
	slipway_snapshot_index_lines(reader, index, operators);
	slipway_reader_flag(reader, "without overlaps", slipway_constraint_has_period(row));
	index->of_constraint = true;
	slipway_reader_notes(reader, RelationRelationId, index->oid, 0);
}

static void
put_lines(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row, const SlipwayRelation *relation)
{
	static const struct
	{
		char		type;
		const char *name;
	}			names[] = {
		{CONSTRAINT_CHECK, "check"}, {CONSTRAINT_FOREIGN, "foreign key"}, {CONSTRAINT_PRIMARY, "primary key"},
		{CONSTRAINT_UNIQUE, "unique"}, {CONSTRAINT_EXCLUSION, "exclusion"}
	};

	for (int i = 0; i < lengthof(names); i++)
		if (names[i].type == row->contype)
			slipway_reader_line(reader, "type", names[i].name);
	if (row->contype == CONSTRAINT_CHECK)
		put_check(reader, rows, row, relation);
	else if (row->contype == CONSTRAINT_FOREIGN)
		put_foreign_key(reader, rows, row, relation);
	else
		put_index(reader, rows, row);
	slipway_reader_flag(reader, "deferrable", row->condeferrable);
	slipway_reader_flag(reader, "initially deferred", row->condeferred);
	slipway_reader_flag(reader, "not enforced", !slipway_constraint_is_enforced(row));
	slipway_reader_flag(reader, "not valid", slipway_constraint_is_enforced(row) && !row->convalidated);
}

/*
 * What a column or a domain says of its NOT NULL where that is a constraint: more than "yes" if its name is not the
 * usual one, it does not hold for all rows or children, or there is a comment on it.
 */
static char *
show_not_null(SlipwayReader *reader, Form_pg_constraint row, const char *usual)
{
	bool		named = strcmp(usual, NameStr(row->conname)) != 0;
	const char *comment = slipway_reader_comment(reader, ConstraintRelationId, row->oid, 0);

	return psprintf("yes%s%s%s%s%s%s", named ? ", constraint " : "", named ? quote_identifier(NameStr(row->conname)) : "",
					row->connoinherit ? ", no inherit" : "", row->convalidated ? "" : ", not valid",
					comment ? "\ncomment on not null: " : "", comment ? comment : "");
}

const char *
slipway_snapshot_domain_not_null(SlipwayReader *reader, Oid domain, const char *name)
{
	char	   *usual = makeObjectName(name, NULL, "not_null");
	const char *shown = "yes";
	SlipwayRows rows;

	if (!slipway_have_not_null_constraints())
		return shown;
	slipway_rows_open_of(&rows, reader, ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid, domain);
	while (slipway_rows_next(&rows))
	{
		Form_pg_constraint row = (Form_pg_constraint) GETSTRUCT(rows.tuple);

		if (row->contype == SLIPWAY_CONSTRAINT_NOT_NULL)
			shown = show_not_null(reader, row, usual);
	}
	slipway_rows_close(&rows);
	return shown;
}

/* Of those that come from a parent only the parent's is shown. */
void
slipway_snapshot_not_nulls(SlipwayReader *reader)
{
	MemoryContext old;
	SlipwayRows rows;

	if (!slipway_have_not_null_constraints())
		return;
	old = MemoryContextSwitchTo(reader->context);
	slipway_rows_open(&rows, reader, ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_constraint row = (Form_pg_constraint) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation;
		int16	   *columns;

		if (row->contype != SLIPWAY_CONSTRAINT_NOT_NULL || !row->conislocal || row->coninhcount > 0)
			continue;
		relation = slipway_relation_find(reader, row->conrelid);
		if (relation == NULL || constraint_array(&rows, Anum_pg_constraint_conkey, (void **) &columns) != 1)
			continue;
		if (relation->not_null == NULL)
			relation->not_null = palloc0(relation->columns.n * sizeof(char *));
		relation->not_null[columns[0] - 1] =
			show_not_null(reader, row, makeObjectName(relation->columns.name, relation->columns.columns[columns[0] - 1], "not_null"));
	}
	slipway_rows_close(&rows);
	MemoryContextSwitchTo(old);
}

/* Does it follow from a parent's? */
static bool
is_inherited(Form_pg_constraint row)
{
	return (row->contype == CONSTRAINT_FOREIGN && OidIsValid(row->conparentid)) ||
		(row->contype == CONSTRAINT_CHECK && OidIsValid(row->conrelid) && !row->conislocal);
}

static void
put_of_relation(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row)
{
	SlipwayRelation *relation = slipway_relation_find(reader, row->conrelid);

	if (relation == NULL || !relation->shown)
		return;
	slipway_reader_begin(reader);
	put_lines(reader, rows, row, relation);
	slipway_reader_notes(reader, ConstraintRelationId, row->oid, 0);
	reader->parent = relation->identity;
	slipway_reader_add(reader, "constraint",
					   psprintf("%s on %s", quote_identifier(NameStr(row->conname)), relation->identity),
					   relation->schema->name);
}

static void
put_of_domain(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_constraint row)
{
	SlipwaySchema *schema = slipway_reader_schema(reader, row->connamespace);
	const char *domain = slipway_reader_type(reader, row->contypid, -1)->name;

	if (!schema->shown || slipway_reader_is_member(reader, TypeRelationId, row->contypid))
		return;
	slipway_reader_begin(reader);
	put_lines(reader, rows, row, NULL);
	slipway_reader_notes(reader, ConstraintRelationId, row->oid, 0);
	reader->parent = domain;
	slipway_reader_add(reader, "constraint", psprintf("%s on %s", quote_identifier(NameStr(row->conname)), domain),
					   schema->name);
}

void
slipway_snapshot_constraints(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_constraint row = (Form_pg_constraint) GETSTRUCT(rows.tuple);

		if (row->contype == CONSTRAINT_TRIGGER || row->contype == SLIPWAY_CONSTRAINT_NOT_NULL || is_inherited(row))
			continue;
		if (OidIsValid(row->contypid))
			put_of_domain(reader, &rows, row);
		else
			put_of_relation(reader, &rows, row);
	}
	slipway_rows_close(&rows);
}
