/*
 * snapshot_privilege.c
 *	  Rights that are no part of an object of the snapshot: default privileges, and what was
 *	  granted and revoked of objects of the system and of extensions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_init_privs.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "snapshot_part.h"

/* Rights that an object had when initdb or an extension's script had ended. */
typedef struct Initial
{
	Oid			class_id;
	Oid			oid;
	int32		sub_id;
	Acl		   *acl;
} Initial;

/* A catalog with rights. */
typedef struct Grantable
{
	Oid			catalog;
	AttrNumber	oid;
	AttrNumber	sub_id;			/* 0: it has none */
	AttrNumber	owner;			/* 0: that of the relation */
	AttrNumber	acl;
	ObjectType	type;
	AttrNumber	schema;			/* 0: it is in none, or that of the relation */
} Grantable;

static ObjectType
type_of_default(char type)
{
	switch (type)
	{
		case DEFACLOBJ_RELATION:
			return OBJECT_TABLE;
		case DEFACLOBJ_SEQUENCE:
			return OBJECT_SEQUENCE;
		case DEFACLOBJ_FUNCTION:
			return OBJECT_FUNCTION;
		case DEFACLOBJ_TYPE:
			return OBJECT_TYPE;
		case DEFACLOBJ_NAMESPACE:
			return OBJECT_SCHEMA;
		default:
			return OBJECT_LARGEOBJECT;
	}
}

void
slipway_snapshot_default_privileges(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open(&rows, reader, DefaultAclRelationId, DefaultAclOidIndexId, Anum_pg_default_acl_oid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_default_acl row = (Form_pg_default_acl) GETSTRUCT(rows.tuple);
		SlipwaySchema *schema = OidIsValid(row->defaclnamespace) ? slipway_reader_schema(reader, row->defaclnamespace) : NULL;
		bool		isnull;
		Acl		   *acl;

		if (schema && !schema->shown)
			continue;
		slipway_reader_begin(reader);
		acl = DatumGetAclP(slipway_rows_datum(&rows, Anum_pg_default_acl_defaclacl, &isnull));
		/* In a schema they are added to those of the role. */
		slipway_reader_grants_beside(reader, acl,
									 schema ? make_empty_acl() : acldefault(type_of_default(row->defaclobjtype), row->defaclrole),
									 row->defaclrole);
		if (reader->definition.len == 0)
			continue;
		slipway_reader_add(reader, "default privileges", slipway_reader_identity(DefaultAclRelationId, row->oid),
						   schema ? schema->name : NULL);
	}
	slipway_rows_close(&rows);
}

static HTAB *
read_initial(SlipwayReader *reader)
{
	HASHCTL		control = {.keysize = offsetof(Initial, sub_id) + sizeof(int32), .entrysize = sizeof(Initial), .hcxt = reader->context};
	HTAB	   *table = hash_create("slipway initial privileges", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	SlipwayRows rows;

	slipway_rows_open_all(&rows, reader, InitPrivsRelationId, InvalidOid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_init_privs row = (Form_pg_init_privs) GETSTRUCT(rows.tuple);
		Initial		key = {.class_id = row->classoid, .oid = row->objoid, .sub_id = row->objsubid};
		MemoryContext old = MemoryContextSwitchTo(reader->context);
		bool		isnull;

		((Initial *) hash_search(table, &key, HASH_ENTER, NULL))->acl =
			DatumGetAclPCopy(slipway_rows_datum(&rows, Anum_pg_init_privs_initprivs, &isnull));
		MemoryContextSwitchTo(old);
	}
	slipway_rows_close(&rows);
	return table;
}

/*
 * Is it of the system, or a member of an extension that is not ours? Of rights on the information schema a
 * dump has nothing, and public is an object of the snapshot.
 */
static bool
is_wanted(SlipwayReader *reader, const Grantable *kind, const SlipwayRows *rows, Oid oid, Oid slipway)
{
	if (oid < FirstNormalObjectId)
	{
		bool		isnull;
		Oid			schema = kind->catalog == NamespaceRelationId ? oid :
			kind->catalog == AttributeRelationId ? get_rel_namespace(oid) :
			kind->schema ? DatumGetObjectId(slipway_rows_datum(rows, kind->schema, &isnull)) : PG_CATALOG_NAMESPACE;

		return schema == PG_CATALOG_NAMESPACE;
	}
	if (!slipway_reader_is_member(reader, kind->catalog == AttributeRelationId ? RelationRelationId : kind->catalog, oid))
		return false;
	return getExtensionOfObject(kind->catalog == AttributeRelationId ? RelationRelationId : kind->catalog, oid) != slipway;
}

static bool
is_same(const Acl *one, const Acl *other)
{
	return one && other && aclequal(one, other);
}

static Oid
relation_owner(Oid relation)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static void
put_grants(SlipwayReader *reader, const Grantable *kind, const SlipwayRows *rows, const Initial *key,
		   const Acl *acl, const Acl *initial)
{
	Oid			oid = key->oid;
	Oid			catalog = kind->catalog == AttributeRelationId ? RelationRelationId : kind->catalog;
	bool		isnull;
	Oid			owner = kind->owner ? DatumGetObjectId(slipway_rows_datum(rows, kind->owner, &isnull)) : relation_owner(oid);
	ObjectType	type = kind->type;
	ObjectAddress address;

	if (catalog == kind->catalog && catalog == RelationRelationId &&
		((Form_pg_class) GETSTRUCT(rows->tuple))->relkind == RELKIND_SEQUENCE)
		type = OBJECT_SEQUENCE;
	slipway_reader_grants_beside(reader, acl, initial ? initial : acldefault(type, owner), owner);
	if (reader->definition.len == 0)
		return;
	ObjectAddressSubSet(address, catalog, oid, key->sub_id);
	slipway_reader_add(reader, "grants", psprintf("%s %s", getObjectTypeDescription(&address, false),
												  getObjectIdentity(&address, false)), NULL);
}

static void
read_grantable(SlipwayReader *reader, const Grantable *kind, HTAB *initials, Oid slipway)
{
	SlipwayRows rows;

	slipway_rows_open_all(&rows, reader, kind->catalog, InvalidOid);
	while (slipway_rows_next(&rows))
	{
		bool		isnull;
		Datum		datum = slipway_rows_datum(&rows, kind->acl, &isnull);
		Initial		key = {.class_id = kind->catalog};
		Initial    *initial;
		Acl		   *acl;

		if (isnull)
			continue;
		slipway_reader_begin(reader);
		acl = DatumGetAclP(datum);
		if (kind->catalog == AttributeRelationId)
			key.class_id = RelationRelationId;
		key.oid = DatumGetObjectId(slipway_rows_datum(&rows, kind->oid, &isnull));
		key.sub_id = kind->sub_id ? DatumGetInt16(slipway_rows_datum(&rows, kind->sub_id, &isnull)) : 0;
		initial = hash_search(initials, &key, HASH_FIND, NULL);
		if (is_same(acl, initial ? initial->acl : NULL) || !is_wanted(reader, kind, &rows, key.oid, slipway))
			continue;
		put_grants(reader, kind, &rows, &key, acl, initial ? initial->acl : NULL);
	}
	slipway_rows_close(&rows);
}

void
slipway_snapshot_system_privileges(SlipwayReader *reader)
{
	static const Grantable grantables[] = {
		{RelationRelationId, Anum_pg_class_oid, 0, Anum_pg_class_relowner, Anum_pg_class_relacl, OBJECT_TABLE, Anum_pg_class_relnamespace},
		{AttributeRelationId, Anum_pg_attribute_attrelid, Anum_pg_attribute_attnum, 0, Anum_pg_attribute_attacl, OBJECT_COLUMN},
		{ProcedureRelationId, Anum_pg_proc_oid, 0, Anum_pg_proc_proowner, Anum_pg_proc_proacl, OBJECT_FUNCTION, Anum_pg_proc_pronamespace},
		{TypeRelationId, Anum_pg_type_oid, 0, Anum_pg_type_typowner, Anum_pg_type_typacl, OBJECT_TYPE, Anum_pg_type_typnamespace},
		{NamespaceRelationId, Anum_pg_namespace_oid, 0, Anum_pg_namespace_nspowner, Anum_pg_namespace_nspacl, OBJECT_SCHEMA},
		{LanguageRelationId, Anum_pg_language_oid, 0, Anum_pg_language_lanowner, Anum_pg_language_lanacl, OBJECT_LANGUAGE},
		{ForeignDataWrapperRelationId, Anum_pg_foreign_data_wrapper_oid, 0, Anum_pg_foreign_data_wrapper_fdwowner,
		Anum_pg_foreign_data_wrapper_fdwacl, OBJECT_FDW},
		{ForeignServerRelationId, Anum_pg_foreign_server_oid, 0, Anum_pg_foreign_server_srvowner,
		Anum_pg_foreign_server_srvacl, OBJECT_FOREIGN_SERVER}
	};
	HTAB	   *initials = read_initial(reader);
	Oid			slipway = get_extension_oid("pg_slipway", true);

	for (int i = 0; i < lengthof(grantables); i++)
		read_grantable(reader, &grantables[i], initials, slipway);
}
