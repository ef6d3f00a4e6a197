/*
 * approval.h
 *	  What somebody other than who uploaded it has to approve before it runs.
 *
 * A project can require that. Both that and the approvals are entries of its history: whoever
 * changes them later breaks the chain. What is approved is a script, by its hash, for a migration and a
 * direction: it stays so, for any number of runs, until that is withdrawn.
 */
#ifndef SLIPWAY_APPROVAL_H
#define SLIPWAY_APPROVAL_H

#include "descent.h"
#include "run.h"

/* Directions: those of parts of script_error.h, and this. */
#define SLIPWAY_DIRECTION_UP "up"

typedef struct SlipwayApproval
{
	const char *migration;		/* or hook */
	const char *direction;
	const uint8 *script;
	char	   *approved_by;	/* NULL: it is not */
	char	   *body_by;		/* who has uploaded the script; NULL: it is not here */
	char	   *uploaded_by;	/* who has uploaded the migration with it; NULL: it is no script of that */
	Datum		uploaded_at;	/* timestamptz, unless both are NULL */
	const char **teller;		/* where to put approved_by, too; or NULL */
} SlipwayApproval;

/* Does the project require approvals? */
extern bool slipway_approval_required(const char *project);

/* Adds a script to a list of SlipwayApproval; migration and script must last as long. */
extern List *slipway_approval_add(List *approvals, const char *migration, const char *direction, const uint8 *script,
								  const char **teller);

/*
 * Fills in who has approved and uploaded them. runner: who is about to run them, or NULL. Opens a scope
 * of spi.h.
 */
extern void slipway_approval_read(const char *project, List *approvals, const char *runner);

/* The scripts that a run of the first steps of a plan needs: with those of hooks, if it has anything to do. */
extern List *slipway_approval_list(const SlipwayPlan *plan, int nsteps, bool with_verify, bool with_down);

/*
 * Must what the run executes have been approved? A rehearsal and a verification, which are rolled back, need no
 * approval where they run scripts as their caller, who could do so anyway.
 */
extern bool slipway_approval_applies(const SlipwayRun *run);

/*
 * A run begins to look at what it is to do: finds out whether that must have been approved; if so, or where the caller
 * could not have written it and has not the rights that it runs with, sees to it that the values of variables are no SQL.
 */
extern void slipway_approval_begin(SlipwayRun *run);

/* Raise SW008 unless everything that the run is to execute was approved; note by whom. */
extern void slipway_approval_check_plan(const SlipwayRun *run, const SlipwayPlan *plan, int nsteps);
extern void slipway_approval_check_descent(const SlipwayRun *run, SlipwayDescent *descent);
extern void slipway_approval_check(const SlipwayRun *run, List *approvals);

#endif							/* SLIPWAY_APPROVAL_H */
