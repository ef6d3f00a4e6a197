/*
 * cancel_blockers.h
 *	  Cancels what is in the way of a migration, where that was asked for.
 */
#ifndef SLIPWAY_CANCEL_BLOCKERS_H
#define SLIPWAY_CANCEL_BLOCKERS_H

#include "nodes/pg_list.h"

/* Whose statements may be cancelled. */
typedef struct SlipwayCancelRule
{
	bool		any;			/* workers of autovacuum */
	List	   *roles;			/* OIDs of roles, and their sessions */
} SlipwayCancelRule;

/*
 * From the text of option cancel_blockers: "none", or names of roles with commas
 * between them, perhaps no name. Raises 22023 or 42704.
 */
extern SlipwayCancelRule slipway_cancel_rule_parse(const char *text);

/*
 * A try of a migration met a lock timeout; those in its way are known to
 * blockers.h. Cancels what may be, and tells what it did and what not.
 */
extern void slipway_cancel_blockers(const SlipwayCancelRule *rule, const char *migration);

#endif							/* SLIPWAY_CANCEL_BLOCKERS_H */
