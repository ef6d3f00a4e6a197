/*
 * carried.h
 *	  Settings that last from one unit of a migration to the next.
 */
#ifndef SLIPWAY_CARRIED_H
#define SLIPWAY_CARRIED_H

#include "nodes/pg_list.h"
#include "utils/array.h"

/*
 * What the script has SET, not LOCAL, in the units so far: a plain SET lasts to
 * the end of a migration. Begins as {NIL, context, variables}: what holds it, and what the
 * script declares.
 */
typedef struct SlipwayCarried
{
	List	   *settings;		/* opaque */
	MemoryContext context;
	const List *variables;		/* whose secret values are not kept, but their names */
} SlipwayCarried;

/* As an array of names and values by turns, to be kept for another process; and back. */
extern ArrayType *slipway_carried_array(const SlipwayCarried *carried);
extern void slipway_carried_load(SlipwayCarried *carried, ArrayType *array);

/* The identity among them, as which the script goes on; in the same context. */
extern SlipwayCarried slipway_carried_identity(const SlipwayCarried *carried);

/* Sets them inside a GUC nest level, with which they go. role: as which the script runs; InvalidOid: the current one. */
extern void slipway_carried_apply(const SlipwayCarried *carried, Oid role);

/* Adds what was SET inside that nest level, which is the current one. */
extern void slipway_carried_collect(SlipwayCarried *carried, int nest);

/*
 * For what runs without a nest level, as it commits by itself: the settings of the
 * session, in the current memory context.
 */
typedef struct SlipwayRemembered SlipwayRemembered;

extern SlipwayRemembered *slipway_carried_remember(void);

/* Sets them in the session; until the next commit an abort takes that back. */
extern void slipway_carried_set(const SlipwayCarried *carried, Oid role);

/* Adds what the session has now and did not have then. */
extern void slipway_carried_add(SlipwayCarried *carried, const SlipwayRemembered *then);

/* The settings of the session are again what they were then, as of the next commit. */
extern void slipway_carried_restore(const SlipwayRemembered *then);

#endif							/* SLIPWAY_CARRIED_H */
