/*
 * exec_transactional.h
 *	  Runs a transactional migration: script and record commit together.
 */
#ifndef SLIPWAY_EXEC_TRANSACTIONAL_H
#define SLIPWAY_EXEC_TRANSACTIONAL_H

#include "result.h"

/*
 * Runs a task whose script body is given and whose outline is known. last
 * says that the run ends with it. To be called in a fresh
 * transaction without a snapshot; returns in another one, with the session
 * put back, whether the script succeeded or was rolled back. Errors in putting it back
 * are raised.
 */
extern SlipwayResult slipway_exec_transactional(SlipwayRun *run, const SlipwayTask *task,
												bool last, const char *body);

#endif							/* SLIPWAY_EXEC_TRANSACTIONAL_H */
