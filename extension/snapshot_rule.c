/*
 * snapshot_rule.c
 *	  Rules of a snapshot, but for those that make a view: these are the view's query.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_rewrite.h"
#include "rewrite/rewriteDefine.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"

#include "snapshot_relation.h"

static const char *
show_event(char event)
{
	switch (event - '0')
	{
		case CMD_SELECT:
			return "select";
		case CMD_UPDATE:
			return "update";
		case CMD_INSERT:
			return "insert";
		default:
			return "delete";
	}
}

/* The actions of the rule, each with a semicolon. */
static char *
show_actions(List *actions)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, actions)
		appendStringInfo(&list, "%s%s;", list.len ? "\n" : "", slipway_expression_show_query(lfirst_node(Query, cell), NULL, 0));
	return list.len ? list.data : NULL;
}

static void
put_rule(SlipwayReader *reader, const SlipwayRows *rows, Form_pg_rewrite row, const SlipwayRelation *relation)
{
	Node	   *condition;
	List	   *actions;

	slipway_reader_begin(reader);
	actions = (List *) slipway_rows_tree(rows, Anum_pg_rewrite_ev_action);
	slipway_reader_line(reader, "on", show_event(row->ev_type));
	slipway_reader_flag(reader, "instead", row->is_instead);
	if (row->ev_enabled != RULE_FIRES_ON_ORIGIN)
		slipway_reader_line(reader, "enabled", row->ev_enabled == RULE_DISABLED ? "no" :
							row->ev_enabled == RULE_FIRES_ALWAYS ? "always" : "replica");
	condition = slipway_rows_tree(rows, Anum_pg_rewrite_ev_qual);
	if (condition)
		slipway_reader_line(reader, "where",
							slipway_expression_show_condition(condition, &relation->columns, linitial_node(Query, actions)));
	slipway_reader_notes(reader, RewriteRelationId, row->oid, 0);
	slipway_reader_block(reader, "query", show_actions(actions));
	reader->parent = relation->identity;
	slipway_reader_add(reader, "rule", psprintf("%s on %s", quote_identifier(NameStr(row->rulename)), relation->identity),
					   relation->schema->name);
}

void
slipway_snapshot_rules(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, RewriteRelationId, RewriteRelRulenameIndexId, Anum_pg_rewrite_ev_class);
	while (slipway_rows_next(&rows))
	{
		Form_pg_rewrite row = (Form_pg_rewrite) GETSTRUCT(rows.tuple);
		SlipwayRelation *relation;

		if (strcmp(NameStr(row->rulename), ViewSelectRuleName) == 0)
			continue;
		relation = slipway_relation_find(reader, row->ev_class);
		if (relation && relation->shown)
			put_rule(reader, &rows, row, relation);
	}
	slipway_rows_close(&rows);
}
