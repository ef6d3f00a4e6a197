/*
 * exec_stepwise.h
 *	  Runs a stepwise migration: unit by unit, each with its journal.
 */
#ifndef SLIPWAY_EXEC_STEPWISE_H
#define SLIPWAY_EXEC_STEPWISE_H

#include "result.h"

/*
 * Runs what the journal does not have of a task whose script body is given and whose
 * outline is known. Otherwise as slipway_exec_transactional(); an error
 * leaves the units before it committed, and what they left in the session is there for
 * another try: slipway_leftover_afterwards() is for the caller then.
 */
extern SlipwayResult slipway_exec_stepwise(SlipwayRun *run, SlipwayTask *task,
										   bool last, const char *body);

/*
 * After an error and recovery: if the server says by it that a statement refuses the transaction
 * block that it was run in, cuts the script there and returns true: to be run again.
 */
extern bool slipway_exec_stepwise_recut(SlipwayRun *run, const SlipwayTask *task,
										const char *body, const SlipwayResult *result);

/*
 * Does the error say that this statement refuses the block that it was run in? One that a function ran would be
 * refused alone as well.
 */
extern bool slipway_exec_stepwise_refuses(const SlipwayRun *run, const ErrorData *error, const Node *stmt);

#endif							/* SLIPWAY_EXEC_STEPWISE_H */
