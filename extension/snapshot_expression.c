/*
 * snapshot_expression.c
 *	  Expressions and queries of the catalogs as text, in a form that a dump and its restoration do not change.
 *
 * Of "x IN ('a', 'b')" with x of type varchar the parser makes an array of varchar and casts it
 * as a whole to text[]. The text of that, read again, casts each element. So arrays that are
 * cast as a whole are brought into the second form, of which the text gives the same tree.
 *
 * The server shows an expression after it has opened the relation; for 10,000 tables with a
 * check each, building their entries of the relation cache would take longer than all the rest. So an expression is
 * shown as the only column of a query on something that has columns of the same names but is no
 * relation.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "snapshot_expression.h"

static Node *normalize(Node *node, void *context);

/* The element in place of the one that stands for all of them. */
static Node *
put_element(Node *node, void *element)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, CaseTestExpr))
		return copyObject((Node *) element);
	/* Inside, these have one of their own. */
	if (IsA(node, ArrayCoerceExpr))
	{
		ArrayCoerceExpr *inner = copyObject((ArrayCoerceExpr *) node);

		inner->arg = (Expr *) put_element((Node *) inner->arg, element);
		return (Node *) inner;
	}
	return expression_tree_mutator(node, put_element, element);
}

/* A cast that is written out. */
static Node *
make_explicit(Node *node)
{
	switch (nodeTag(node))
	{
		case T_RelabelType:
			((RelabelType *) node)->relabelformat = COERCE_EXPLICIT_CAST;
			break;
		case T_CoerceViaIO:
			((CoerceViaIO *) node)->coerceformat = COERCE_EXPLICIT_CAST;
			break;
		case T_FuncExpr:
			if (((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST)
				((FuncExpr *) node)->funcformat = COERCE_EXPLICIT_CAST;
			break;
		case T_CoerceToDomain:
			((CoerceToDomain *) node)->coercionformat = COERCE_EXPLICIT_CAST;
			break;
		default:
			break;
	}
	return node;
}

/* One element of an array that is cast as a whole; of a multidimensional one, that is an array. */
static Node *
cast_element(const ArrayCoerceExpr *cast, Node *element)
{
	ArrayCoerceExpr *inner;

	if (!IsA(element, ArrayExpr))
		return make_explicit(put_element((Node *) cast->elemexpr, element));
	inner = copyObject((ArrayCoerceExpr *) cast);
	inner->arg = (Expr *) element;
	return normalize((Node *) inner, NULL);
}

static Node *
cast_elements(const ArrayCoerceExpr *cast, const ArrayExpr *array)
{
	ArrayExpr  *result = makeNode(ArrayExpr);
	ListCell   *cell;

	result->array_typeid = cast->resulttype;
	result->array_collid = cast->resultcollid;
	result->element_typeid = get_element_type(cast->resulttype);
	result->multidims = array->multidims;
	result->location = -1;
	foreach(cell, array->elements)
		result->elements = lappend(result->elements, cast_element(cast, lfirst(cell)));
	return (Node *) result;
}

static Node *
normalize(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, normalize, context, 0);
	node = expression_tree_mutator(node, normalize, context);
	if (IsA(node, ArrayCoerceExpr))
	{
		ArrayCoerceExpr *cast = (ArrayCoerceExpr *) node;

		if (IsA(cast->arg, ArrayExpr) && ((ArrayExpr *) cast->arg)->elements != NIL && cast->resulttypmod < 0)
			return cast_elements(cast, (ArrayExpr *) cast->arg);
	}
	return node;
}

Node *
slipway_expression_read(const char *text)
{
	return normalize(stringToNode(text), NULL);
}

/* Something with these columns, that is no relation. */
static RangeTblEntry *
make_source(const char *name, const SlipwayColumns *columns)
{
	RangeTblEntry *source = makeNode(RangeTblEntry);

	source->rtekind = RTE_RESULT;
	source->eref = makeAlias(name, NIL);
	for (int i = 0; i < columns->n; i++)
		source->eref->colnames = lappend(source->eref->colnames, makeString((char *) columns->columns[i]));
	return source;
}

/* Of "SELECT expression" only the expression. */
static char *
show_from(Node *tree, List *sources)
{
	Query	   *query = makeNode(Query);
	char	   *text;

	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->rtable = sources;
	query->jointree = makeFromExpr(NIL, NULL);
	query->targetList = list_make1(makeTargetEntry((Expr *) tree, 1, NULL, false));
	query->hasSubLinks = true;
	text = pg_get_querydef(query, false);
	text = strstr(text, "SELECT ");
	if (text == NULL)
		elog(ERROR, "unexpected text of an expression");
	return text + strlen("SELECT ");
}

/* Does it refer to a row as a whole, or to a column of the system? */
static bool
needs_relation(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varattno <= 0;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, needs_relation, context, 0);
	return expression_tree_walker(node, needs_relation, context);
}

char *
slipway_expression_show(Node *tree, const SlipwayColumns *columns)
{
	if (columns == NULL)
		return deparse_expression(tree, NIL, false, false);
	if (needs_relation(tree, NULL))
		return deparse_expression(tree, deparse_context_for(columns->name, columns->relation), false, false);
	return show_from(tree, list_make1(make_source(columns->name, columns)));
}

char *
slipway_expression_show_old_new(Node *tree, const SlipwayColumns *columns)
{
	return show_from(tree, list_make2(make_source("old", columns), make_source("new", columns)));
}

/* Gives the columns of the result their names; of UNION and the like, those of each side. */
static void
name_columns(Query *query, Node *set_operation, const char *const *names, int n)
{
	ListCell   *cell;
	int			i = 0;

	if (set_operation && IsA(set_operation, SetOperationStmt))
	{
		name_columns(query, ((SetOperationStmt *) set_operation)->larg, names, n);
		name_columns(query, ((SetOperationStmt *) set_operation)->rarg, names, n);
		return;
	}
	if (set_operation)
	{
		RangeTblEntry *side = list_nth(query->rtable, ((RangeTblRef *) set_operation)->rtindex - 1);

		name_columns(side->subquery, side->subquery->setOperations, names, n);
		return;
	}
	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst(cell);

		if (!entry->resjunk && i < n)
			entry->resname = (char *) names[i++];
	}
}

char *
slipway_expression_show_query(Query *query, const char *const *names, int n)
{
	if (names)
		name_columns(query, query->setOperations, names, n);
	return pg_get_querydef(query, false);
}
