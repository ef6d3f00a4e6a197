/*
 * snapshot_reader.c
 *	  What the parts of a snapshot share while the catalogs are read.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "credential_grantee.h"
#include "snapshot_name.h"
#include "snapshot_reader.h"

/* An object, as catalogs refer to it. */
typedef struct ObjectKey
{
	Oid			class_id;
	Oid			oid;
	int32		sub_id;
} ObjectKey;

typedef struct Member
{
	ObjectKey	key;
} Member;

typedef struct Note
{
	ObjectKey	key;
	const char *comment;		/* NULL: it has none */
	List	   *labels;			/* of "provider: label" */
	List	   *extensions;		/* with which it is dropped */
} Note;

typedef struct Role
{
	Oid			oid;
	const char *name;			/* quoted */
} Role;

static HTAB *
make_table(SlipwayReader *reader, const char *name, Size key, Size entry)
{
	HASHCTL		control = {.keysize = key, .entrysize = entry, .hcxt = reader->context};

	return hash_create(name, 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static Note *
note_of(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id)
{
	ObjectKey	key = {class_id, oid, sub_id};
	bool		found;
	Note	   *note = hash_search(reader->notes, &key, HASH_ENTER, &found);

	if (!found)
	{
		note->comment = NULL;
		note->labels = NIL;
		note->extensions = NIL;
	}
	return note;
}

/* Text that lasts. */
static char *
keep_text(SlipwayReader *reader, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(reader->context);
	char	   *kept = TextDatumGetCString(value);

	MemoryContextSwitchTo(old);
	return kept;
}

static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The list, with one more, in order. */
static List *
keep_name(SlipwayReader *reader, List *names, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(reader->context);

	names = lappend(names, pstrdup(name));
	list_sort(names, compare_texts);
	MemoryContextSwitchTo(old);
	return names;
}

/* Members of an extension are what depends on it in that way; what is dropped with it depends on it in another. */
static void
read_members_of(SlipwayReader *reader, Oid extension, const char *name)
{
	SlipwayRows rows;

	slipway_rows_open_of_object(&rows, reader, DependRelationId, DependReferenceIndexId,
								Anum_pg_depend_refclassid, ExtensionRelationId, extension);
	while (slipway_rows_next(&rows))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(rows.tuple);
		ObjectKey	key = {row->classid, row->objid, 0};

		if (row->deptype == DEPENDENCY_EXTENSION)
			(void) hash_search(reader->members, &key, HASH_ENTER, NULL);
		else if (row->deptype == DEPENDENCY_AUTO_EXTENSION)
		{
			Note	   *note = note_of(reader, row->classid, row->objid, 0);

			note->extensions = keep_name(reader, note->extensions, quote_identifier(name));
		}
	}
	slipway_rows_close(&rows);
}

static void
read_members(SlipwayReader *reader)
{
	SlipwayRows rows;

	reader->members = make_table(reader, "slipway members", sizeof(ObjectKey), sizeof(Member));
	slipway_rows_open_all(&rows, reader, ExtensionRelationId, InvalidOid);
	while (slipway_rows_next(&rows))
	{
		Form_pg_extension row = (Form_pg_extension) GETSTRUCT(rows.tuple);

		read_members_of(reader, row->oid, NameStr(row->extname));
	}
	slipway_rows_close(&rows);
}

static void
add_comments(SlipwayReader *reader, SlipwayRows *rows)
{
	while (slipway_rows_next(rows))
	{
		Form_pg_description row = (Form_pg_description) GETSTRUCT(rows->tuple);
		bool		isnull;
		Datum		text = slipway_rows_datum(rows, Anum_pg_description_description, &isnull);

		note_of(reader, row->classoid, row->objoid, row->objsubid)->comment = keep_text(reader, text);
	}
	slipway_rows_close(rows);
}

/* Of what initdb has made, only schema public is shown. */
static void
read_comments(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open_of(&rows, reader, DescriptionRelationId, DescriptionObjIndexId, Anum_pg_description_objoid, PG_PUBLIC_NAMESPACE);
	add_comments(reader, &rows);
	slipway_rows_open(&rows, reader, DescriptionRelationId, DescriptionObjIndexId, Anum_pg_description_objoid);
	add_comments(reader, &rows);
}

static void
add_labels(SlipwayReader *reader, SlipwayRows *rows)
{
	while (slipway_rows_next(rows))
	{
		FormData_pg_seclabel *row = (FormData_pg_seclabel *) GETSTRUCT(rows->tuple);
		bool		isnull;
		char	   *provider = TextDatumGetCString(slipway_rows_datum(rows, Anum_pg_seclabel_provider, &isnull));
		char	   *label = TextDatumGetCString(slipway_rows_datum(rows, Anum_pg_seclabel_label, &isnull));
		Note	   *note = note_of(reader, row->classoid, row->objoid, row->objsubid);

		note->labels = keep_name(reader, note->labels, psprintf("%s: %s", quote_identifier(provider), label));
	}
	slipway_rows_close(rows);
}

static void
read_labels(SlipwayReader *reader)
{
	SlipwayRows rows;

	slipway_rows_open_of(&rows, reader, SecLabelRelationId, SecLabelObjectIndexId, Anum_pg_seclabel_objoid, PG_PUBLIC_NAMESPACE);
	add_labels(reader, &rows);
	slipway_rows_open(&rows, reader, SecLabelRelationId, SecLabelObjectIndexId, Anum_pg_seclabel_objoid);
	add_labels(reader, &rows);
}

SlipwayReader *
slipway_reader_open(const SlipwayScope *scope, MemoryContext result)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "slipway snapshot reader", ALLOCSET_DEFAULT_SIZES);
	SlipwayReader *reader = MemoryContextAllocZero(context, sizeof(SlipwayReader));

	reader->context = context;
	reader->outer = CurrentMemoryContext;
	reader->scratch = AllocSetContextCreate(context, "slipway snapshot object", ALLOCSET_DEFAULT_SIZES);
	reader->result = result;
	reader->scope = scope;
	reader->snapshot = RegisterSnapshot(GetLatestSnapshot());
	reader->schemas = make_table(reader, "slipway schemas", sizeof(Oid), sizeof(SlipwaySchema));
	reader->roles = make_table(reader, "slipway roles", sizeof(Oid), sizeof(Role));
	reader->types = make_table(reader, "slipway types", offsetof(SlipwayType, name), sizeof(SlipwayType));
	reader->notes = make_table(reader, "slipway notes", sizeof(ObjectKey), sizeof(Note));
	MemoryContextSwitchTo(context);
	reader->credentials = slipway_credential_grantees();
	MemoryContextSwitchTo(reader->scratch);
	slipway_reader_begin(reader);
	read_members(reader);
	read_comments(reader);
	read_labels(reader);
	return reader;
}

void
slipway_reader_close(SlipwayReader *reader)
{
	UnregisterSnapshot(reader->snapshot);
	MemoryContextSwitchTo(reader->outer);
	MemoryContextDelete(reader->context);
}

void
slipway_reader_begin(SlipwayReader *reader)
{
	MemoryContextReset(reader->scratch);
	initStringInfo(&reader->definition);
	reader->parent = NULL;
}

void
slipway_reader_line(SlipwayReader *reader, const char *property, const char *value)
{
	StringInfo	definition = &reader->definition;

	if (value == NULL)
		return;
	if (definition->len > 0)
		appendStringInfoChar(definition, '\n');
	appendStringInfoString(definition, property);
	appendBinaryStringInfo(definition, ": ", 2);
	appendStringInfoString(definition, value);
}

void
slipway_reader_flag(SlipwayReader *reader, const char *property, bool yes)
{
	slipway_reader_line(reader, property, yes ? "yes" : NULL);
}

void
slipway_reader_number(SlipwayReader *reader, const char *property, int64 value)
{
	slipway_reader_line(reader, property, psprintf(INT64_FORMAT, value));
}

void
slipway_reader_block(SlipwayReader *reader, const char *property, const char *text)
{
	if (text == NULL)
		return;
	slipway_reader_line(reader, property, "");
	reader->definition.data[reader->definition.len - 1] = '\n';
	appendStringInfoString(&reader->definition, text);
}

void
slipway_reader_owner(SlipwayReader *reader, Oid role)
{
	slipway_reader_line(reader, "owner", slipway_reader_role(reader, role));
}

static bool
has_text(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* "name=value" as name=quoted value, so that an end of line in it is no line of ours. */
static char *
show_option(char *option, bool secret)
{
	static const char *const harmless[] = {
		"host", "hostaddr", "port", "dbname", "user", "sslmode", "application_name", "connect_timeout", "filename",
		"format", "header", "delimiter", "schema_name", "table_name", "column_name", "fetch_size", "batch_size",
		"use_remote_estimate", "updatable", "truncatable", "async_capable", "extensions", NULL
	};
	char	   *value = strchr(option, '=');

	if (value == NULL)
		return quote_literal_cstr(option);
	*value++ = '\0';
	return psprintf("%s %s", quote_identifier(option),
					secret && !has_text(option, harmless) ? "***" : quote_literal_cstr(value));
}

static void
add_options(SlipwayReader *reader, const char *property, Datum options, bool isnull, bool secret)
{
	/* Written by some servers of 15 for themselves; not to be set, and not dumped. */
	static const char *const internal[] = {"pg_attver", NULL};
	Datum	   *values;
	char	  **shown;
	int			n;
	int			used = 0;

	if (isnull)
		return;
	deconstruct_array(DatumGetArrayTypeP(options), TEXTOID, -1, false, TYPALIGN_INT, &values, NULL, &n);
	shown = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		char	   *option = TextDatumGetCString(values[i]);
		char	   *name = pnstrdup(option, strcspn(option, "="));

		if (!has_text(name, internal))
			shown[used++] = show_option(option, secret);
	}
	qsort(shown, used, sizeof(char *), compare_strings);
	for (int i = 0; i < used; i++)
		slipway_reader_line(reader, property, shown[i]);
}

void
slipway_reader_options(SlipwayReader *reader, const char *property, Datum options, bool isnull)
{
	add_options(reader, property, options, isnull, false);
}

void
slipway_reader_secrets(SlipwayReader *reader, const char *property, Datum options, bool isnull)
{
	add_options(reader, property, options, isnull, true);
}

static Note *
find_note(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id)
{
	ObjectKey	key = {class_id, oid, sub_id};

	return hash_search(reader->notes, &key, HASH_FIND, NULL);
}

const char *
slipway_reader_comment(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id)
{
	Note	   *note = find_note(reader, class_id, oid, sub_id);

	return note ? note->comment : NULL;
}

void
slipway_reader_notes(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id)
{
	Note	   *note = find_note(reader, class_id, oid, sub_id);
	ListCell   *cell;

	if (note == NULL)
		return;
	slipway_reader_line(reader, "comment", note->comment);
	foreach(cell, note->labels)
		slipway_reader_line(reader, "security label", lfirst(cell));
	foreach(cell, note->extensions)
		slipway_reader_line(reader, "depends on extension", lfirst(cell));
}

/* The result in UTF-8, so that the same schema has the same hash whatever the encoding. */
static void
hash_part(const char *text)
{
	char	   *utf8 = pg_server_to_any(text, strlen(text), PG_UTF8);

	slipway_hash_add(SLIPWAY_PIECES_OF_OBJECT, utf8, strlen(utf8) + 1);
}

void
slipway_reader_add(SlipwayReader *reader, const char *kind, const char *identity, const char *schema)
{
	SlipwayObject *object;

	if (!slipway_scope_covers(reader->scope, kind, identity, schema, reader->parent))
		return;
	if (reader->n == reader->allocated)
	{
		reader->allocated = Max(256, 2 * reader->allocated);
		reader->objects = reader->objects ?
			repalloc_huge(reader->objects, reader->allocated * sizeof(SlipwayObject)) :
			MemoryContextAlloc(reader->result, reader->allocated * sizeof(SlipwayObject));
	}
	object = &reader->objects[reader->n++];
	object->kind = kind;
	object->identity = MemoryContextStrdup(reader->result, identity);
	object->schema = schema ? MemoryContextStrdup(reader->result, schema) : NULL;
	object->parent = reader->parent ? MemoryContextStrdup(reader->result, reader->parent) : NULL;
	object->definition = MemoryContextStrdup(reader->result, reader->definition.data);
	slipway_hash_begin(SLIPWAY_PIECES_OF_OBJECT);
	hash_part(kind);
	hash_part(identity);
	hash_part(object->definition);
	slipway_hash_end(SLIPWAY_PIECES_OF_OBJECT, object->hash);
}

/* pg_catalog, information_schema, and those of temporary and of toast tables. */
static bool
is_of_system(const char *name)
{
	return strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0;
}

SlipwaySchema *
slipway_reader_schema(SlipwayReader *reader, Oid oid)
{
	bool		found;
	SlipwaySchema *schema = hash_search(reader->schemas, &oid, HASH_ENTER, &found);

	if (!found)
	{
		HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(oid));
		const char *name;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for schema %u", oid);
		name = NameStr(((Form_pg_namespace) GETSTRUCT(tuple))->nspname);
		schema->name = MemoryContextStrdup(reader->context, name);
		schema->quoted = MemoryContextStrdup(reader->context, quote_identifier(name));
		schema->shown = !is_of_system(name) && slipway_scope_covers_schema(reader->scope, name);
		ReleaseSysCache(tuple);
	}
	return schema;
}

const char *
slipway_reader_role(SlipwayReader *reader, Oid oid)
{
	bool		found;
	Role	   *role = hash_search(reader->roles, &oid, HASH_ENTER, &found);

	if (!found)
	{
		const char *name = oid == ACL_ID_PUBLIC ? "PUBLIC" : quote_identifier(GetUserNameFromId(oid, false));

		role->name = MemoryContextStrdup(reader->context, name);
	}
	return role->name;
}

const SlipwayType *
slipway_reader_type(SlipwayReader *reader, Oid oid, int32 typmod)
{
	SlipwayType key = {.oid = oid, .typmod = typmod};
	bool		found;
	SlipwayType *type = hash_search(reader->types, &key, HASH_ENTER, &found);

	if (!found)
	{
		type->name = MemoryContextStrdup(reader->context, slipway_name_type(oid, typmod));
		type->storage = get_typstorage(oid);
		type->collation = get_typcollation(oid);
	}
	return type;
}

char *
slipway_reader_qualify(const SlipwaySchema *schema, const char *name)
{
	return psprintf("%s.%s", schema->quoted, quote_identifier(name));
}

char *
slipway_reader_identity(Oid catalog, Oid oid)
{
	ObjectAddress address;

	ObjectAddressSet(address, catalog, oid);
	return getObjectIdentity(&address, false);
}

const char *
slipway_reader_storage(char storage)
{
	switch (storage)
	{
		case TYPSTORAGE_PLAIN:
			return "plain";
		case TYPSTORAGE_EXTERNAL:
			return "external";
		case TYPSTORAGE_EXTENDED:
			return "extended";
		default:
			return "main";
	}
}

char *
slipway_reader_sorted(List *names)
{
	StringInfoData list;
	ListCell   *cell;

	list_sort(names, compare_texts);
	initStringInfo(&list);
	foreach(cell, names)
		appendStringInfo(&list, "%s%s", list.len ? ", " : "", (char *) lfirst(cell));
	return list.data;
}

bool
slipway_reader_is_member(SlipwayReader *reader, Oid class_id, Oid oid)
{
	ObjectKey	key = {class_id, oid, 0};

	return hash_search(reader->members, &key, HASH_FIND, NULL) != NULL;
}
