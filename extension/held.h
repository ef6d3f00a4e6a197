/*
 * held.h
 *	  Which locks on relations of this database this backend has acquired since it last looked.
 *
 * Also those that it held already: in a transaction of its own a statement would have had
 * to get them. Locks that a statement has given back meanwhile do not show.
 */
#ifndef SLIPWAY_HELD_H
#define SLIPWAY_HELD_H

#include "storage/lock.h"
#include "utils/palloc.h"

typedef struct SlipwayHeld
{
	Oid			relation;		/* these two are the key */
	LOCKMODE	mode;
	int64		acquired;		/* how often, in all */
	bool		again;			/* since the last look */
	int			waiters;		/* other processes in the queue for this relation */
} SlipwayHeld;

typedef void (*SlipwayHeldVisitor) (const SlipwayHeld *held, void *arg);

extern void slipway_held_begin(MemoryContext context);
extern void slipway_held_end(void);

/* Is anybody interested in the locks on that relation? */
typedef bool (*SlipwayHeldFilter) (Oid relation);

/* Looks, and visits each lock that is held. System catalogs are left out, and what the filter does not want. */
extern void slipway_held_look(SlipwayHeldFilter wanted, SlipwayHeldVisitor visit, void *arg);

#endif							/* SLIPWAY_HELD_H */
