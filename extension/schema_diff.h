/*
 * schema_diff.h
 *	  What differs between two snapshots of a schema, object by object.
 */
#ifndef SLIPWAY_SCHEMA_DIFF_H
#define SLIPWAY_SCHEMA_DIFF_H

#include "nodes/pg_list.h"

#include "snapshot.h"

typedef struct SlipwayDifference
{
	const char *kind;
	const char *identity;
	const char *change;			/* "added", "dropped" or "changed" */
	const char *before;			/* definition; NULL: it was not there */
	const char *after;			/* definition; NULL: it is not there any more */
} SlipwayDifference;

/*
 * SlipwayDifferences, in the order of a snapshot, in the current context; texts are borrowed. That the order of a
 * table's columns has one more or less, because of a column that came or went, is no difference of the table.
 */
extern List *slipway_schema_diff(const SlipwaySnapshot *before, const SlipwaySnapshot *after);

/* The same of SlipwayObjects, ordered as in a snapshot, as far as they may differ. */
extern List *slipway_schema_diff_objects(List *before, List *after);

#endif							/* SLIPWAY_SCHEMA_DIFF_H */
