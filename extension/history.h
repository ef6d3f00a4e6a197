/*
 * history.h
 *	  The append-only record of what runs did.
 */
#ifndef SLIPWAY_HISTORY_H
#define SLIPWAY_HISTORY_H

#include "actor.h"
#include "datatype/timestamp.h"
#include "project.h"
#include "script_error.h"

typedef struct SlipwayEvent
{
	const SlipwayProject *project;
	const SlipwayActor *actor;
	int64		run;
	const char *migration;
	const char *action;			/* "apply", ...: see task.h */
	const char *outcome;		/* "succeeded", "failed", "interrupted" */
	const uint8 *script_hash;
	const uint8 *manifest_hash;
	TimestampTz started_at;
	TimestampTz finished_at;
	const ErrorData *error;		/* NULL, or why it failed */
	SlipwayPosition position;	/* of the error */
	const char *reason;			/* of what was done by hand, or NULL */
	const char *variables;		/* a JSON object, as jsonb writes it, or NULL */
	const char *direction;		/* of an approval: which script of the migration; or NULL */
	const char *approved_by;	/* who has approved what ran, where that was required; or NULL */
} SlipwayEvent;

/*
 * Appends an entry to the project's chain, in the current transaction. Inside a
 * scope of spi.h. Holds the chain's lock to the end of the transaction: to be
 * the last thing done in it.
 */
extern void slipway_history_append(const SlipwayEvent *event);

/* Number and, unless NULL, hash of the newest entry of a project; 0 if there is none. */
extern int64 slipway_history_last(const char *project, uint8 *hash);

/* Actions of approval.h. */
#define SLIPWAY_ACTION_APPROVE "approve"
#define SLIPWAY_ACTION_WITHDRAW "withdraw_approval"
#define SLIPWAY_ACTION_REQUIRE "require_approval"
#define SLIPWAY_ACTION_WAIVE "waive_approval"

/* Can what is applied be another since an entry with that action? */
extern bool slipway_history_moves(const char *action);

/*
 * Is that entry of a project the last one that says what is applied? Steps of its credential, and approvals,
 * do not.
 */
extern bool slipway_history_rests(const char *project, int64 entry);

/* Hash of the newest entry in hex, NULL if there is none. */
extern char *slipway_history_head(const SlipwayProject *project);

#endif							/* SLIPWAY_HISTORY_H */
