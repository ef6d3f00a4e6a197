/*
 * snapshot.h
 *	  The schema of the database as rows, and one fingerprint over all of them.
 *
 * An object is what can change by itself: a table, each of its columns, a constraint, an index, ...
 * Its definition is text, a line "property: value" for each property that is not at its default;
 * queries and bodies stand at the end, under the line "query:" or "body:". There are no OIDs in it, nothing that
 * depends on the session or on who asks, and nothing that a dump and its restoration change.
 * Definitions may differ between majors of the server.
 *
 * "columns:" of a table and "attributes:" of a composite type list names in their order, with ", " between them; only
 * "owner:" and "type: composite" come before. This is the one property that also changes when another object, a column,
 * comes or goes.
 */
#ifndef SLIPWAY_SNAPSHOT_H
#define SLIPWAY_SNAPSHOT_H

#include "hash.h"
#include "ignore.h"

typedef struct SlipwayObject
{
	const char *kind;			/* "table", "column", ...; a constant */
	const char *identity;		/* qualified and quoted, unique within its kind */
	const char *schema;			/* its schema's name, not quoted; NULL: it is in none */
	const char *parent;			/* identity of the relation that it belongs to, and is ignored with; or NULL */
	const char *definition;
	uint8		hash[SLIPWAY_HASH_LEN];	/* over kind, identity and definition */
} SlipwayObject;

typedef struct SlipwaySnapshot
{
	int			n;
	SlipwayObject *objects;		/* ordered by kind, then identity, byte by byte */
	uint8		fingerprint[SLIPWAY_HASH_LEN];	/* over the server's major version and the hashes */
} SlipwaySnapshot;

/*
 * Reads what the project covers, in the state that the current transaction sees now (its own
 * changes included), into the context. ignore: what is left out. Locks what views and
 * rules refer to as a query would, while it reads, and waits for each lock_timeout ms (0: without limit).
 * Reads again when somebody changed the schema meanwhile; then, or when it waits too long for a lock, an
 * error may be raised. SW012 if there is no such project. Must not be called inside a scope of spi.h.
 */
extern SlipwaySnapshot *slipway_snapshot_take(const char *project, const SlipwayIgnore *ignore, int lock_timeout,
											  MemoryContext context);

#endif							/* SLIPWAY_SNAPSHOT_H */
