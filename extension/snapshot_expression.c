/*
 * snapshot_expression.c
 *	  Expressions and queries of the catalogs as text, in a form that a dump and its restoration do not change.
 *
 * Of "x IN ('a', 'b')" with x of type varchar the parser makes an array of varchar and casts it
 * as a whole to text[]. The text of that, read again, casts each element. So arrays that are
 * cast as a whole are brought into the second form, of which the text gives the same tree.
 *
 * "a BETWEEN 1 AND 2 AND b" is an AND in an AND. Of its text, "((a >= 1 AND a <= 2) AND b)", the parser
 * makes one: it joins what it finds to a first argument that is an AND. The same holds for OR.
 *
 * Of VALUES whose columns have got other names only SELECT ... FROM (VALUES ...) gives the text; read again, that is a
 * subquery. And DEFAULT NULL, as a dump writes it for a child without its parent's default, is no default, but
 * is kept as one where the type has a length.
 *
 * The server shows an expression after it has opened the relation; for 10,000 tables with a
 * check each, building their entries of the relation cache would take longer than all the rest. So an expression is
 * shown as the only column of a query on something that has columns of the same names but is no
 * relation.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/heap.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteManip.h"
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

/* If the first of what AND or OR joins is one of the same, what that joins. */
static void
flatten(BoolExpr *node)
{
	BoolExpr   *first = linitial(node->args);

	if (node->boolop != NOT_EXPR && IsA(first, BoolExpr) && first->boolop == node->boolop)
		node->args = list_concat(first->args, list_delete_first(node->args));
}

static Node *
normalize(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Query))
		return (Node *) query_tree_mutator((Query *) node, normalize, context, 0);
	node = expression_tree_mutator(node, normalize, context);
	if (IsA(node, BoolExpr))
		flatten((BoolExpr *) node);
	if (IsA(node, ArrayCoerceExpr))
	{
		ArrayCoerceExpr *cast = (ArrayCoerceExpr *) node;

		if (IsA(cast->arg, ArrayExpr) && ((ArrayExpr *) cast->arg)->elements != NIL)
			return cast_elements(cast, (ArrayExpr *) cast->arg);
	}
	return node;
}

Node *
slipway_expression_read(const char *text)
{
	return normalize(stringToNode(text), NULL);
}

/* Something with these columns, that is no relation; those of the system come behind its own. */
static RangeTblEntry *
make_source(const char *name, const SlipwayColumns *columns)
{
	RangeTblEntry *source = makeNode(RangeTblEntry);

	source->rtekind = RTE_RESULT;
	source->eref = makeAlias(name, NIL);
	for (int i = 0; i < columns->n; i++)
		source->eref->colnames = lappend(source->eref->colnames, makeString((char *) columns->columns[i]));
	for (int i = -1; i > FirstLowInvalidHeapAttributeNumber; i--)
		source->eref->colnames = lappend(source->eref->colnames,
										 makeString(NameStr(((FormData_pg_attribute *) SystemAttributeDefinition(i))->attname)));
	return source;
}

typedef struct SystemColumns
{
	int			level;			/* of queries in the expression */
	int			n;				/* columns of the source's own */
} SystemColumns;

/* Columns of the system, in place: there they are -1, -2, ... */
static bool
move_system_columns(Node *node, void *argument)
{
	SystemColumns *context = argument;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (var->varlevelsup == context->level && var->varattno < 0)
		{
			var->varattno = context->n - var->varattno;
			var->varattnosyn = var->varattno;
		}
		return false;
	}
	if (IsA(node, Query))
	{
		bool		result;

		context->level++;
		result = query_tree_walker((Query *) node, move_system_columns, context, 0);
		context->level--;
		return result;
	}
	return expression_tree_walker(node, move_system_columns, context);
}

/* Of "SELECT expression" only the expression. */
static char *
show_from(Node *tree, List *sources, const SlipwayColumns *columns)
{
	SystemColumns context = {0, columns->n};
	Query	   *query = makeNode(Query);
	char	   *shown;

	(void) move_system_columns(tree, &context);
	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->rtable = sources;
	query->jointree = makeFromExpr(NIL, NULL);
	query->targetList = list_make1(makeTargetEntry((Expr *) tree, 1, NULL, false));
	query->hasSubLinks = true;
	shown = strstr(pg_get_querydef(query, false), "SELECT");
	if (shown == NULL)
		elog(ERROR, "unexpected text of an expression");
	shown += strlen("SELECT");
	/* A blank, or the line that some expressions begin. */
	return shown + strspn(shown, " \n");
}

char *
slipway_expression_show(Node *tree, const SlipwayColumns *columns)
{
	if (columns == NULL)
		return deparse_expression(tree, NIL, false, false);
	return show_from(tree, list_make1(make_source(columns->name, columns)), columns);
}

char *
slipway_expression_show_old_new(Node *tree, const SlipwayColumns *columns)
{
	return show_from(tree, list_make2(make_source("old", columns), make_source("new", columns)), columns);
}

char *
slipway_expression_show_condition(Node *tree, const SlipwayColumns *columns, Query *action)
{
	List	   *sources = NIL;

	if (action->commandType != CMD_UTILITY)
		sources = list_copy(getInsertSelectQuery(action, NULL)->rtable);
	if (list_length(sources) < PRS2_NEW_VARNO)
		return slipway_expression_show_old_new(tree, columns);
	lfirst(list_nth_cell(sources, PRS2_OLD_VARNO - 1)) = make_source("old", columns);
	lfirst(list_nth_cell(sources, PRS2_NEW_VARNO - 1)) = make_source("new", columns);
	return show_from(tree, sources, columns);
}

/* The entry of VALUES in a query that is nothing else; NULL for others. */
static ListCell *
find_values(const Query *query)
{
	ListCell   *cell;

	foreach(cell, query->rtable)
	{
		RangeTblEntry *entry = lfirst(cell);

		if (entry->rtekind == RTE_VALUES)
			return cell;
		/* Old and new of the rule that makes a view. */
		if (entry->rtekind != RTE_RELATION || entry->inFromCl)
			return NULL;
	}
	return NULL;
}

/* A subquery that is only these values, under the same name. */
static RangeTblEntry *
make_values_subquery(RangeTblEntry *values)
{
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	RangeTblRef *reference = makeNode(RangeTblRef);
	Query	   *query = makeNode(Query);
	ListCell   *row = list_head(values->values_lists);
	AttrNumber	column = 0;
	ListCell   *cell;

	reference->rtindex = 1;
	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->rtable = list_make1(values);
	query->jointree = makeFromExpr(list_make1(reference), NULL);
	foreach(cell, (List *) lfirst(row))
	{
		Var		   *var = makeVar(1, column + 1, exprType(lfirst(cell)), exprTypmod(lfirst(cell)), exprCollation(lfirst(cell)), 0);
		char	   *name = strVal(list_nth(values->eref->colnames, column));

		column++;
		query->targetList = lappend(query->targetList, makeTargetEntry((Expr *) var, column, name, false));
	}
	entry->rtekind = RTE_SUBQUERY;
	entry->subquery = query;
	entry->alias = makeAlias(values->eref->aliasname, NIL);
	entry->eref = copyObject(values->eref);
	entry->inFromCl = true;
	return entry;
}

static void
name_target_list(Query *query, const char *const *names, int n)
{
	ListCell   *values = find_values(query);
	bool		renamed = false;
	ListCell   *cell;
	int			i = 0;

	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst(cell);

		if (entry->resjunk || i == n)
			continue;
		if (values && strcmp(strVal(list_nth(((RangeTblEntry *) lfirst(values))->eref->colnames, i)), names[i]) != 0)
			renamed = true;
		entry->resname = (char *) names[i++];
	}
	if (renamed)
		lfirst(values) = make_values_subquery(lfirst(values));
}

/* Gives the columns of the result their names; of UNION and the like, those of each side. */
static void
name_columns(Query *query, Node *set_operation, const char *const *names, int n)
{
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
	name_target_list(query, names, n);
}

bool
slipway_expression_is_null(Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_Const:
			return ((Const *) tree)->constisnull;
		case T_RelabelType:
			return slipway_expression_is_null((Node *) ((RelabelType *) tree)->arg);
		case T_CoerceViaIO:
			return slipway_expression_is_null((Node *) ((CoerceViaIO *) tree)->arg);
		case T_ArrayCoerceExpr:
			return slipway_expression_is_null((Node *) ((ArrayCoerceExpr *) tree)->arg);
		case T_FuncExpr:
			return (((FuncExpr *) tree)->funcformat == COERCE_IMPLICIT_CAST ||
					((FuncExpr *) tree)->funcformat == COERCE_EXPLICIT_CAST) && func_strict(((FuncExpr *) tree)->funcid) &&
				slipway_expression_is_null(linitial(((FuncExpr *) tree)->args));
		default:
			return false;
	}
}

char *
slipway_expression_show_query(Query *query, const char *const *names, int n)
{
	if (names)
		name_columns(query, query->setOperations, names, n);
	return pg_get_querydef(query, false);
}
