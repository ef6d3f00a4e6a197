/*
 * leftover.h
 *	  What a script leaves in the session, and its removal.
 *
 * Settings and roles are undone by GUC nesting (settings.h), locks by lock.h.
 * This is the rest: prepared statements, cursors, LISTEN, temporary objects, replication.
 * What the session had of them before the run stays; only currval() of every
 * sequence is forgotten.
 */
#ifndef SLIPWAY_LEFTOVER_H
#define SLIPWAY_LEFTOVER_H

#include "nodes/nodes.h"
#include "utils/palloc.h"

/* A script is about to run this utility command, from whatever depth: raises SW007 if it takes what is the caller's. */
extern void slipway_leftover_note(const Node *command);

/*
 * At the beginning of a run, in a transaction: remembers what the session
 * has. context must last as long as the run.
 */
extern void slipway_leftover_remember(MemoryContext context);

/* Had it temporary objects then? */
extern bool slipway_leftover_had_temporary(void);

/* In the script's transaction, before it commits. Runs no user code. */
extern void slipway_leftover_before_commit(void);

/* Between the units of a migration: what this one has left is for the next ones. */
extern void slipway_leftover_keep(void);

/* After a unit that failed and may be tried again: removes what it has left. */
extern void slipway_leftover_of_unit(void);

/* Between scripts that share a transaction. */
extern void slipway_leftover_between(void);

/* In the transaction after the script's, whether that committed or aborted; it may end with this, and another one begin. */
extern void slipway_leftover_afterwards(void);

/* At the end of a run, however it ends. */
extern void slipway_leftover_forget(void);

#endif							/* SLIPWAY_LEFTOVER_H */
