/*
 * snapshot_trigger.c
 *	  Triggers of a snapshot; not those of foreign keys.
 *
 * Those that a partition has from its parent are shown only where they fire otherwise.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "snapshot_name.h"
#include "snapshot_relation.h"

static char *
list_events(const SlipwayRelation *relation, Form_pg_trigger row)
{
	StringInfoData list;

	initStringInfo(&list);
	if (TRIGGER_FOR_INSERT(row->tgtype))
		appendStringInfoString(&list, "insert, ");
	if (TRIGGER_FOR_DELETE(row->tgtype))
		appendStringInfoString(&list, "delete, ");
	if (TRIGGER_FOR_UPDATE(row->tgtype))
	{
		appendStringInfoString(&list, row->tgattr.dim1 > 0 ? "update of " : "update, ");
		for (int i = 0; i < row->tgattr.dim1; i++)
			appendStringInfo(&list, "%s, ", slipway_relation_column(relation, row->tgattr.values[i]));
	}
	if (TRIGGER_FOR_TRUNCATE(row->tgtype))
		appendStringInfoString(&list, "truncate, ");
	if (list.len > 2)
		list.data[list.len - 2] = '\0';
	return list.data;
}

static char *
list_arguments(const SlipwayRows *rows, int n)
{
	bool		isnull;
	bytea	   *bytes = DatumGetByteaPP(slipway_rows_datum(rows, Anum_pg_trigger_tgargs, &isnull));
	const char *argument = VARDATA_ANY(bytes);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(argument));
		argument += strlen(argument) + 1;
	}
	return list.data;
}

/* Functions of triggers have no parameters. */
static char *
show_function(const SlipwayRows *rows, Form_pg_trigger row)
{
	Oid			schema = get_func_namespace(row->tgfoid);
	char	   *name = get_func_name(row->tgfoid);

	if (name == NULL)
		elog(ERROR, "cache lookup failed for function %u", row->tgfoid);
	return psprintf("%s.%s(%s)", slipway_name_schema(schema), quote_identifier(name), list_arguments(rows, row->tgnargs));
}

static void
put_transition(SlipwayReader *reader, const SlipwayRows *rows, AttrNumber column, const char *property)
{
	bool		isnull;
	Datum		name = slipway_rows_datum(rows, column, &isnull);

	if (!isnull)
		slipway_reader_line(reader, property, quote_identifier(NameStr(*DatumGetName(name))));
}

static const char *
show_enabled(char enabled)
{
	switch (enabled)
	{
		case TRIGGER_DISABLED:
			return "no";
		case TRIGGER_FIRES_ON_REPLICA:
			return "replica";
		case TRIGGER_FIRES_ALWAYS:
			return "always";
		default:
			return NULL;
	}
}

static void
put_lines(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_trigger row, const SlipwayRelation *relation)
{
	Node	   *condition = slipway_rows_tree(rows, Anum_pg_trigger_tgqual);

	slipway_reader_flag(reader, "constraint", OidIsValid(row->tgconstraint));
	slipway_reader_line(reader, "fires", TRIGGER_FOR_BEFORE(row->tgtype) ? "before" :
						TRIGGER_FOR_INSTEAD(row->tgtype) ? "instead of" : "after");
	slipway_reader_line(reader, "on", list_events(relation, row));
	slipway_reader_line(reader, "for each", TRIGGER_FOR_ROW(row->tgtype) ? "row" : "statement");
	put_transition(reader, rows, Anum_pg_trigger_tgoldtable, "old table");
	put_transition(reader, rows, Anum_pg_trigger_tgnewtable, "new table");
	if (OidIsValid(row->tgconstrrelid))
		slipway_reader_line(reader, "from", slipway_relation_identity(reader, row->tgconstrrelid));
	slipway_reader_flag(reader, "deferrable", row->tgdeferrable);
	slipway_reader_flag(reader, "initially deferred", row->tginitdeferred);
	if (condition)
		slipway_reader_line(reader, "when", slipway_expression_show_old_new(condition, &relation->columns));
	slipway_reader_line(reader, "function", show_function(rows, row));
}

static void
put_trigger(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_trigger row, const SlipwayRelation *relation)
{
	slipway_reader_begin(reader);
	if (!OidIsValid(row->tgparentid))
		put_lines(reader, rows, row, relation);
	slipway_reader_line(reader, "enabled", show_enabled(row->tgenabled));
	if (OidIsValid(row->tgparentid) && row->tgenabled == TRIGGER_FIRES_ON_ORIGIN)
		slipway_reader_line(reader, "enabled", "yes");
	slipway_reader_notes(reader, TriggerRelationId, row->oid, 0);
	reader->parent = relation->identity;
	slipway_reader_add(reader, "trigger", psprintf("%s on %s", quote_identifier(NameStr(row->tgname)), relation->identity),
					   relation->schema->name);
}

/* Does it fire otherwise than that of the partition's parent? */
static bool
differs_from_parent(SlipwayReader *reader, Form_pg_trigger row)
{
	bool		differs = false;
	SlipwayRows parents;

	slipway_rows_open_of(&parents, reader, TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, row->tgparentid);
	if (slipway_rows_next(&parents))
		differs = ((Form_pg_trigger) GETSTRUCT(parents.tuple))->tgenabled != row->tgenabled;
	slipway_rows_close(&parents);
	return differs;
}

void
slipway_snapshot_triggers(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, TriggerRelationId, TriggerRelidNameIndexId, Anum_pg_trigger_tgrelid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_trigger row = (Form_pg_trigger) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation;

		if (OidIsValid(row->tgparentid) ? !differs_from_parent(reader, row) : row->tgisinternal)
			continue;
		relation = slipway_relation_find(reader, row->tgrelid);
		if (relation && relation->shown)
			put_trigger(reader, &rows, row, relation);
	}
	slipway_rows_close(&rows);
}
