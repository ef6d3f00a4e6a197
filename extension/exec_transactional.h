/*
 * exec_transactional.h
 *	  Runs scripts that commit together with their records.
 */
#ifndef SLIPWAY_EXEC_TRANSACTIONAL_H
#define SLIPWAY_EXEC_TRANSACTIONAL_H

#include "result.h"

/*
 * Runs tasks whose outlines are known in one transaction; body is the script of the
 * first. last says that the run ends with it. To be called in a fresh
 * transaction without a snapshot; returns in another one, with the session
 * put back, whether the scripts succeeded or were rolled back. Errors in putting it back
 * are raised.
 */
extern SlipwayResult slipway_exec_transactional(SlipwayRun *run, SlipwayTask *const *tasks, int n,
												bool last, const char *body);

#endif							/* SLIPWAY_EXEC_TRANSACTIONAL_H */
