/*
 * run_snapshot.h
 *	  The snapshot of the schema that a run leaves behind.
 */
#ifndef SLIPWAY_RUN_SNAPSHOT_H
#define SLIPWAY_RUN_SNAPSHOT_H

#include "run.h"

/*
 * At the end of a run that has changed something, with the lock held, in a fresh transaction: stores
 * the schema as it is now, unless that is switched off. Comes back in another transaction. If it
 * does not work there is a warning, and no more: then the one that is stored is known to be
 * out of date, as it is when none was to be stored.
 *
 * cancelled: a cancel has ended the run. Then one that arrives now counts as the same and the
 * snapshot is tried again, once: the postmaster signals a backend and then its process group, which
 * is the backend again, and on a busy machine the second signal may be late.
 */
extern void slipway_run_snapshot(SlipwayRun *run, bool cancelled);

#endif							/* SLIPWAY_RUN_SNAPSHOT_H */
