/*
 * exec_verify.h
 *	  Runs the verify script of a migration, and takes back whatever it did.
 */
#ifndef SLIPWAY_EXEC_VERIFY_H
#define SLIPWAY_EXEC_VERIFY_H

#include "run.h"
#include "script_error.h"

/*
 * Outline of the verify script of that hash, and its body, in the current memory context.
 * Raises what is wrong with it before it runs, as of a check: also that it was not uploaded, or
 * that it would run in steps.
 */
extern SlipwayOutline *slipway_verify_outline(const char *migration, const uint8 *script, bool fixed_role,
											  char **body);

/* Raises, as of a check, that the script of this outline would run in steps. */
extern void slipway_verify_check(const char *migration, const SlipwayOutline *outline);

/* Is the verify script to run with this task? Many have none. */
extern bool slipway_verify_wanted(const SlipwayRun *run, const SlipwayTask *task);

/* Runs a verify script in a subtransaction of the current block, which is always rolled back. */
extern void slipway_exec_verify(SlipwayRun *run, const char *migration, const uint8 *script);

/*
 * The same for a task of the run, whose own script has run, at place, which is the current one. Its error says that it is
 * verification that failed.
 */
extern void slipway_exec_verify_task(SlipwayRun *run, SlipwayPlace *place, SlipwayTask *task);

/* Tells that a task was verified, if so; when that was committed. */
extern void slipway_exec_verify_report(const SlipwayTask *task);

#endif							/* SLIPWAY_EXEC_VERIFY_H */
