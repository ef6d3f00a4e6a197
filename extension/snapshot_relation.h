/*
 * snapshot_relation.h
 *	  Relations of a snapshot, with what their parts need to know of them.
 */
#ifndef SLIPWAY_SNAPSHOT_RELATION_H
#define SLIPWAY_SNAPSHOT_RELATION_H

#include "access/htup.h"
#include "catalog/pg_class.h"

#include "snapshot_expression.h"
#include "snapshot_reader.h"

typedef struct SlipwayRelation
{
	Oid			oid;
	bool		shown;			/* it is an object of the snapshot, and so are its parts */
	HeapTuple	tuple;			/* of pg_class; NULL unless it is shown or an index */
	Form_pg_class form;			/* in that */
	SlipwaySchema *schema;
	const char *identity;
	SlipwayColumns columns;
	bool	   *inherited;		/* of each column: it has a parent's */
	char	  **not_null;		/* of each column: what there is to say of its constraint, or NULL; NULL: of none */
	List	   *parents;		/* OIDs, in order */
	const char *clustered_on;	/* name of an index, not quoted */
	const char *replica_identity;	/* the same */
	const char **column_options;	/* of an index: of its operator classes; NULL: none has any */
	List	   *statistics;		/* of an index: targets of its columns, as text */
	HeapTuple	index;			/* of an index: its row of pg_index */
	bool		of_constraint;	/* the same: it is the constraint's own */
} SlipwayRelation;

/* NULL if it is none of the snapshot's, as those of the system and members of extensions. */
extern SlipwayRelation *slipway_relation_find(SlipwayReader *reader, Oid oid);

/* Reads pg_class, pg_inherits and the columns' names; adds nothing. */
extern void slipway_relation_read(SlipwayReader *reader);

/* A relation's identity, whatever it is. */
extern const char *slipway_relation_identity(SlipwayReader *reader, Oid oid);

/* Name of a column, quoted. */
extern const char *slipway_relation_column(const SlipwayRelation *relation, AttrNumber column);

/*
 * Columns in their order. Of a child only its own: where those of parents stand depends on
 * what was added when.
 */
extern char *slipway_relation_columns(const SlipwayRelation *relation);

/* Parts of a snapshot; each adds its objects. */
extern void slipway_snapshot_sequences(SlipwayReader *reader);
extern void slipway_snapshot_not_nulls(SlipwayReader *reader);	/* before columns; adds nothing */
extern const char *slipway_snapshot_domain_not_null(SlipwayReader *reader, Oid domain, const char *name);	/* "yes", or more */
extern void slipway_snapshot_columns(SlipwayReader *reader);
extern void slipway_snapshot_indexes_read(SlipwayReader *reader);	/* adds nothing */
extern void slipway_snapshot_constraints(SlipwayReader *reader);
extern void slipway_snapshot_indexes(SlipwayReader *reader);
extern void slipway_snapshot_relations(SlipwayReader *reader);
extern void slipway_snapshot_rules(SlipwayReader *reader);
extern void slipway_snapshot_triggers(SlipwayReader *reader);
extern void slipway_snapshot_policies(SlipwayReader *reader);

/* What makes a table one of partitions, a partition, or a child. */
extern void slipway_snapshot_partition_lines(SlipwayReader *reader, const SlipwayRelation *relation);

/* A column or an expression of the key of an index or of a partitioned table. */
typedef struct SlipwayKey
{
	const char *text;
	Oid			type;
	Oid			collation;
} SlipwayKey;

/* column 0: the next one of expressions. */
extern void slipway_snapshot_key(SlipwayKey *key, const SlipwayRelation *table, AttrNumber column,
								 const List *expressions, ListCell **next);

/* Appends collation and operator class, where they are not the default ones; options of the class, or NULL. */
extern void slipway_snapshot_key_rest(SlipwayReader *reader, StringInfo text, const SlipwayKey *key,
									  Oid collation, Oid operator_class, const char *options);

/* Properties of an index, which may be a constraint's: operators are those of one that excludes, or NULL. */
extern void slipway_snapshot_index_lines(SlipwayReader *reader, SlipwayRelation *index, Oid *operators);

#endif							/* SLIPWAY_SNAPSHOT_RELATION_H */
