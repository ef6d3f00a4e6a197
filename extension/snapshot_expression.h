/*
 * snapshot_expression.h
 *	  Expressions and queries of the catalogs as text, in a form that a dump and its restoration do not change.
 */
#ifndef SLIPWAY_SNAPSHOT_EXPRESSION_H
#define SLIPWAY_SNAPSHOT_EXPRESSION_H

#include "nodes/parsenodes.h"

/* Columns of a relation, for expressions that refer to them; those that were dropped are "". */
typedef struct SlipwayColumns
{
	Oid			relation;
	const char *name;
	const char **columns;
	Oid		   *types;
	Oid		   *collations;
	int			n;
} SlipwayColumns;

/* The tree of a pg_node_tree. */
extern Node *slipway_expression_read(const char *text);

/* NULL, maybe with a cast. */
extern bool slipway_expression_is_null(Node *tree);

/* An expression with columns of one relation (NULL: with none), of which nothing is locked. */
extern char *slipway_expression_show(Node *tree, const SlipwayColumns *columns);

/* The same with columns of OLD and NEW, as in a trigger. */
extern char *slipway_expression_show_old_new(Node *tree, const SlipwayColumns *columns);

/* The same of a rule with this action, whose tables keep their names to themselves. */
extern char *slipway_expression_show_condition(Node *tree, const SlipwayColumns *columns, Query *action);

/* A query; names (NULL: its own) are those of its result's columns. Locks what it refers to. */
extern char *slipway_expression_show_query(Query *query, const char *const *names, int n);

#endif							/* SLIPWAY_SNAPSHOT_EXPRESSION_H */
