/*
 * losses.c
 *	  The data that a down script destroys.
 *
 * Small tables are counted, by a plain scan: no code of users runs for that. Of large
 * ones, of those that may not be read, or are locked, the planner's estimate has to do. Nothing here waits
 * for a lock.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/varlena.h"

#include "losses.h"
#include "settings.h"

/* Tables that the planner takes for smaller are counted. */
#define COUNT_ROWS 100000.0
#define COUNT_PAGES 8192

/* Of a script, while its statements are looked at. */
typedef struct Finder
{
	List	   *losses;
	const char *action;			/* of the statement */
	char	   *column;
} Finder;

/* Rows of a table. */
typedef struct Rows
{
	double		n;				/* negative: not known */
	bool		exact;
} Rows;

static bool
may_count(Oid table)
{
	return pg_class_aclcheck(table, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		check_enable_rls(table, InvalidOid, true) != RLS_ENABLED;
}

static double
count_rows(Relation table)
{
	TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	double		n = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		n++;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	return n;
}

/* Of a table with rows of its own that is open. */
static Rows
measure_open(Relation table)
{
	BlockNumber pages;
	double		estimate;
	double		visible;

	estimate_rel_size(table, NULL, &pages, &estimate, &visible);
	if (estimate < COUNT_ROWS && pages < COUNT_PAGES && may_count(RelationGetRelid(table)))
		return (Rows) {count_rows(table), true};
	return (Rows) {estimate, false};
}

/* What is on record of one that is locked. */
static Rows
measure_locked(Oid table)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Rows		rows = {-1, false};

	if (HeapTupleIsValid(tuple))
	{
		rows.n = ((Form_pg_class) GETSTRUCT(tuple))->reltuples;
		ReleaseSysCache(tuple);
	}
	return rows;
}

static Rows
measure_one(Oid oid)
{
	Relation	table = ConditionalLockRelationOid(oid, AccessShareLock) ? try_relation_open(oid, NoLock) : NULL;
	Rows		rows = {-1, false};

	if (table == NULL)
		return measure_locked(oid);
	if (RELKIND_HAS_TABLE_AM(table->rd_rel->relkind))
		rows = measure_open(table);
	else if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
		rows = (Rows) {0, true};
	relation_close(table, AccessShareLock);
	return rows;
}

/* A partitioned table has the rows of its partitions. */
static Rows
measure(Oid table)
{
	Rows		sum = {0, true};
	ListCell   *cell;

	if (get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE)
		return measure_one(table);
	foreach(cell, find_all_inheritors(table, NoLock, NULL))
	{
		Rows		rows = measure_one(lfirst_oid(cell));

		sum.exact = sum.exact && rows.exact;
		sum.n = sum.n < 0 || rows.n < 0 ? -1 : sum.n + rows.n;
	}
	return sum;
}

static bool
holds_data(Oid relation)
{
	char		kind = get_rel_relkind(relation);

	return kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE;
}

static void
add_loss(Finder *finder, Oid relation)
{
	SlipwayLoss *loss;
	Rows		rows;

	if (!OidIsValid(relation) || !holds_data(relation))
		return;
	rows = measure(relation);
	loss = palloc0(sizeof(SlipwayLoss));
	loss->action = finder->action;
	loss->relation = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
												get_rel_name(relation));
	loss->column = finder->column;
	loss->rows = rows.n;
	loss->exact = rows.exact;
	finder->losses = lappend(finder->losses, loss);
}

/* With its heirs, which are tables in their own right. */
static void
add_heirs(Finder *finder, Oid table)
{
	ListCell   *cell;

	foreach(cell, find_all_inheritors(table, NoLock, NULL))
		add_loss(finder, lfirst_oid(cell));
}

/* Unlike RangeVarGetRelid() this raises nothing where a schema may not be used. */
static Oid
find_relation(const RangeVar *name)
{
	Oid			schema;

	if (name->schemaname == NULL)
		return RelnameGetRelid(name->relname);
	schema = get_namespace_oid(name->schemaname, true);
	return OidIsValid(schema) ? get_relname_relid(name->relname, schema) : InvalidOid;
}

static void
look_at_drop_table(Finder *finder, const DropStmt *stmt)
{
	ListCell   *cell;

	finder->action = "drop table";
	foreach(cell, stmt->objects)
	{
		Oid			table = find_relation(makeRangeVarFromNameList(lfirst(cell)));

		if (!OidIsValid(table))
			continue;
		if (stmt->behavior == DROP_CASCADE && get_rel_relkind(table) == RELKIND_RELATION)
			add_heirs(finder, table);
		else
			add_loss(finder, table);
	}
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(get_rel_name(lfirst_oid(a)), get_rel_name(lfirst_oid(b)));
}

/* Tables of a schema but partitions. */
static List *
list_tables(Oid schema)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	List	   *tables = NIL;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);

		if (class->relnamespace == schema && !class->relispartition)
			tables = lappend_oid(tables, class->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(tables, compare_names);
	return tables;
}

static void
look_at_drop_schema(Finder *finder, const DropStmt *stmt)
{
	ListCell   *cell;
	ListCell   *table;

	finder->action = "drop table";
	if (stmt->behavior != DROP_CASCADE)
		return;
	foreach(cell, stmt->objects)
	{
		Oid			schema = get_namespace_oid(strVal(lfirst(cell)), true);

		if (!OidIsValid(schema))
			continue;
		foreach(table, list_tables(schema))
			add_loss(finder, lfirst_oid(table));
	}
}

static void
look_at_alter(Finder *finder, const AlterTableStmt *stmt)
{
	ListCell   *cell;

	finder->action = "drop column";
	foreach(cell, stmt->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);

		if (command->subtype != AT_DropColumn)
			continue;
		finder->column = command->name;
		add_loss(finder, find_relation(stmt->relation));
	}
	finder->column = NULL;
}

static void
look_at_truncate(Finder *finder, const TruncateStmt *stmt)
{
	ListCell   *cell;

	finder->action = "truncate";
	foreach(cell, stmt->relations)
		add_loss(finder, find_relation(lfirst_node(RangeVar, cell)));
}

/* What follows is looked up where the script says. */
static void
follow_search_path(const VariableSetStmt *stmt)
{
	if (stmt->kind == VAR_SET_VALUE && strcmp(stmt->name, "search_path") == 0)
		slipway_settings_put("search_path", ExtractSetVariableArgs((VariableSetStmt *) stmt),
							 PGC_USERSET, GUC_ACTION_SAVE);
}

static void
look_at(Finder *finder, const Node *stmt)
{
	if (IsA(stmt, VariableSetStmt))
		follow_search_path((const VariableSetStmt *) stmt);
	else if (IsA(stmt, DropStmt) && ((const DropStmt *) stmt)->removeType == OBJECT_TABLE)
		look_at_drop_table(finder, (const DropStmt *) stmt);
	else if (IsA(stmt, DropStmt) && ((const DropStmt *) stmt)->removeType == OBJECT_SCHEMA)
		look_at_drop_schema(finder, (const DropStmt *) stmt);
	else if (IsA(stmt, AlterTableStmt))
		look_at_alter(finder, (const AlterTableStmt *) stmt);
	else if (IsA(stmt, TruncateStmt))
		look_at_truncate(finder, (const TruncateStmt *) stmt);
	else if (IsA(stmt, DeleteStmt) && ((const DeleteStmt *) stmt)->whereClause == NULL)
	{
		finder->action = "delete";
		add_loss(finder, find_relation(((const DeleteStmt *) stmt)->relation));
	}
}

List *
slipway_losses_find(const SlipwayProject *project, const char *script, const SlipwayOutline *outline)
{
	Finder		finder = {NIL};
	Oid			user;
	int			sec_context;
	int			nest = NewGUCNestLevel();

	GetUserIdAndSecContext(&user, &sec_context);
	if (project->owner)
		SetUserIdAndSecContext(get_role_oid(project->owner, false),
							   sec_context | SECURITY_LOCAL_USERID_CHANGE);
	if (project->search_path)
		slipway_settings_put("search_path", project->search_path, PGC_USERSET, GUC_ACTION_SAVE);
	for (int i = 0; i < outline->nstatements; i++)
	{
		char	   *text = slipway_statement_text(script, &outline->statements[i]);

		look_at(&finder, slipway_statement_parse(text)->stmt);
	}
	SetUserIdAndSecContext(user, sec_context);
	AtEOXact_GUC(false, nest);
	return finder.losses;
}
