/*
 * plain_form.c
 *	  Concurrent commands on indexes, turned into those that a transaction can hold.
 *
 * They do the same work, but keep others from writing, or reading, meanwhile. So that is
 * for small tables, or by request.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "plain_form.h"
#include "touched.h"

/* The largest of the tables that these relations, or their indexes, belong to; 0 of new ones. */
static int64
table_size(List *relations)
{
	int64		largest = 0;
	ListCell   *cell;

	foreach(cell, relations)
	{
		Oid			relation = RangeVarGetRelid(lfirst_node(RangeVar, cell), NoLock, true);
		SlipwayTouched *touched = OidIsValid(relation) ? slipway_touched(relation) : NULL;

		if (touched && touched->table != relation)
			touched = slipway_touched(touched->table);
		if (touched)
			largest = Max(largest, touched->size_bytes);
	}
	return largest;
}

static List *
without(List *params, const char *name)
{
	List	   *rest = NIL;
	ListCell   *cell;

	foreach(cell, params)
		if (strcmp(lfirst_node(DefElem, cell)->defname, name) != 0)
			rest = lappend(rest, lfirst(cell));
	return rest;
}

/* The relations that a concurrent command on indexes is about; NIL: it is none. */
static List *
relations_of(const Node *stmt)
{
	List	   *relations = NIL;
	ListCell   *cell;

	if (IsA(stmt, IndexStmt))
		return list_make1(((const IndexStmt *) stmt)->relation);
	if (IsA(stmt, ReindexStmt) && ((const ReindexStmt *) stmt)->relation)
		return list_make1(((const ReindexStmt *) stmt)->relation);
	if (IsA(stmt, DropStmt))
		foreach(cell, ((const DropStmt *) stmt)->objects)
			relations = lappend(relations, makeRangeVarFromNameList(lfirst_node(List, cell)));
	return relations;
}

static void
refuse(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg_internal("%s", message)));
}

/* A plain one would do what the concurrent one refuses, and a deploy would fail. */
static void
check_supported(const Node *stmt, List *relations)
{
	const RangeVar *name = linitial_node(RangeVar, relations);
	Oid			relation;

	if (IsA(stmt, DropStmt) && list_length(relations) > 1)
		refuse("DROP INDEX CONCURRENTLY does not support dropping multiple objects");
	if (IsA(stmt, DropStmt) && ((const DropStmt *) stmt)->behavior == DROP_CASCADE)
		refuse("DROP INDEX CONCURRENTLY does not support CASCADE");
	relation = RangeVarGetRelid(name, NoLock, true);
	if (IsA(stmt, IndexStmt) && get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE)
		refuse(psprintf("cannot create index on partitioned table \"%s\" concurrently", name->relname));
	if (IsA(stmt, DropStmt) && get_rel_relkind(relation) == RELKIND_PARTITIONED_INDEX)
		refuse(psprintf("cannot drop partitioned index \"%s\" concurrently", name->relname));
}

bool
slipway_plain_form(Node *stmt, const SlipwayOptions *options, char **reason)
{
	List	   *relations = relations_of(stmt);
	int64		size;

	if (relations == NIL)
	{
		*reason = psprintf("%s cannot run inside a transaction block", CreateCommandName(stmt));
		return false;
	}
	check_supported(stmt, relations);
	size = table_size(relations);
	if (!options->plain_indexes && size >= options->plain_indexes_below)
	{
		*reason = psprintf("its table has %s, and a plain build would lock that; see option plain_indexes",
						   TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(size))));
		return false;
	}
	if (IsA(stmt, IndexStmt))
		((IndexStmt *) stmt)->concurrent = false;
	else if (IsA(stmt, DropStmt))
		((DropStmt *) stmt)->concurrent = false;
	else
		((ReindexStmt *) stmt)->params = without(((ReindexStmt *) stmt)->params, "concurrently");
	return true;
}
