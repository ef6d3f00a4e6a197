/*
 * snapshot_reader.h
 *	  What the parts of a snapshot share while the catalogs are read.
 *
 * Catalogs are scanned, not queried: in a session that has just begun planning would cost
 * more than reading, and of 100,000 columns each goes through few functions. All
 * scans use one MVCC snapshot.
 *
 * A part reads rows and, for each object, begins, writes lines and adds it:
 *
 *		slipway_reader_begin(reader);
 *		slipway_reader_line(reader, "owner", ...);
 *		slipway_reader_add(reader, "table", identity, schema);
 *
 * The current memory context is emptied by begin; what is to last goes into reader->context.
 */
#ifndef SLIPWAY_SNAPSHOT_READER_H
#define SLIPWAY_SNAPSHOT_READER_H

#include "access/genam.h"
#include "catalog/objectaddress.h"
#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/hsearch.h"
#include "utils/snapshot.h"

#include "snapshot.h"
#include "snapshot_scope.h"

typedef struct SlipwayReader
{
	MemoryContext context;		/* as long as the reading */
	MemoryContext outer;		/* the one before */
	MemoryContext scratch;		/* the current one: as long as an object */
	MemoryContext result;		/* of the objects */
	Snapshot	snapshot;
	const SlipwayScope *scope;
	HTAB	   *schemas;
	HTAB	   *roles;
	HTAB	   *types;
	HTAB	   *members;		/* of extensions */
	HTAB	   *notes;			/* comments, security labels, ... */
	HTAB	   *relations;		/* see snapshot_relation.h */
	HTAB	   *operator_classes;	/* see snapshot_index.c */
	List	   *credentials;	/* roles, as OIDs, to whom what is granted does not show */
	StringInfoData definition;	/* of the current object */
	const char *parent;			/* what it belongs to, if it is ignored with that; NULL after begin */
	SlipwayObject *objects;
	int			n;
	int			allocated;
} SlipwayReader;

/* A schema; shown is false for those of the system, of extensions' members and those out of scope. */
typedef struct SlipwaySchema
{
	Oid			oid;
	bool		shown;
	const char *name;
	const char *quoted;
} SlipwaySchema;

/* A type, with or without a modifier. */
typedef struct SlipwayType
{
	Oid			oid;
	int32		typmod;
	const char *name;
	char		storage;
	Oid			collation;
} SlipwayType;

/* Rows of a catalog in the order of one of its indexes. */
typedef struct SlipwayRows
{
	SlipwayReader *reader;
	Relation	catalog;
	TupleDesc	descriptor;
	SysScanDesc scan;
	HeapTuple	tuple;
} SlipwayRows;

/*
 * All rows whose first column in the index is an OID of which initdb gave none (rows_of: only this OID); all of
 * the catalog where the index is not by an OID.
 */
extern void slipway_rows_open(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key);
extern void slipway_rows_open_of(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key, Oid oid);
extern void slipway_rows_open_of_object(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index, AttrNumber key,
										Oid class_id, Oid oid);
extern void slipway_rows_open_all(SlipwayRows *rows, SlipwayReader *reader, Oid catalog, Oid index);
extern bool slipway_rows_next(SlipwayRows *rows);
extern void slipway_rows_close(SlipwayRows *rows);
extern Datum slipway_rows_datum(const SlipwayRows *rows, AttrNumber column, bool *isnull);

/* Text, and the expression that a pg_node_tree holds; NULL for NULL. */
extern char *slipway_rows_text(const SlipwayRows *rows, AttrNumber column);
extern Node *slipway_rows_tree(const SlipwayRows *rows, AttrNumber column);

extern SlipwayReader *slipway_reader_open(const SlipwayScope *scope, MemoryContext result);
extern void slipway_reader_close(SlipwayReader *reader);

/* The object at hand. A line is left out if its value is NULL. add() leaves out what is out of scope. */
extern void slipway_reader_begin(SlipwayReader *reader);
extern void slipway_reader_line(SlipwayReader *reader, const char *property, const char *value);
extern void slipway_reader_flag(SlipwayReader *reader, const char *property, bool yes);
extern void slipway_reader_number(SlipwayReader *reader, const char *property, int64 value);
extern void slipway_reader_block(SlipwayReader *reader, const char *property, const char *text);
extern void slipway_reader_owner(SlipwayReader *reader, Oid role);

/* An array of options "name=value", sorted; those that the server keeps for itself are left out. */
extern void slipway_reader_options(SlipwayReader *reader, const char *property, Datum options, bool isnull);

/* The same with values that may be secrets. */
extern void slipway_reader_secrets(SlipwayReader *reader, const char *property, Datum options, bool isnull);

/* NULL: it has none. */
extern const char *slipway_reader_comment(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id);

/* Comment, security labels, and extensions with which it is dropped. */
extern void slipway_reader_notes(SlipwayReader *reader, Oid class_id, Oid oid, int32 sub_id);

/* A line for each role whose rights are not those that an owner gets, and gives, by default; none for those of credentials. */
extern void slipway_reader_grants(SlipwayReader *reader, Datum acl, bool isnull, ObjectType type, Oid owner);

/* The same beside other rights than the default ones. */
extern void slipway_reader_grants_beside(SlipwayReader *reader, const Acl *acl, const Acl *usual, Oid owner);

extern void slipway_reader_add(SlipwayReader *reader, const char *kind, const char *identity, const char *schema);

/* Names. They last as long as the reader; of schemas that are gone meanwhile an error is raised. */
extern SlipwaySchema *slipway_reader_schema(SlipwayReader *reader, Oid oid);
extern const char *slipway_reader_role(SlipwayReader *reader, Oid oid);
extern const SlipwayType *slipway_reader_type(SlipwayReader *reader, Oid oid, int32 typmod);

/* name in a schema, both quoted; in the current context. */
extern char *slipway_reader_qualify(const SlipwaySchema *schema, const char *name);

/* An object as the server names it. */
extern char *slipway_reader_identity(Oid catalog, Oid oid);

/* "plain", ... for attstorage and typstorage. */
extern const char *slipway_reader_storage(char storage);

/* Names, sorted, with ", " between them. */
extern char *slipway_reader_sorted(List *names);

/* Is it a member of an extension? */
extern bool slipway_reader_is_member(SlipwayReader *reader, Oid class_id, Oid oid);

#endif							/* SLIPWAY_SNAPSHOT_READER_H */
