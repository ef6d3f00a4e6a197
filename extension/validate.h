/*
 * validate.h
 *	  Why a run would not start: everything that is wrong, before anything runs.
 */
#ifndef SLIPWAY_VALIDATE_H
#define SLIPWAY_VALIDATE_H

#include "plan.h"
#include "script_error.h"

typedef struct SlipwayProblem
{
	const char *migration;
	ErrorData  *error;
	SlipwayPosition position;
} SlipwayProblem;

/*
 * Checks a plan and the scripts of its first nsteps steps that are pending,
 * each of which then has its outline, and so have the hooks. Of bodies and parse trees as many are
 * kept as fit into SLIPWAY_BODY_ROOM. Returns a list of SlipwayProblem in
 * the current memory context. Opens scopes of spi.h.
 */
extern List *slipway_validate_plan(SlipwayPlan *plan, int nsteps, const SlipwayProject *project,
								   bool allow_out_of_order);

/* Problems of the verify scripts of those steps. */
extern List *slipway_validate_verify(const SlipwayPlan *plan, int nsteps, const SlipwayProject *project);

/* Problems, but for variables without a value, of the down and verify scripts of what is pending. */
extern List *slipway_validate_companions(const SlipwayPlan *plan, const SlipwayProject *project);

/* Raises the first problem, saying how many more there are; none: returns. */
extern void slipway_validate_raise(List *problems);

/*
 * Outline of a script body, as slipway_outline() makes it, or NULL with its
 * problem in *problem. part is which script of the migration it is.
 */
extern SlipwayOutline *slipway_validate_script(const char *migration, const char *part, const char *body,
											   bool fixed_role, Size limit,
											   SlipwayProblem **problem);

/* The problem of a script that was begun, and has changed where it was already executed; or NULL. */
extern SlipwayProblem *slipway_validate_begun(const char *migration, const char *part, const char *body,
											  const SlipwayOutline *outline, const SlipwayProject *project);

#endif							/* SLIPWAY_VALIDATE_H */
