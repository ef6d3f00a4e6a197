/*
 * requirement.h
 *	  What scripts require of others: directive requires.
 */
#ifndef SLIPWAY_REQUIREMENT_H
#define SLIPWAY_REQUIREMENT_H

#include "plan.h"

/*
 * Step number i of a plan, which is pending and has an outline as all pending ones before it have, must find
 * applied what its script requires: raises SW027, placed, if not. Nothing is put into another order. Opens a
 * scope of spi.h where the manifest was read in part.
 */
extern void slipway_requirement_check(const SlipwayPlan *plan, int i, const char *project);

#endif							/* SLIPWAY_REQUIREMENT_H */
