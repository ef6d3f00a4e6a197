/*
 * touched.h
 *	  Relations that a rehearsal has to do with, as they were before it.
 *
 * Only those count that were there before, are not the server's or slipway's own, and
 * not temporary; the parts of a table that hold its large values belong to the table.
 */
#ifndef SLIPWAY_TOUCHED_H
#define SLIPWAY_TOUCHED_H

#include "storage/lockdefs.h"
#include "utils/palloc.h"

typedef struct SlipwayTouched
{
	Oid			oid;			/* the key */
	bool		counts;			/* else the rest is not filled in */
	char	   *name;			/* qualified and quoted */
	char		kind;			/* relkind */
	struct SlipwayTouched *parent;	/* of a partition: its table, if that is known, too */
	Oid			table;			/* that it is an index of; else itself */
	int64		size_bytes;		/* with the large values, without indexes; of a partitioned table all of it */
	double		rows;			/* as last counted; -1: never */
	Oid			before_node;	/* its file */
	float4		before_rows;	/* as the catalog has them */
	Oid			node;			/* the same, as last seen */
	bool		used;			/* locked, perhaps once more, since it was looked at */
	bool		written;		/* rows of it, or of all its partitions */
	bool		dropped;		/* by the rehearsal */
	bool		truncated;		/* by the rehearsal, which is no rewrite */
	int64		scans;			/* statistics of this transaction, as last seen */
	int64		tuples;
	/* in the unit that goes on, which would begin without locks: */
	LOCKMODE	mode;			/* the strongest; 0: none */
	int			line;			/* of the statement that took it */
	double		start_ms;
	int			waiters;		/* at most, after any statement of it */
} SlipwayTouched;

/* A rehearsal begins, with a context that lasts as long; it ends. */
extern void slipway_touched_begin(MemoryContext context);
extern void slipway_touched_end(void);

/* The transaction is about to be rolled back: from now on none is looked up any more. */
extern void slipway_touched_stop(void);

/*
 * Behind that, in a new transaction: ANALYZE and CREATE INDEX overwrite the number of rows in the catalog in a
 * way that no rollback undoes, with one that counts what was rolled back. Waits for no lock.
 */
extern void slipway_touched_put_back(void);

/*
 * Before each statement: once the transaction may have a snapshot, remembers what the catalogs are like. Of no
 * use before a statement that sets what kind of transaction it is.
 */
extern void slipway_touched_look(void);

/* The relation of that OID, looked up at its first call; NULL if it does not count. */
extern SlipwayTouched *slipway_touched(Oid relation);

/* All that count and are there in that moment, in no order. The caller must not add any. */
typedef void (*SlipwayTouchedVisitor) (SlipwayTouched *touched, void *arg);
extern void slipway_touched_each(SlipwayTouchedVisitor visit, void *arg);

/* "table", "index", ... */
extern const char *slipway_touched_kind(const SlipwayTouched *touched);

/* Does it stand for a whole table, or one of its kind? */
extern bool slipway_touched_is_table(const SlipwayTouched *touched);

/* Was it dropped since the last call? */
extern bool slipway_touched_dropped(SlipwayTouched *touched);

/* Of an index that was dropped: is there another one now under its name, which was built anew, as ALTER TABLE does it? */
extern bool slipway_touched_rebuilt(const SlipwayTouched *touched);

/* Since the last call: was its file replaced, and not by TRUNCATE? */
extern bool slipway_touched_rewritten(SlipwayTouched *touched);

/*
 * Since the last call: was it read as a whole, or as good as that? What reads in parallel counts only
 * what this process has read. A utility command reads no parts of tables.
 */
extern bool slipway_touched_scanned(SlipwayTouched *touched, bool utility);

#endif							/* SLIPWAY_TOUCHED_H */
