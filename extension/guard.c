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
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "copy_inline.h"
#include "error_code.h"
#include "guard.h"
#include "journal.h"
#include "layout.h"
#include "observe.h"
#include "outside.h"
#include "own_catalog.h"
#include "side_effect.h"
#include "spi.h"

static object_access_hook_type next_object_access = NULL;
static ExecutorCheckPerms_hook_type next_check_perms = NULL;
static bool active = false;
static bool running = false;		/* a run goes on, whose scripts may have planted something */
static bool maintaining = false;
static bool committing = false; /* nothing can be looked at any more afterwards */

void
slipway_guard_on(void)
{
	active = running = true;
	maintaining = committing = false;
	slipway_own_catalog_forget();
}

void
slipway_guard_commit(void)
{
	slipway_guard_on();
	committing = true;
}

void
slipway_guard_off(void)
{
	active = false;
}

void
slipway_guard_end(void)
{
	active = running = false;
}

bool
slipway_guard_maintaining(void)
{
	return maintaining;
}

bool
slipway_guard_maintain(const Node *command)
{
	maintaining = IsA(command, VacuumStmt) || IsA(command, ClusterStmt) || IsA(command, ReindexStmt);
	return maintaining;
}

void
slipway_guard_maintained(bool before)
{
	maintaining = before;
}

bool
slipway_guard_active(void)
{
	return slipway_outside_runs() ? running : active && !slipway_spi_active();
}

/* Functions of indexes run meanwhile, but what makes these needs a command, which would end it. */
static bool
is_maintained(Oid catalog)
{
	return maintaining &&
		(catalog == RelationRelationId || catalog == TypeRelationId || catalog == ConstraintRelationId);
}

/*
 * Where catalogs keep the schema of an object, or the table that it hangs on.
 * They are read with SnapshotSelf, as what a command makes is not visible to
 * the caches before its end.
 */
static const struct
{
	Oid			catalog;
	Oid			index;
	AttrNumber	oid;
	AttrNumber	parent;
	bool		parent_is_table;
}			places[] = {
	{RelationRelationId, ClassOidIndexId, Anum_pg_class_oid, Anum_pg_class_relnamespace, false},
	{ProcedureRelationId, ProcedureOidIndexId, Anum_pg_proc_oid, Anum_pg_proc_pronamespace, false},
	{TypeRelationId, TypeOidIndexId, Anum_pg_type_oid, Anum_pg_type_typnamespace, false},
	{OperatorRelationId, OperatorOidIndexId, Anum_pg_operator_oid, Anum_pg_operator_oprnamespace, false},
	{TriggerRelationId, TriggerOidIndexId, Anum_pg_trigger_oid, Anum_pg_trigger_tgrelid, true},
	{RewriteRelationId, RewriteOidIndexId, Anum_pg_rewrite_oid, Anum_pg_rewrite_ev_class, true},
	{PolicyRelationId, PolicyOidIndexId, Anum_pg_policy_oid, Anum_pg_policy_polrelid, true},
	{ConstraintRelationId, ConstraintOidIndexId, Anum_pg_constraint_oid, Anum_pg_constraint_conrelid, true},
	{StatisticExtRelationId, StatisticExtOidIndexId, Anum_pg_statistic_ext_oid, Anum_pg_statistic_ext_stxrelid, true},
	{StatisticExtRelationId, StatisticExtOidIndexId, Anum_pg_statistic_ext_oid, Anum_pg_statistic_ext_stxnamespace, false},
	{CollationRelationId, CollationOidIndexId, Anum_pg_collation_oid, Anum_pg_collation_collnamespace, false},
	{ConversionRelationId, ConversionOidIndexId, Anum_pg_conversion_oid, Anum_pg_conversion_connamespace, false},
	{OperatorClassRelationId, OpclassOidIndexId, Anum_pg_opclass_oid, Anum_pg_opclass_opcnamespace, false},
	{OperatorFamilyRelationId, OpfamilyOidIndexId, Anum_pg_opfamily_oid, Anum_pg_opfamily_opfnamespace, false},
	{TSConfigRelationId, TSConfigOidIndexId, Anum_pg_ts_config_oid, Anum_pg_ts_config_cfgnamespace, false},
	{TSDictionaryRelationId, TSDictionaryOidIndexId, Anum_pg_ts_dict_oid, Anum_pg_ts_dict_dictnamespace, false},
	{TSParserRelationId, TSParserOidIndexId, Anum_pg_ts_parser_oid, Anum_pg_ts_parser_prsnamespace, false},
	{TSTemplateRelationId, TSTemplateOidIndexId, Anum_pg_ts_template_oid, Anum_pg_ts_template_tmplnamespace, false},
	{DefaultAclRelationId, DefaultAclOidIndexId, Anum_pg_default_acl_oid, Anum_pg_default_acl_defaclnamespace, false},
};

static Oid
read_parent(int place, Oid object)
{
	Relation	catalog = table_open(places[place].catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			parent = InvalidOid;

	ScanKeyInit(&key, places[place].oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, places[place].index, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;

		parent = DatumGetObjectId(heap_getattr(tuple, places[place].parent,
											   RelationGetDescr(catalog), &isnull));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return parent;
}

static bool
is_our_table(Oid relid)
{
	Oid			ours = get_namespace_oid("slipway", true);

	return OidIsValid(ours) && OidIsValid(relid) && get_rel_namespace(relid) == ours;
}

/* Does the object belong to schema slipway, before or after this command? */
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
	if ((catalog == RelationRelationId && is_our_table(object)) ||
		(catalog == ProcedureRelationId && get_func_namespace(object) == ours))
		return true;
	for (int i = 0; i < lengthof(places); i++)
	{
		if (places[i].catalog == catalog)
		{
			Oid			parent = read_parent(i, object);

			if (places[i].parent_is_table ? is_our_table(parent) : parent == ours)
				return true;
		}
	}
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

/* What inherits from one of our tables is read with it; the hook is told of the heir, and of the table besides. */
static bool
is_our_heir(Oid catalog, Oid heir, const ObjectAccessPostAlter *arg)
{
	return catalog == InheritsRelationId && (is_our_table(heir) || is_our_table(arg->auxiliary_id));
}

static void
guard_object(ObjectAccessType access, Oid catalog, Oid object, int column, void *arg)
{
	if (slipway_guard_active() && !is_maintained(catalog) &&
		(access == OAT_DROP || access == OAT_POST_ALTER || access == OAT_TRUNCATE ||
		 access == OAT_POST_CREATE) &&
		(is_ours(catalog, object) || (access == OAT_POST_ALTER && is_our_heir(catalog, object, arg))))
		protect("an object of schema slipway");
	if (access == OAT_POST_CREATE && column == 0)
		slipway_journal_made(catalog, object);
	else if (access == OAT_TRUNCATE)
		slipway_observe_truncate(object);
	else if (access == OAT_FUNCTION_EXECUTE)
		slipway_side_effect_function(object);
	if (next_object_access)
		next_object_access(access, catalog, object, column, arg);
}

/* Which relation a name means is looked up only where it can be one of ours. */
static void
protect_table(const RangeVar *name)
{
	Oid			ours = get_namespace_oid("slipway", true);

	if (OidIsValid(ours) && OidIsValid(get_relname_relid(name->relname, ours)) &&
		is_our_table(RangeVarGetRelid(name, NoLock, true)))
		protect("an object of schema slipway");
}

static bool
names_us(List *names)
{
	ListCell   *cell;

	foreach(cell, names)
		if (IsA(lfirst(cell), String) && strcmp(strVal(lfirst(cell)), "slipway") == 0)
			return true;
	return false;
}

/* What GRANT names: the server looks it up in the same way, and says if it is not there. */
static bool
is_grant_on_ours(ObjectType type, Node *object)
{
	if (IsA(object, RangeVar))
		return is_our_table(RangeVarGetRelid((RangeVar *) object, NoLock, true));
	if (IsA(object, ObjectWithArgs))
		return is_ours(ProcedureRelationId, LookupFuncWithArgs(type, (ObjectWithArgs *) object, true));
	if (IsA(object, List))
	{
		TypeName   *name = makeTypeNameFromNameList((List *) object);

		return is_ours(TypeRelationId, LookupTypeNameOid(NULL, name, true));
	}
	return false;
}

static void
guard_grant(const GrantStmt *stmt)
{
	ListCell   *cell;
	bool		ours = (stmt->targtype == ACL_TARGET_ALL_IN_SCHEMA || stmt->objtype == OBJECT_SCHEMA) &&
		names_us(stmt->objects);

	if (stmt->targtype == ACL_TARGET_OBJECT)
		foreach(cell, stmt->objects)
			ours |= is_grant_on_ours(stmt->objtype, lfirst(cell));
	if (ours)
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot grant or revoke privileges on objects of schema slipway"),
				 errhint("Use slipway.grant_role().")));
}

/* Commands that write down something about an object, of which no hook is told. */
static void
guard_remark(ObjectType type, Node *object)
{
	Relation	relation = NULL;
	ObjectAddress address;

	/* One that does not exist is a warning. */
	if (type == OBJECT_DATABASE)
		return;
	address = get_object_address(type, object, &relation, AccessShareLock, true);
	if (relation)
		table_close(relation, NoLock);
	if (OidIsValid(address.objectId) && is_ours(address.classId, address.objectId))
		protect("an object of schema slipway");
}

static bool
is_current_schema(Oid schema)
{
	List	   *path = fetch_search_path(false);

	return path != NIL && linitial_oid(path) == schema;
}

/* A table that is published with conditions refuses updates; of what is published no hook is told. */
static void
guard_publication(List *objects)
{
	Oid			ours = get_namespace_oid("slipway", true);
	ListCell   *cell;

	foreach(cell, objects)
	{
		const PublicationObjSpec *object = lfirst_node(PublicationObjSpec, cell);

		if (object->pubobjtype == PUBLICATIONOBJ_TABLE)
			protect_table(object->pubtable->relation);
		else if (object->pubobjtype == PUBLICATIONOBJ_TABLES_IN_SCHEMA ? strcmp(object->name, "slipway") == 0 :
				 is_current_schema(ours))
			protect("an object of schema slipway");
	}
}

void
slipway_guard_utility(const Node *command)
{
	if (IsA(command, AlterTableStmt))
		protect_table(((const AlterTableStmt *) command)->relation);
	else if (IsA(command, GrantStmt))
		guard_grant((const GrantStmt *) command);
	else if (IsA(command, CommentStmt))
		guard_remark(((const CommentStmt *) command)->objtype, ((const CommentStmt *) command)->object);
	else if (IsA(command, SecLabelStmt))
		guard_remark(((const SecLabelStmt *) command)->objtype, ((const SecLabelStmt *) command)->object);
	else if (IsA(command, AlterObjectDependsStmt) && ((const AlterObjectDependsStmt *) command)->relation == NULL)
		guard_remark(((const AlterObjectDependsStmt *) command)->objectType, ((const AlterObjectDependsStmt *) command)->object);
	else if (IsA(command, CreatePublicationStmt))
		guard_publication(((const CreatePublicationStmt *) command)->pubobjects);
	else if (IsA(command, AlterPublicationStmt))
		guard_publication(((const AlterPublicationStmt *) command)->pubobjects);
	else if ((IsA(command, AlterExtensionStmt) &&
			  strcmp(((const AlterExtensionStmt *) command)->extname, "pg_slipway") == 0) ||
			 (IsA(command, AlterExtensionContentsStmt) &&
			  strcmp(((const AlterExtensionContentsStmt *) command)->extname, "pg_slipway") == 0))
		protect("extension pg_slipway");
}

/* Of the tables that a query of ours uses: what it returns is read as what it should be. */
static void
check_layouts(List *used)
{
	ListCell   *cell;

	foreach(cell, used)
		slipway_layout_check_used(((const SlipwayPermission *) lfirst(cell))->relid);
}

static bool
guard_rows(SLIPWAY_CHECK_PERMS_ARGS)
{
	if (slipway_spi_active())
		check_layouts(SLIPWAY_CHECK_PERMS_LIST);
	if (slipway_guard_active())
	{
		ListCell   *cell;

		foreach(cell, SLIPWAY_CHECK_PERMS_LIST)
		{
			SlipwayPermission *asked = lfirst(cell);
			bool		writes = (asked->requiredPerms & (ACL_INSERT | ACL_UPDATE | ACL_DELETE)) != 0;

			if (writes && is_our_table(asked->relid))
				protect("the tracking tables");
			if (writes)
			{
				if (committing && IsCatalogRelationOid(asked->relid))
					protect("catalogs while it commits");
				if (slipway_spi_active() && IsCatalogRelationOid(asked->relid))
					protect("catalogs in the middle of slipway's own work");
				slipway_own_catalog_write(asked->relid);
				slipway_side_effect_write();
			}
			slipway_observe_access(asked->relid, writes);
		}
	}
	if (next_check_perms && !next_check_perms(SLIPWAY_CHECK_PERMS_PASS))
		return false;
	slipway_copy_inline_allowed();
	return true;
}

bool
slipway_guard_sees_rows(void)
{
	return ExecutorCheckPerms_hook == guard_rows;
}

void
slipway_guard_init(void)
{
	next_object_access = object_access_hook;
	object_access_hook = guard_object;
	next_check_perms = ExecutorCheckPerms_hook;
	ExecutorCheckPerms_hook = guard_rows;
}
