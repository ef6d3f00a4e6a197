/*
 * stored_snapshot.h
 *	  Snapshots in the tracking tables: that of the last run, and those with a name.
 */
#ifndef SLIPWAY_STORED_SNAPSHOT_H
#define SLIPWAY_STORED_SNAPSHOT_H

#include "nodes/pg_list.h"

#include "ignore.h"
#include "snapshot.h"

typedef struct SlipwayStoredSnapshot
{
	const char *project;
	const char *name;			/* NULL: that of the last run */
	int64		number;
	int64		run;			/* the last one when it was taken; 0: there was none */
	uint8		fingerprint[SLIPWAY_HASH_LEN];
	int			server_version;	/* as server_version_num */
	SlipwayIgnore ignore;		/* what it has left out */
	bool		outdated;		/* a run has changed something since, and stored none */
} SlipwayStoredSnapshot;

/* All of these are for inside a scope of spi.h; what they return is in the context. False: there is none. */
extern bool slipway_stored_find(SlipwayStoredSnapshot *stored, MemoryContext context, const char *project,
								const char *name);

/*
 * Stores what was taken under a name (NULL: as that of the last run), in the place of what that had. Only what
 * differs from that is written.
 */
extern void slipway_stored_write(const char *project, const char *name, const SlipwaySnapshot *taken,
								 const SlipwayIgnore *ignore, const char *role);

/* False: there was none. */
extern bool slipway_stored_drop(const char *project, const char *name);

/*
 * What of taken is not stored with the snapshot, and what is stored and not in taken: SlipwayObjects, ordered as
 * in a snapshot; those that are stored are without hash.
 */
extern void slipway_stored_compare(const SlipwayStoredSnapshot *stored, const SlipwaySnapshot *taken,
								   MemoryContext context, List **only_taken, List **only_stored);

#endif							/* SLIPWAY_STORED_SNAPSHOT_H */
