/*
 * losses.c
 *	  The data that a down script destroys.
 *
 * Small tables are counted, by a plain scan: no code of users runs for that. Of large
 * ones, of those that may not be read, or are locked, the planner's estimate has to do. Nothing here waits
 * for a lock.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/heap.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
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
#include "query.h"
#include "settings.h"
#include "spi.h"

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

/* What is on record of one that is locked, or a temporary table of another session. */
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
	if (RELATION_IS_OTHER_TEMP(table))
		rows = measure_locked(oid);
	else if (RELKIND_HAS_TABLE_AM(table->rd_rel->relkind))
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

	char	   *name;
	ListCell   *cell;

	if (!OidIsValid(relation) || !holds_data(relation))
		return;
	name = get_rel_name(relation);
	/* Dropped by others meanwhile */
	if (name == NULL)
		return;
	name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
	foreach(cell, finder->losses)
	{
		const SlipwayLoss *known = lfirst(cell);

		/* named, and taken by CASCADE as well */
		if (strcmp(known->action, finder->action) == 0 && strcmp(known->relation, name) == 0 &&
			(known->column == NULL) == (finder->column == NULL) &&
			(known->column == NULL || strcmp(known->column, finder->column) == 0))
			return;
	}
	rows = measure(relation);
	loss = palloc0(sizeof(SlipwayLoss));
	loss->action = finder->action;
	loss->relation = name;
	loss->column = finder->column;
	loss->rows = rows.n;
	loss->exact = rows.exact;
	finder->losses = lappend(finder->losses, loss);
}

static void
add_column(Finder *finder, Oid relation, char *column)
{
	if (!OidIsValid(relation) || get_attnum(relation, column) == InvalidAttrNumber)
		return;
	finder->action = "drop column";
	finder->column = column;
	add_loss(finder, relation);
	finder->column = NULL;
}

/* What goes with an object that is dropped: by CASCADE, or anyhow. */
static void
add_cascade(Finder *finder, Oid catalog, Oid object, bool cascade)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CASCADE_DATA, 3, {OIDOID, OIDOID, BOOLOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	uint64		rows;
	Oid		   *tables;
	char	  **columns;

	slipway_arg_datum(&args, ObjectIdGetDatum(catalog), false);
	slipway_arg_datum(&args, ObjectIdGetDatum(object), false);
	slipway_arg_datum(&args, BoolGetDatum(cascade), false);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	tables = MemoryContextAlloc(caller, Max(rows, 1) * sizeof(Oid));
	columns = MemoryContextAllocZero(caller, Max(rows, 1) * sizeof(char *));
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *column = slipway_row_text(i, 2);
		bool		isnull;

		tables[i] = DatumGetObjectId(slipway_row_datum(i, 1, &isnull));
		columns[i] = column ? MemoryContextStrdup(caller, column) : NULL;
	}
	slipway_spi_end();
	for (uint64 i = 0; i < rows; i++)
	{
		finder->action = "drop table";
		if (columns[i])
			add_column(finder, tables[i], columns[i]);
		else if (tables[i] != object)
			add_loss(finder, tables[i]);
	}
}

/* A table that is emptied, and its heirs: they have rows of their own. Those of other sessions stay. */
static void
add_emptied(Finder *finder, const RangeVar *name, Oid table)
{
	ListCell   *cell;

	if (!OidIsValid(table))
		return;
	if (name->inh && get_rel_relkind(table) == RELKIND_RELATION)
	{
		foreach(cell, find_all_inheritors(table, NoLock, NULL))
		{
			if (!isOtherTempNamespace(get_rel_namespace(lfirst_oid(cell))))
				add_loss(finder, lfirst_oid(cell));
		}
	}
	else
		add_loss(finder, table);
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

	foreach(cell, stmt->objects)
	{
		Oid			table = find_relation(makeRangeVarFromNameList(lfirst(cell)));

		finder->action = "drop table";
		add_loss(finder, table);
		if (OidIsValid(table) && holds_data(table) && stmt->behavior == DROP_CASCADE)
			add_cascade(finder, RelationRelationId, table, true);
	}
}

/* As find_relation(). */
static Oid
find_type(const TypeName *name)
{
	char	   *schema_name;
	char	   *type_name;
	Oid			schema;

	DeconstructQualifiedName(name->names, &schema_name, &type_name);
	if (schema_name == NULL)
		return TypenameGetTypid(type_name);
	schema = get_namespace_oid(schema_name, true);
	return OidIsValid(schema) ? GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(type_name),
												ObjectIdGetDatum(schema)) : InvalidOid;
}

/* What others live in, or are made of. */
static void
look_at_drop(Finder *finder, const DropStmt *stmt)
{
	bool		cascade = stmt->behavior == DROP_CASCADE;
	ListCell   *cell;

	foreach(cell, stmt->objects)
	{
		Oid			catalog = InvalidOid;
		Oid			object = InvalidOid;

		switch (stmt->removeType)
		{
			case OBJECT_SCHEMA:
				catalog = NamespaceRelationId;
				object = get_namespace_oid(strVal(lfirst(cell)), true);
				break;
			case OBJECT_EXTENSION:
				catalog = ExtensionRelationId;
				object = get_extension_oid(strVal(lfirst(cell)), true);
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				catalog = TypeRelationId;
				object = find_type(lfirst_node(TypeName, cell));
				break;
			default:
				break;
		}
		/* Only an extension has tables of its own. */
		if (OidIsValid(object) && (cascade || catalog == ExtensionRelationId))
			add_cascade(finder, catalog, object, cascade);
	}
}

/* The columns of heirs go, too, unless they have them by themselves. */
static void
add_inherited_columns(Finder *finder, Oid table, char *column)
{
	ListCell   *cell;

	foreach(cell, find_all_inheritors(table, NoLock, NULL))
	{
		Oid			heir = lfirst_oid(cell);
		HeapTuple	tuple = heir == table ? NULL : SearchSysCacheAttName(heir, column);

		if (!HeapTupleIsValid(tuple))
			continue;
		if (!((Form_pg_attribute) GETSTRUCT(tuple))->attislocal)
			add_column(finder, heir, column);
		ReleaseSysCache(tuple);
	}
}

static void
look_at_alter(Finder *finder, const AlterTableStmt *stmt)
{
	Oid			table = find_relation(stmt->relation);
	ListCell   *cell;

	foreach(cell, stmt->cmds)
	{
		const AlterTableCmd *command = lfirst_node(AlterTableCmd, cell);

		if (command->subtype != AT_DropColumn || !OidIsValid(table))
			continue;
		add_column(finder, table, command->name);
		if (stmt->relation->inh && get_rel_relkind(table) == RELKIND_RELATION)
			add_inherited_columns(finder, table, command->name);
	}
}

static void
look_at_truncate(Finder *finder, const TruncateStmt *stmt)
{
	List	   *tables = NIL;
	ListCell   *cell;

	finder->action = "truncate";
	foreach(cell, stmt->relations)
	{
		const RangeVar *name = lfirst_node(RangeVar, cell);
		Oid			table = find_relation(name);

		add_emptied(finder, name, table);
		if (OidIsValid(table) && holds_data(table))
			tables = list_append_unique_oid(tables, table);
	}
	/* Those that refer to them, and so on. */
	for (int known = 0; stmt->behavior == DROP_CASCADE && known < list_length(tables);)
	{
		List	   *more = heap_truncate_find_FKs(tables);

		known = list_length(tables);
		foreach(cell, more)
			add_loss(finder, lfirst_oid(cell));
		tables = list_concat_unique_oid(tables, more);
	}
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
	else if (IsA(stmt, DropStmt))
		look_at_drop(finder, (const DropStmt *) stmt);
	else if (IsA(stmt, AlterTableStmt))
		look_at_alter(finder, (const AlterTableStmt *) stmt);
	else if (IsA(stmt, TruncateStmt))
		look_at_truncate(finder, (const TruncateStmt *) stmt);
	else if (IsA(stmt, DeleteStmt) && ((const DeleteStmt *) stmt)->whereClause == NULL)
	{
		const RangeVar *name = ((const DeleteStmt *) stmt)->relation;

		finder->action = "delete";
		add_emptied(finder, name, find_relation(name));
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
