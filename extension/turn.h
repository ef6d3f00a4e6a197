/*
 * turn.h
 *	  The turn of a run: when it has the lock, and nobody else has anything left to write.
 */
#ifndef SLIPWAY_TURN_H
#define SLIPWAY_TURN_H

#include "run.h"

/*
 * Waits for the lock of the project, without a snapshot, as long as the options allow.
 * *head is the hash of the last entry of the history, or NULL, when a plan was made; that of
 * now takes its place. True if the plan is stale: the history has grown, or something was done in part,
 * of which a process that was killed leaves no entry.
 */
extern bool slipway_turn_wait(SlipwayRun *run, char **head);

#endif							/* SLIPWAY_TURN_H */
