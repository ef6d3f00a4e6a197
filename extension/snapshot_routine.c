/*
 * snapshot_routine.c
 *	  Functions, procedures and aggregates of a snapshot.
 *
 * A body in SQL that the server has parsed is shown with "$1" for the first parameter, whatever its name.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "funcapi.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "snapshot_expression.h"
#include "snapshot_name.h"
#include "snapshot_part.h"

static char *
call_text(Oid function, Oid argument)
{
	return TextDatumGetCString(OidFunctionCall1(function, ObjectIdGetDatum(argument)));
}

static void
put_settings(SlipwayReader *reader, const SlipwayRows *rows)
{
	bool		isnull;
	Datum		settings = slipway_rows_datum(rows, Anum_pg_proc_proconfig, &isnull);

	slipway_reader_options(reader, "set", settings, isnull);
}

static void
put_transforms(SlipwayReader *reader, const SlipwayRows *rows)
{
	bool		isnull;
	Datum		types = slipway_rows_datum(rows, Anum_pg_proc_protrftypes, &isnull);
	Datum	   *values;
	int			n;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(types), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &values, NULL, &n);
	for (int i = 0; i < n; i++)
		slipway_reader_line(reader, "transform", slipway_reader_type(reader, DatumGetObjectId(values[i]), -1)->name);
}

/* The mode of a parameter, with a blank behind it. */
static const char *
show_mode(char mode, bool procedure)
{
	switch (mode)
	{
		case PROARGMODE_IN:
			return procedure ? "IN " : "";
		case PROARGMODE_INOUT:
			return "INOUT ";
		case PROARGMODE_OUT:
			return "OUT ";
		default:
			return "VARIADIC ";
	}
}

/* As the server writes them, but for the defaults, of which the text stays as it is when it is read again. */
static char *
list_arguments(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_proc row)
{
	List	   *defaults = (List *) slipway_rows_tree(rows, Anum_pg_proc_proargdefaults);
	int			next = list_length(defaults) - row->pronargs;	/* from 0 on: the default of the next one */
	StringInfoData list;
	Oid		   *types;
	char	  **names;
	char	   *modes;
	int			n = get_func_arg_info(rows->tuple, &types, &names, &modes);

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		char		mode = modes ? modes[i] : PROARGMODE_IN;

		/* A column of what it returns. */
		if (mode == PROARGMODE_TABLE)
			continue;
		appendStringInfo(&list, "%s%s", list.len ? ", " : "", show_mode(mode, row->prokind == PROKIND_PROCEDURE));
		if (names && names[i] && names[i][0])
			appendStringInfo(&list, "%s ", quote_identifier(names[i]));
		appendStringInfoString(&list, slipway_reader_type(reader, types[i], -1)->name);
		if (mode != PROARGMODE_OUT && next++ >= 0)
			appendStringInfo(&list, " DEFAULT %s", slipway_expression_show(list_nth(defaults, next - 1), NULL));
	}
	return list.data;
}

/* The statements of a body in SQL; of RETURN expression, that. */
static char *
show_sql_body(const char *tree)
{
	Node	   *node = slipway_expression_read(tree);
	StringInfoData text;
	ListCell   *cell;

	if (!IsA(node, List))
		return slipway_expression_show_query((Query *) node, NULL, 0);
	initStringInfo(&text);
	foreach(cell, linitial_node(List, (List *) node))
		appendStringInfo(&text, "%s%s;", text.len ? "\n" : "", slipway_expression_show_query(lfirst(cell), NULL, 0));
	return text.data;
}

static void
put_body(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_proc row)
{
	char	   *tree = slipway_rows_text(rows, Anum_pg_proc_prosqlbody);

	if (tree)
	{
		slipway_reader_block(reader, "body", show_sql_body(tree));
		return;
	}
	slipway_reader_line(reader, "library", slipway_rows_text(rows, Anum_pg_proc_probin));
	slipway_reader_block(reader, "body", slipway_rows_text(rows, Anum_pg_proc_prosrc));
}

static void
put_volatility(SlipwayReader *reader, Form_pg_proc row)
{
	if (row->provolatile != PROVOLATILE_VOLATILE)
		slipway_reader_line(reader, "volatility", row->provolatile == PROVOLATILE_STABLE ? "stable" : "immutable");
	if (row->proparallel != PROPARALLEL_UNSAFE)
		slipway_reader_line(reader, "parallel", row->proparallel == PROPARALLEL_SAFE ? "safe" : "restricted");
}

static float4
default_cost(Form_pg_proc row)
{
	return row->prolang == INTERNALlanguageId || row->prolang == ClanguageId ? 1 : 100;
}

static char *
show_float(float4 value)
{
	return DatumGetCString(DirectFunctionCall1(float4out, Float4GetDatum(value)));
}

static void
put_function_lines(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_proc row)
{
	slipway_reader_line(reader, "arguments", list_arguments(reader, rows, row));
	if (row->prokind != PROKIND_PROCEDURE)
		slipway_reader_line(reader, "returns", call_text(F_PG_GET_FUNCTION_RESULT, row->oid));
	slipway_reader_line(reader, "language", quote_identifier(get_language_name(row->prolang, false)));
	slipway_reader_flag(reader, "window", row->prokind == PROKIND_WINDOW);
	put_volatility(reader, row);
	slipway_reader_flag(reader, "strict", row->proisstrict);
	slipway_reader_flag(reader, "security definer", row->prosecdef);
	slipway_reader_flag(reader, "leakproof", row->proleakproof);
	if (row->procost != default_cost(row))
		slipway_reader_line(reader, "cost", show_float(row->procost));
	if (row->proretset && row->prorows != 1000)
		slipway_reader_line(reader, "rows", show_float(row->prorows));
	if (OidIsValid(row->prosupport))
		slipway_reader_line(reader, "support", slipway_name_routine(row->prosupport));
	put_transforms(reader, rows);
	put_settings(reader, rows);
}

static void
put_support(SlipwayReader *reader, const char *property, Oid function)
{
	if (OidIsValid(function))
		slipway_reader_line(reader, property, slipway_name_routine(function));
}

/* State of an aggregate, or of its moving form. */
static void
put_state(SlipwayReader *reader, const char *prefix, Oid type, int32 space, const char *initial)
{
	if (OidIsValid(type))
		slipway_reader_line(reader, psprintf("%sstate type", prefix), slipway_reader_type(reader, type, -1)->name);
	if (space)
		slipway_reader_number(reader, psprintf("%sstate space", prefix), space);
	slipway_reader_line(reader, psprintf("%sinitial value", prefix), initial ? quote_literal_cstr(initial) : NULL);
}

static const char *
show_modify(char modify)
{
	return modify == AGGMODIFY_READ_ONLY ? "read only" : modify == AGGMODIFY_SHAREABLE ? "shareable" : "read write";
}

static void
put_aggregate_lines(SlipwayReader *reader, Form_pg_proc row)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(row->oid));
	Form_pg_aggregate aggregate;
	char	   *initial[2] = {NULL, NULL};
	char		usual;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", row->oid);
	aggregate = (Form_pg_aggregate) GETSTRUCT(tuple);
	usual = aggregate->aggkind == AGGKIND_NORMAL ? AGGMODIFY_READ_ONLY : AGGMODIFY_READ_WRITE;
	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		value = SysCacheGetAttr(AGGFNOID, tuple, i ? Anum_pg_aggregate_aggminitval : Anum_pg_aggregate_agginitval, &isnull);

		initial[i] = isnull ? NULL : TextDatumGetCString(value);
	}
	slipway_reader_line(reader, "arguments", call_text(F_PG_GET_FUNCTION_ARGUMENTS, row->oid));
	slipway_reader_line(reader, "returns", call_text(F_PG_GET_FUNCTION_RESULT, row->oid));
	if (aggregate->aggkind != AGGKIND_NORMAL)
		slipway_reader_line(reader, "aggregate", aggregate->aggkind == AGGKIND_HYPOTHETICAL ? "hypothetical set" : "ordered set");
	put_support(reader, "state function", aggregate->aggtransfn);
	put_state(reader, "", aggregate->aggtranstype, aggregate->aggtransspace, initial[0]);
	put_support(reader, "final function", aggregate->aggfinalfn);
	slipway_reader_flag(reader, "final function with extra arguments", aggregate->aggfinalextra);
	if (aggregate->aggfinalmodify != usual)
		slipway_reader_line(reader, "final function modifies", show_modify(aggregate->aggfinalmodify));
	put_support(reader, "combine function", aggregate->aggcombinefn);
	put_support(reader, "serial function", aggregate->aggserialfn);
	put_support(reader, "deserial function", aggregate->aggdeserialfn);
	put_support(reader, "moving state function", aggregate->aggmtransfn);
	put_support(reader, "moving inverse function", aggregate->aggminvtransfn);
	put_state(reader, "moving ", aggregate->aggmtranstype, aggregate->aggmtransspace, initial[1]);
	put_support(reader, "moving final function", aggregate->aggmfinalfn);
	slipway_reader_flag(reader, "moving final function with extra arguments", aggregate->aggmfinalextra);
	if (OidIsValid(aggregate->aggmtransfn) && aggregate->aggmfinalmodify != usual)
		slipway_reader_line(reader, "moving final function modifies", show_modify(aggregate->aggmfinalmodify));
	if (OidIsValid(aggregate->aggsortop))
		slipway_reader_line(reader, "sort operator", slipway_name_operator(aggregate->aggsortop));
	ReleaseSysCache(tuple);
	if (row->proparallel != PROPARALLEL_UNSAFE)
		slipway_reader_line(reader, "parallel", row->proparallel == PROPARALLEL_SAFE ? "safe" : "restricted");
}

static const char *
kind_of(char prokind)
{
	switch (prokind)
	{
		case PROKIND_AGGREGATE:
			return "aggregate";
		case PROKIND_PROCEDURE:
			return "procedure";
		default:
			return "function";
	}
}

static void
put_routine(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_proc row, SlipwaySchema *schema)
{
	Datum		acl;
	bool		isnull;

	slipway_reader_begin(reader);
	slipway_reader_owner(reader, row->proowner);
	if (row->prokind == PROKIND_AGGREGATE)
		put_aggregate_lines(reader, row);
	else
		put_function_lines(reader, rows, row);
	acl = slipway_rows_datum(rows, Anum_pg_proc_proacl, &isnull);
	slipway_reader_grants(reader, acl, isnull, OBJECT_FUNCTION, row->proowner);
	slipway_reader_notes(reader, ProcedureRelationId, row->oid, 0);
	if (row->prokind != PROKIND_AGGREGATE)
		put_body(reader, rows, row);
	slipway_reader_add(reader, kind_of(row->prokind), slipway_name_routine(row->oid), schema->name);
}

/* Did the server make it together with a type, as the constructors of a range? */
static bool
is_of_type(SlipwayReader *reader, Oid function)
{
	bool		found = false;
	SlipwayRows rows;

	slipway_rows_open_of_object(&rows, reader, DependRelationId, DependDependerIndexId,
								Anum_pg_depend_classid, ProcedureRelationId, function);
	while (slipway_rows_next(&rows))
		if (((Form_pg_depend) GETSTRUCT(rows.tuple))->deptype == DEPENDENCY_INTERNAL)
			found = true;
	slipway_rows_close(&rows);
	return found;
}

void
slipway_snapshot_routines(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_proc row = (Form_pg_proc) GETSTRUCT(rows.tuple);
		SlipwaySchema *schema = slipway_reader_schema(reader, row->pronamespace);

		if (schema->shown && !slipway_reader_is_member(reader, ProcedureRelationId, row->oid) &&
			!(row->prolang == INTERNALlanguageId && is_of_type(reader, row->oid)))
			put_routine(reader, &rows, row, schema);
	}
	slipway_rows_close(&rows);
}
