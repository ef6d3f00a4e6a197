/*
 * guard.c
 *	  Keeps scripts away from slipway's own objects while they run.
 *
 * A role without rights on the tracking tables is stopped by the server. This
 * is for scripts that run as a superuser or as the owner of the tables, whose
 * authors would lose the record of what they did. It is not a defence against
 * a superuser who means it: slipway.verify_history() is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "error_code.h"
#include "guard.h"
#include "spi.h"

static object_access_hook_type next_object_access = NULL;
static ExecutorCheckPerms_hook_type next_check_perms = NULL;
static bool active = false;

void
slipway_guard_on(void)
{
	active = true;
}

void
slipway_guard_off(void)
{
	active = false;
}

bool
slipway_guard_active(void)
{
	return active && !slipway_spi_active();
}

/* Things that hang on a table: where their catalogs keep the table's OID. */
static const struct
{
	Oid			catalog;
	Oid			index;
	AttrNumber	oid;
	AttrNumber	relid;
}			parts[] = {
	{TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, Anum_pg_trigger_tgrelid},
	{RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, Anum_pg_rewrite_ev_class},
	{PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, Anum_pg_policy_polrelid},
	{ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid, Anum_pg_constraint_conrelid},
};

/* The table that a trigger, rule, ... belongs to; it may be of this command. */
static Oid
table_of_part(int part, Oid object)
{
	Relation	catalog = table_open(parts[part].catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			relid = InvalidOid;

	ScanKeyInit(&key, parts[part].oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, parts[part].index, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;

		relid = DatumGetObjectId(heap_getattr(tuple, parts[part].relid,
											  RelationGetDescr(catalog), &isnull));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return relid;
}

/* Does the object belong to schema slipway, or is it the schema itself? */
static bool
is_ours(Oid catalog, Oid object)
{
	Oid			ours = get_namespace_oid("slipway", true);

	if (!OidIsValid(ours))
		return false;
	if (catalog == NamespaceRelationId)
		return object == ours;
	if (catalog == ExtensionRelationId)
		return object == get_extension_oid("pg_slipway", true);
	if (catalog == RelationRelationId)
		return get_rel_namespace(object) == ours;
	if (catalog == ProcedureRelationId)
		return get_func_namespace(object) == ours;
	for (int i = 0; i < lengthof(parts); i++)
		if (parts[i].catalog == catalog)
			return get_rel_namespace(table_of_part(i, object)) == ours;
	return false;
}

static void
protect(const char *what)
{
	ereport(ERROR,
			(errcode(SLIPWAY_PROTECTED),
			 errmsg("a migration cannot change %s", what),
			 errhint("The record of a migration is written by slipway alone.")));
}

static void
guard_object(ObjectAccessType access, Oid catalog, Oid object, int column, void *arg)
{
	if (slipway_guard_active() &&
		(access == OAT_DROP || access == OAT_POST_ALTER || access == OAT_TRUNCATE ||
		 access == OAT_POST_CREATE) &&
		is_ours(catalog, object))
		protect("an object of schema slipway");
	if (next_object_access)
		next_object_access(access, catalog, object, column, arg);
}

static bool
guard_rows(SLIPWAY_CHECK_PERMS_ARGS)
{
	if (slipway_guard_active())
	{
		ListCell   *cell;

		foreach(cell, SLIPWAY_CHECK_PERMS_LIST)
		{
			SlipwayPermission *asked = lfirst(cell);

			if ((asked->requiredPerms & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) != 0 &&
				OidIsValid(asked->relid) && is_ours(RelationRelationId, asked->relid))
				protect("the tracking tables");
		}
	}
	return next_check_perms ? next_check_perms(SLIPWAY_CHECK_PERMS_PASS) : true;
}

void
slipway_guard_init(void)
{
	next_object_access = object_access_hook;
	object_access_hook = guard_object;
	next_check_perms = ExecutorCheckPerms_hook;
	ExecutorCheckPerms_hook = guard_rows;
}
