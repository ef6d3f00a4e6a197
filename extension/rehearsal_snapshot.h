/*
 * rehearsal_snapshot.h
 *	  The schema before a rehearsal, and in it when all has run.
 */
#ifndef SLIPWAY_REHEARSAL_SNAPSHOT_H
#define SLIPWAY_REHEARSAL_SNAPSHOT_H

#include "run.h"
#include "snapshot.h"

/*
 * As the current transaction sees it, in run->context; NULL, with a warning, if it cannot be read, or not in the time that
 * locks may still be held; or without the option. Nobody waits for a lock for it for longer than for a statement.
 */
extern SlipwaySnapshot *slipway_rehearsal_snapshot(SlipwayRun *run);

/* Sends what differs, if there are both. */
extern void slipway_rehearsal_report_difference(const SlipwaySnapshot *before, const SlipwaySnapshot *after);

#endif							/* SLIPWAY_REHEARSAL_SNAPSHOT_H */
