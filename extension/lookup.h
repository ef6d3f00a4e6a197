/*
 * lookup.h
 *	  Rows of the tracking tables by a key, as of now.
 *
 * For what every deploy asks, in a session that has just begun: a query is
 * parsed and planned there for the first time, which takes longer than all of
 * its work. Like bookkeeping queries, look-ups do not depend on the caller's
 * rights; unlike those they need no scope.
 *
 *		slipway_lookup_open(&lookup, "history");
 *		slipway_lookup_key_text(&lookup, "project", project);
 *		if (slipway_lookup_previous(&lookup)) ...
 *		slipway_lookup_close(&lookup);
 */
#ifndef SLIPWAY_LOOKUP_H
#define SLIPWAY_LOOKUP_H

#include "access/genam.h"
#include "access/skey.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#define SLIPWAY_LOOKUP_KEYS 2

typedef struct SlipwayLookup
{
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	ScanKeyData keys[SLIPWAY_LOOKUP_KEYS];
	int			nkeys;
	SysScanDesc scan;			/* NULL: it has not begun */
	HeapTuple	row;			/* the current one, or NULL */
} SlipwayLookup;

/* The OID of one of the tracking tables; 42P01 if it is gone. */
extern Oid	slipway_lookup_table(const char *name);

/* Raises 42704 if the table has lost its primary key, or that index. */
extern void slipway_lookup_open(SlipwayLookup *lookup, const char *table);
extern void slipway_lookup_open_by(SlipwayLookup *lookup, const char *table, const char *index);
extern void slipway_lookup_close(SlipwayLookup *lookup);

/* Forgets keys and place, to look for another row of the table; of the same snapshot. */
extern void slipway_lookup_again(SlipwayLookup *lookup);

/* Only rows with that value in the next column of the key; "from": or a greater one. */
extern void slipway_lookup_key_text(SlipwayLookup *lookup, const char *column, const char *value);
extern void slipway_lookup_key_hash(SlipwayLookup *lookup, const char *column, const uint8 *hash);
extern void slipway_lookup_key_int8(SlipwayLookup *lookup, const char *column, int64 value);
extern void slipway_lookup_key_from(SlipwayLookup *lookup, const char *column, int64 value);

/* Only rows without a value in it. */
extern void slipway_lookup_key_null(SlipwayLookup *lookup, const char *column);

/* Goes to the row with the greatest key, then to the one before; false: there is none. */
extern bool slipway_lookup_previous(SlipwayLookup *lookup);

/* A number of the project's row with the greatest primary key; 0 if there is none. */
extern int64 slipway_lookup_last(const char *table, const char *project, const char *column);

/* Columns of the current row. Text is palloc'd, NULL for NULL; a datum may point into the row. */
extern Datum slipway_lookup_datum(const SlipwayLookup *lookup, const char *column, bool *isnull);
extern char *slipway_lookup_text(const SlipwayLookup *lookup, const char *column);
extern int64 slipway_lookup_int8(const SlipwayLookup *lookup, const char *column);	/* 0 for NULL */
extern int	slipway_lookup_int4(const SlipwayLookup *lookup, const char *column);	/* the same */
extern bool slipway_lookup_hash(const SlipwayLookup *lookup, const char *column, uint8 *hash);

/* How the server compresses values of a column: see toast_compress_datum(). */
extern char slipway_lookup_compression(const SlipwayLookup *lookup, const char *column);

#endif							/* SLIPWAY_LOOKUP_H */
