/*
 * snapshot_member.h
 *	  What belongs to an object and is shown in its definition, one line each.
 */
#ifndef SLIPWAY_SNAPSHOT_MEMBER_H
#define SLIPWAY_SNAPSHOT_MEMBER_H

#include "snapshot_reader.h"

/* Operators and functions that came with an operator class; those that were added to its family alone. */
extern void slipway_snapshot_operator_class(SlipwayReader *reader, const SlipwayRows *rows, Oid oid);
extern void slipway_snapshot_operator_family(SlipwayReader *reader, const SlipwayRows *rows, Oid oid);

/* For each type of token the dictionaries. */
extern void slipway_snapshot_search_mappings(SlipwayReader *reader, const SlipwayRows *rows, Oid oid);

/* Columns, expressions and kinds of extended statistics, which belong to their table. */
extern void slipway_snapshot_statistics_columns(SlipwayReader *reader, const SlipwayRows *rows, Oid oid);

#endif							/* SLIPWAY_SNAPSHOT_MEMBER_H */
