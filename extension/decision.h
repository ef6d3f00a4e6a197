/*
 * decision.h
 *	  What an administrator says of a migration by hand, on record.
 */
#ifndef SLIPWAY_DECISION_H
#define SLIPWAY_DECISION_H

#include "fmgr.h"

#include "history.h"
#include "manifest.h"
#include "privilege.h"

/* A text argument; 22004, naming it as what, if it is NULL or empty. */
extern char *slipway_decision_argument(FunctionCallInfo fcinfo, int arg, const char *what);

/*
 * The project of a decision that function ("slipway.baseline()") makes. Raises 42501 unless the
 * caller is an admin of it, SW006 if a run goes on, SW017 inside a script, 40001 in a
 * transaction that does not see the history as it is; keeps runs out to the end of the transaction.
 */
extern SlipwayProject *slipway_decision_begin(const char *function, const char *project);

/* The same for a decision that needs another right than that. */
extern SlipwayProject *slipway_decision_begin_as(const char *function, const char *project, SlipwayRight right);

/* Raises 40001 in a transaction that does not see the history of the project as it is. Opens a scope of spi.h. */
extern void slipway_decision_require_fresh(const SlipwayProject *project);

/* The event of the history that it is, for the caller to complete and append. reason may be NULL. */
extern SlipwayEvent slipway_decision_event(const SlipwayProject *project, const char *migration,
										   const char *action, const char *reason);

#endif							/* SLIPWAY_DECISION_H */
