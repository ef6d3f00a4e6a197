/*
 * requirement.h
 *	  What scripts require of others: directive requires.
 */
#ifndef SLIPWAY_REQUIREMENT_H
#define SLIPWAY_REQUIREMENT_H

#include "check.h"

/* Adds a problem for each requirement of the steps that is not met, as the server does before a run. */
void		slipway_requirement_check(SlipwayCheck *check, const SlipwayStateList *states);

#endif
