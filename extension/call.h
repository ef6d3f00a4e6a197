/*
 * call.h
 *	  What CALL of each procedure that runs scripts has in common.
 */
#ifndef SLIPWAY_CALL_H
#define SLIPWAY_CALL_H

#include "fmgr.h"

#include "run.h"

/* Commits as it goes; may leave the locks of the run to be released. */
typedef void (*SlipwayCallBody) (SlipwayRun *run);

/*
 * Calls body with a run of that action that is made from the arguments, project and options
 * of the procedure "slipway.ACTION()". Raises 25001 unless it is at top level, 42501
 * unless the caller is a deployer. After an error the transaction is sound, the
 * run's row ended if nobody did, the locks and the session given back.
 */
extern void slipway_call(FunctionCallInfo fcinfo, const char *action, SlipwayCallBody body);

#endif							/* SLIPWAY_CALL_H */
