/*
 * perform.h
 *	  Runs the tasks of a run, one after another, under the lock.
 */
#ifndef SLIPWAY_PERFORM_H
#define SLIPWAY_PERFORM_H

#include "run.h"

/*
 * With the lock held: opens the run, unless there is no task, and runs them. False
 * if the lock was lost on the way: then the run has ended, the plan is stale, and
 * a task may be done in part. The error of a task that cannot be tried again is
 * recorded and raised.
 */
extern bool slipway_perform(SlipwayRun *run, SlipwayTask *tasks, int n);

/* Begins the event that tells the client how a run has ended. */
extern void slipway_perform_begin_done(const SlipwayRun *run, StringInfo json);

#endif							/* SLIPWAY_PERFORM_H */
