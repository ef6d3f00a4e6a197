/*
 * replication.h
 *	  What a script leaves in the session that has to do with replication.
 *
 * An origin marks all that the session writes afterwards as coming from elsewhere, so that
 * subscribers may leave it out; a temporary slot and a backup that goes on keep the WAL of the whole server.
 */
#ifndef SLIPWAY_REPLICATION_H
#define SLIPWAY_REPLICATION_H

#include "utils/palloc.h"

/* At the beginning of a run. context must last as long as the run. */
extern void slipway_replication_remember(MemoryContext context);

/* After a script, outside of its transaction or in one that goes on: all is as it was then. */
extern void slipway_replication_restore(void);

/* After an error: the slot that a function was at when it failed is free again. */
extern void slipway_replication_let_go(void);

#endif							/* SLIPWAY_REPLICATION_H */
