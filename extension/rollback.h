/*
 * rollback.h
 *	  What CALL slipway.rollback() and CALL slipway.redo() have in common.
 */
#ifndef SLIPWAY_ROLLBACK_H
#define SLIPWAY_ROLLBACK_H

#include "run.h"
#include "task.h"

/* Looks what is to be done, with what is committed now, and checks it; sets *n, to 0 if it is nothing. */
typedef SlipwayTask *(*SlipwayRollbackLook) (SlipwayRun *run, int *n);

/*
 * From the first look to the last report: looks, waits for the turn of the run, and does it. The plan
 * is never made anew on the way: what went on meanwhile may not be meant. procedure is for messages.
 */
extern void slipway_rollback_run(SlipwayRun *run, const char *procedure, SlipwayRollbackLook look);

#endif							/* SLIPWAY_ROLLBACK_H */
