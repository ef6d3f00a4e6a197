/*
 * layout.c
 *	  What the tracking tables look like.
 *
 * Each is looked at when a session first uses it, and again when it has changed: the server
 * says so before it gives a lock on it.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "layout.h"
#include "query.h"

typedef struct Column
{
	const char *table;
	const char *name;
	Oid			type;
	bool		required;		/* it is never NULL */
} Column;

static const Column columns[] = {SLIPWAY_COLUMNS};

/* Those that were found to be sound; there are less than so many. */
static Oid	sound[64];
static int	nsound;

static bool
is_sound(Oid relation)
{
	for (int i = 0; i < nsound; i++)
		if (sound[i] == relation)
			return true;
	return false;
}

static void
forget(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || is_sound(relation))
		nsound = 0;
}

/* The first column of a table; the others follow it. */
static const Column *
find_table(const char *table)
{
	for (int i = 0; i < lengthof(columns); i++)
		if (strcmp(columns[i].table, table) == 0)
			return &columns[i];
	return NULL;
}

static const Column *
find_column(const Column *first, const char *name)
{
	if (first == NULL)
		return NULL;
	for (const Column *column = first; column < columns + lengthof(columns); column++)
	{
		if (column->table != first->table && strcmp(column->table, first->table) != 0)
			return NULL;
		if (strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

static void
check_column(const Column *column, TupleDesc descriptor, int i)
{
	Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
	bool		right_type = attribute->atttypid == column->type;

	if (right_type && (!column->required || slipway_is_never_null(descriptor, i)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("column \"%s\" of table \"slipway.%s\" was changed", column->name, column->table),
			 right_type ? errdetail("It may be NULL.") :
			 errdetail("It is of type %s, not of type %s.", format_type_be(attribute->atttypid), format_type_be(column->type)),
			 errhint("Put it back with ALTER TABLE.")));
}

static void
check_columns(Relation table)
{
	TupleDesc	descriptor = RelationGetDescr(table);
	const Column *first = find_table(RelationGetRelationName(table));

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		const Column *column = attribute->attisdropped ? NULL : find_column(first, NameStr(attribute->attname));

		/* One that somebody has added is none of ours. */
		if (column != NULL)
			check_column(column, descriptor, i);
	}
}

/* Are the rows that are read those of the table, all of them and no others, and are those that are written there? */
static void
check_rows(Relation table)
{
	const char *cause = NULL;

	if (table->rd_rules != NULL)
		cause = "It has a rule.";
	else if (table->rd_rel->relrowsecurity && table->rd_rel->relforcerowsecurity)
		cause = "It has row security, also for its owner.";
	else if (table->rd_rel->relhassubclass && find_inheritance_children(RelationGetRelid(table), NoLock) != NIL)
		cause = "Another table inherits from it.";
	if (cause)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the rows of table \"slipway.%s\" may not be its own", RelationGetRelationName(table)),
				 errdetail("%s", cause),
				 errhint("Take that away.")));
}

void
slipway_layout_check(Relation table)
{
	Oid			relation = RelationGetRelid(table);

	if (is_sound(relation))
		return;
	/* 15 lets an empty one be made a view. */
	if (table->rd_rel->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"slipway.%s\" is no table any more", RelationGetRelationName(table))));
	check_columns(table);
	check_rows(table);
	if (nsound < lengthof(sound))
		sound[nsound++] = relation;
}

void
slipway_layout_check_used(Oid relation)
{
	Relation	table;

	/* The server checks what a view returns. */
	if (relation < FirstNormalObjectId || is_sound(relation) ||
		get_rel_namespace(relation) != get_namespace_oid("slipway", true) ||
		get_rel_relkind(relation) == RELKIND_VIEW)
		return;
	table = relation_open(relation, AccessShareLock);
	slipway_layout_check(table);
	relation_close(table, AccessShareLock);
}

void
slipway_layout_init(void)
{
	CacheRegisterRelcacheCallback(forget, (Datum) 0);
}
