/*
 * snapshot_type.c
 *	  Types and domains of a snapshot; not those that the server makes with a relation or another type.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_am.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_range.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "snapshot_name.h"
#include "snapshot_part.h"
#include "snapshot_relation.h"

static void
put_routine(SlipwayReader *reader, const char *property, Oid routine)
{
	if (OidIsValid(routine))
		slipway_reader_line(reader, property, slipway_name_routine(routine));
}

static void
put_default(SlipwayReader *reader, const SlipwayRows *rows)
{
	Node	   *tree = slipway_rows_tree(rows, Anum_pg_type_typdefaultbin);
	char	   *literal = slipway_rows_text(rows, Anum_pg_type_typdefault);

	if (tree)
		slipway_reader_line(reader, "default", slipway_expression_show(tree, NULL));
	else if (literal)
		slipway_reader_line(reader, "default", quote_literal_cstr(literal));
}

static const char *
show_alignment(char alignment)
{
	switch (alignment)
	{
		case TYPALIGN_CHAR:
			return "char";
		case TYPALIGN_SHORT:
			return "int2";
		case TYPALIGN_INT:
			return "int4";
		default:
			return "double";
	}
}

static void
put_base(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_type row)
{
	put_routine(reader, "input", row->typinput);
	put_routine(reader, "output", row->typoutput);
	put_routine(reader, "receive", row->typreceive);
	put_routine(reader, "send", row->typsend);
	put_routine(reader, "modifier input", row->typmodin);
	put_routine(reader, "modifier output", row->typmodout);
	put_routine(reader, "analyze", row->typanalyze);
	put_routine(reader, "subscript", row->typsubscript);
	if (row->typlen > 0)
		slipway_reader_number(reader, "length", row->typlen);
	else
		slipway_reader_line(reader, "length", row->typlen == -1 ? "variable" : "cstring");
	slipway_reader_flag(reader, "passed by value", row->typbyval);
	slipway_reader_line(reader, "alignment", show_alignment(row->typalign));
	slipway_reader_line(reader, "storage", slipway_reader_storage(row->typstorage));
	slipway_reader_line(reader, "category", psprintf("%c", row->typcategory));
	slipway_reader_flag(reader, "preferred", row->typispreferred);
	put_default(reader, rows);
	if (OidIsValid(row->typelem))
		slipway_reader_line(reader, "element", slipway_reader_type(reader, row->typelem, -1)->name);
	if (row->typdelim != ',')
		slipway_reader_line(reader, "delimiter", psprintf("%c", row->typdelim));
	slipway_reader_flag(reader, "collatable", OidIsValid(row->typcollation));
}

static void
put_enum(SlipwayReader *reader, Form_pg_type row)
{
	SlipwayRows labels;

	slipway_rows_open_of(&labels, reader, EnumRelationId, EnumTypIdSortOrderIndexId, Anum_pg_enum_enumtypid, row->oid);
	while (slipway_rows_next(&labels))
		slipway_reader_line(reader, "label", quote_literal_cstr(NameStr(((Form_pg_enum) GETSTRUCT(labels.tuple))->enumlabel)));
	slipway_rows_close(&labels);
}

static void
put_range(SlipwayReader *reader, Form_pg_type row)
{
	HeapTuple	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(row->oid));
	Form_pg_range range;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for range type %u", row->oid);
	range = (Form_pg_range) GETSTRUCT(tuple);
	slipway_reader_line(reader, "subtype", slipway_reader_type(reader, range->rngsubtype, -1)->name);
	if (range->rngsubopc != GetDefaultOpClass(range->rngsubtype, BTREE_AM_OID))
		slipway_reader_line(reader, "operator class", generate_opclass_name(range->rngsubopc));
	if (OidIsValid(range->rngcollation) && range->rngcollation != get_typcollation(range->rngsubtype))
		slipway_reader_line(reader, "collation", generate_collation_name(range->rngcollation));
	put_routine(reader, "canonical", range->rngcanonical);
	put_routine(reader, "subtype difference", range->rngsubdiff);
	slipway_reader_line(reader, "multirange", slipway_reader_type(reader, range->rngmultitypid, -1)->name);
	ReleaseSysCache(tuple);
}

static void
put_domain(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_type row)
{
	slipway_reader_line(reader, "base", slipway_reader_type(reader, row->typbasetype, row->typtypmod)->name);
	if (OidIsValid(row->typcollation) && row->typcollation != get_typcollation(row->typbasetype))
		slipway_reader_line(reader, "collation", generate_collation_name(row->typcollation));
	if (row->typnotnull)
		slipway_reader_line(reader, "not null", slipway_snapshot_domain_not_null(reader, row->oid, NameStr(row->typname)));
	put_default(reader, rows);
}

static void
put_composite(SlipwayReader *reader, Form_pg_type row)
{
	SlipwayRelation *relation = slipway_relation_find(reader, row->typrelid);

	if (relation == NULL)
		elog(ERROR, "cache lookup failed for relation %u", row->typrelid);
	slipway_reader_line(reader, "attributes", slipway_relation_columns(relation));
}

static void
put_lines(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_type row)
{
	static const struct
	{
		char		type;
		const char *name;
	}			names[] = {{TYPTYPE_BASE, "base"}, {TYPTYPE_ENUM, "enum"}, {TYPTYPE_RANGE, "range"}, {TYPTYPE_COMPOSITE, "composite"}};

	if (!row->typisdefined)
	{
		slipway_reader_line(reader, "type", "shell");
		return;
	}
	for (int i = 0; i < lengthof(names); i++)
		if (names[i].type == row->typtype)
			slipway_reader_line(reader, "type", names[i].name);
	switch (row->typtype)
	{
		case TYPTYPE_BASE:
			put_base(reader, rows, row);
			break;
		case TYPTYPE_ENUM:
			put_enum(reader, row);
			break;
		case TYPTYPE_RANGE:
			put_range(reader, row);
			break;
		case TYPTYPE_COMPOSITE:
			put_composite(reader, row);
			break;
		case TYPTYPE_DOMAIN:
			put_domain(reader, rows, row);
			break;
		default:
			break;
	}
}

/* Did the server make it with a relation, or as the array or multirange of another type? */
static bool
is_of_other(SlipwayReader *reader, Form_pg_type row)
{
	SlipwayRelation *relation;

	if (row->typtype == TYPTYPE_MULTIRANGE)
		return true;
	if (OidIsValid(row->typrelid))
	{
		relation = slipway_relation_find(reader, row->typrelid);
		return relation == NULL || relation->form->relkind != RELKIND_COMPOSITE_TYPE;
	}
	/* Nobody can give this handler to a type of his own. */
	return OidIsValid(row->typelem) && row->typsubscript == F_ARRAY_SUBSCRIPT_HANDLER;
}

static void
put_type(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_type row, const SlipwaySchema *schema)
{
	bool		isnull;
	Datum		acl;

	slipway_reader_begin(reader);
	slipway_reader_owner(reader, row->typowner);
	put_lines(reader, rows, row);
	acl = slipway_rows_datum(rows, Anum_pg_type_typacl, &isnull);
	slipway_reader_grants(reader, acl, isnull, OBJECT_TYPE, row->typowner);
	slipway_reader_notes(reader, TypeRelationId, row->oid, 0);
	slipway_reader_add(reader, row->typtype == TYPTYPE_DOMAIN ? "domain" : "type",
					   slipway_reader_qualify(schema, NameStr(row->typname)), schema->name);
}

void
slipway_snapshot_types(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, TypeRelationId, TypeOidIndexId, Anum_pg_type_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_type row = (Form_pg_type) GETSTRUCT(rows.tuple);
		SlipwaySchema *schema = slipway_reader_schema(reader, row->typnamespace);

		if (schema->shown && !is_of_other(reader, row) && !slipway_reader_is_member(reader, TypeRelationId, row->oid))
			put_type(reader, &rows, row, schema);
	}
	slipway_rows_close(&rows);
}
