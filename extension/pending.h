/*
 * pending.h
 *	  What of a plan a run would apply.
 */
#ifndef SLIPWAY_PENDING_H
#define SLIPWAY_PENDING_H

#include "run.h"

/*
 * Plans with what is committed now. Sets *nsteps to how many steps option "to" includes: all without
 * it. Raises 22023 for a target that is not in the manifest.
 */
extern SlipwayPlan *slipway_pending_plan(SlipwayRun *run, int *nsteps);

/* How many of those steps are to be done. */
extern int	slipway_pending_count(const SlipwayPlan *plan, int nsteps);

/* A target with nothing to do before it may be a wish to go back, which a rollback is for: says so. */
extern void slipway_pending_note_beyond(const SlipwayPlan *plan, int nsteps, const char *to);

/* Raises what is wrong with those steps or their scripts, which then have their outlines. */
extern void slipway_pending_check(const SlipwayRun *run, SlipwayPlan *plan, int nsteps);

/* Of what is about to be applied, if option "out_of_order" asks for it. */
extern void slipway_pending_warn_of_order(const SlipwayRun *run, const SlipwayPlan *plan, int nsteps);

#endif							/* SLIPWAY_PENDING_H */
