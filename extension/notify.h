/*
 * notify.h
 *	  NOTIFY for those who want to hear of runs: setting slipway.notify.
 */
#ifndef SLIPWAY_NOTIFY_H
#define SLIPWAY_NOTIFY_H

#include "run.h"

/*
 * In the transaction that writes down that a run has begun (outcome NULL) or ended: who
 * listens hears of it when that commits. Does nothing if slipway.notify names no channel.
 */
extern void slipway_notify_run(const SlipwayRun *run, const char *outcome, int pending);

#endif							/* SLIPWAY_NOTIFY_H */
