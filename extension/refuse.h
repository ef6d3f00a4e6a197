/*
 * refuse.h
 *	  What the parse tree of a statement says about running it in a migration.
 */
#ifndef SLIPWAY_REFUSE_H
#define SLIPWAY_REFUSE_H

#include "nodes/parsenodes.h"

typedef enum SlipwayNature
{
	SLIPWAY_ORDINARY,			/* runs in a transaction with others */
	SLIPWAY_ALONE,				/* refuses a transaction block */
	SLIPWAY_BEGIN,				/* BEGIN or START TRANSACTION */
	SLIPWAY_COMMIT
} SlipwayNature;

/*
 * Classifies a statement. Raises SW007 for what no script may do: end the
 * engine's transaction otherwise than by COMMIT, reset the session, talk to
 * the client's terminal, call the engine; SW017 for dropping it; with
 * fixed_role, also for changing the role.
 */
extern SlipwayNature slipway_refuse_check(const RawStmt *raw, bool fixed_role);

/* Does it wait for transactions of others that have nothing to do with it? CONCURRENTLY and VACUUM do. */
extern bool slipway_refuse_waits_long(const Node *stmt);

/*
 * Raises SW007 for statements that reset the session of the caller: to be
 * asked again when they run, as a function may hide them.
 */
extern void slipway_refuse_reset(const Node *stmt);

#endif							/* SLIPWAY_REFUSE_H */
