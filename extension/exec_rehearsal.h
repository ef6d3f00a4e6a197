/*
 * exec_rehearsal.h
 *	  Runs the scripts of a plan in one transaction, watches them, and rolls all of it back.
 */
#ifndef SLIPWAY_EXEC_REHEARSAL_H
#define SLIPWAY_EXEC_REHEARSAL_H

#include "observed.h"
#include "result.h"
#include "snapshot.h"

/* What has been seen, in run->context. */
typedef struct SlipwayRehearsal
{
	List	   *statements;		/* of SlipwayObserved */
	List	   *units;			/* their locks: lists of SlipwayObservedLock, in the order of their numbers */
	int			migrations;
	int			not_rehearsed;	/* statements */
	double		duration_ms;	/* of the statements */
	SlipwaySnapshot *before;	/* the schema before and at the end; or NULL */
	SlipwaySnapshot *after;
	SlipwayResult result;
} SlipwayRehearsal;

/*
 * With the project's lock held, in a transaction without a snapshot; comes back in a fresh one, without
 * the lock. Sends what it sees on the way. rehearsal->result.error is why it ended early, or NULL.
 */
extern void slipway_exec_rehearsal(SlipwayRun *run, SlipwayTask *tasks, int n, SlipwayRehearsal *rehearsal);

/* After an error: nothing watches any more. */
extern void slipway_exec_rehearsal_forget(void);

#endif							/* SLIPWAY_EXEC_REHEARSAL_H */
