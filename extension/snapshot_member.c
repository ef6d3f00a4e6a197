/*
 * snapshot_member.c
 *	  What belongs to an object and is shown in its definition, one line each.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_config_map.h"
#include "catalog/pg_ts_dict.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_public.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "snapshot_expression.h"
#include "snapshot_member.h"
#include "snapshot_name.h"
#include "snapshot_relation.h"

static char *
show_operator(SlipwayReader *reader, Oid oid)
{
	SlipwayRows rows;
	char	   *shown = NULL;

	slipway_rows_open_of(&rows, reader, AccessMethodOperatorRelationId, AccessMethodOperatorOidIndexId, Anum_pg_amop_oid, oid);
	if (slipway_rows_next(&rows))
	{
		Form_pg_amop row = (Form_pg_amop) GETSTRUCT(rows.tuple);

		shown = psprintf("operator %d: %s%s%s", row->amopstrategy, slipway_name_operator(row->amopopr),
						 OidIsValid(row->amopsortfamily) ? " for order by " : "",
						 OidIsValid(row->amopsortfamily) ? slipway_reader_identity(OperatorFamilyRelationId, row->amopsortfamily) : "");
	}
	slipway_rows_close(&rows);
	return shown;
}

static char *
show_function(SlipwayReader *reader, Oid oid)
{
	SlipwayRows rows;
	char	   *shown = NULL;

	slipway_rows_open_of(&rows, reader, AccessMethodProcedureRelationId, AccessMethodProcedureOidIndexId, Anum_pg_amproc_oid, oid);
	if (slipway_rows_next(&rows))
	{
		Form_pg_amproc row = (Form_pg_amproc) GETSTRUCT(rows.tuple);

		shown = psprintf("function %d (%s, %s): %s", row->amprocnum,
						 slipway_reader_type(reader, row->amproclefttype, -1)->name,
						 slipway_reader_type(reader, row->amprocrighttype, -1)->name, slipway_name_routine(row->amproc));
	}
	slipway_rows_close(&rows);
	return shown;
}

static int
compare_lines(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* "property: value" of all, sorted. */
static void
put_lines(SlipwayReader *reader, List *lines)
{
	ListCell   *cell;

	list_sort(lines, compare_lines);
	foreach(cell, lines)
	{
		char	   *line = lfirst(cell);
		char	   *value = strstr(line, ": ");

		*value = '\0';
		slipway_reader_line(reader, line, value + 2);
	}
}

/* Which operators and functions came with a class, and which were added to its family, only dependencies tell. */
static void
put_members(SlipwayReader *reader, Oid catalog, Oid oid, char dependency)
{
	List	   *lines = NIL;
	SlipwayRows rows;

	slipway_rows_open_of_object(&rows, reader, DependRelationId, DependReferenceIndexId,
								Anum_pg_depend_refclassid, catalog, oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(rows.tuple);
		char	   *shown = NULL;

		if (row->deptype != dependency)
			continue;
		if (row->classid == AccessMethodOperatorRelationId)
			shown = show_operator(reader, row->objid);
		else if (row->classid == AccessMethodProcedureRelationId)
			shown = show_function(reader, row->objid);
		if (shown)
			lines = lappend(lines, shown);
	}
	slipway_rows_close(&rows);
	put_lines(reader, lines);
}

void
slipway_snapshot_operator_class(SlipwayReader *reader, const SlipwayRows *rows, Oid oid)
{
	put_members(reader, OperatorClassRelationId, oid, DEPENDENCY_INTERNAL);
}

void
slipway_snapshot_operator_family(SlipwayReader *reader, const SlipwayRows *rows, Oid oid)
{
	put_members(reader, OperatorFamilyRelationId, oid, DEPENDENCY_AUTO);
}

/* The name that a parser has for a type of token. */
static char *
token_name(LexDescr *descriptions, int type)
{
	for (LexDescr *description = descriptions; description && description->lexid; description++)
		if (description->lexid == type)
			return description->alias;
	return psprintf("%d", type);
}

void
slipway_snapshot_search_mappings(SlipwayReader *reader, const SlipwayRows *rows, Oid oid)
{
	Form_pg_ts_config form = (Form_pg_ts_config) GETSTRUCT(rows->tuple);
	TSParserCacheEntry *parser = lookup_ts_parser_cache(form->cfgparser);
	LexDescr   *descriptions = NULL;
	List	   *lines = NIL;
	int			last = -1;
	SlipwayRows maps;

	if (OidIsValid(parser->lextypeOid))
		descriptions = (LexDescr *) DatumGetPointer(OidFunctionCall1(parser->lextypeOid, (Datum) 0));
	slipway_rows_open_of(&maps, reader, TSConfigMapRelationId, TSConfigMapIndexId, Anum_pg_ts_config_map_mapcfg, oid);
	while (slipway_rows_next(&maps))
	{
		Form_pg_ts_config_map row = (Form_pg_ts_config_map) GETSTRUCT(maps.tuple);
		char	   *dictionary = slipway_reader_identity(TSDictionaryRelationId, row->mapdict);

		if (lines != NIL && row->maptokentype == last)
			llast(lines) = psprintf("%s, %s", (char *) llast(lines), dictionary);
		else
			lines = lappend(lines, psprintf("mapping of %s: %s", token_name(descriptions, row->maptokentype), dictionary));
		last = row->maptokentype;
	}
	slipway_rows_close(&maps);
	put_lines(reader, lines);
}

/* d, f, m; e only says that there are expressions. */
static char *
show_kinds(const SlipwayRows *rows)
{
	static const struct
	{
		char		kind;
		const char *name;
	}			kinds[] = {{STATS_EXT_NDISTINCT, "ndistinct"}, {STATS_EXT_DEPENDENCIES, "dependencies"}, {STATS_EXT_MCV, "mcv"}};
	bool		isnull;
	ArrayType  *array = DatumGetArrayTypeP(slipway_rows_datum(rows, Anum_pg_statistic_ext_stxkind, &isnull));
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(kinds); i++)
		if (memchr(ARR_DATA_PTR(array), kinds[i].kind, ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))))
			appendStringInfo(&list, "%s%s", list.len ? ", " : "", kinds[i].name);
	return list.len ? list.data : NULL;
}

void
slipway_snapshot_statistics_columns(SlipwayReader *reader, const SlipwayRows *rows, Oid oid)
{
	Form_pg_statistic_ext row = (Form_pg_statistic_ext) GETSTRUCT(rows->tuple);
	SlipwayRelation *table = slipway_relation_find(reader, row->stxrelid);
	List	   *columns = NIL;
	StringInfoData list;
	ListCell   *cell;

	if (table == NULL)
		elog(ERROR, "cache lookup failed for relation %u", row->stxrelid);
	slipway_reader_line(reader, "kinds", show_kinds(rows));
	initStringInfo(&list);
	/* By name: the server keeps them in the order that they have in the table, which a child's copy may not have. */
	for (int i = 0; i < row->stxkeys.dim1; i++)
		columns = lappend(columns, (char *) slipway_relation_column(table, row->stxkeys.values[i]));
	appendStringInfoString(&list, slipway_reader_sorted(columns));
	foreach(cell, (List *) slipway_rows_tree(rows, Anum_pg_statistic_ext_stxexprs))
		appendStringInfo(&list, "%s(%s)", list.len ? ", " : "", slipway_expression_show(lfirst(cell), &table->columns));
	slipway_reader_line(reader, "on", list.data);
	reader->parent = table->identity;
}
