/*
 * plan.h
 *	  A manifest against the history: the state of every migration.
 */
#ifndef SLIPWAY_PLAN_H
#define SLIPWAY_PLAN_H

#include "hash.h"
#include "manifest.h"

typedef enum SlipwayState
{
	SLIPWAY_APPLIED,
	SLIPWAY_PENDING,
	SLIPWAY_FAILED,				/* pending, and its last try failed */
	SLIPWAY_CHANGED,			/* applied, with another script */
	SLIPWAY_MISSING,			/* applied or begun, not in the manifest, not newer */
	SLIPWAY_FUTURE,				/* applied or begun, newer than all of the manifest */
	SLIPWAY_OUT_OF_ORDER,		/* not applied, but a later one is */
	SLIPWAY_ROLLED_BACK_PART	/* its rollback has stopped part way */
} SlipwayState;

typedef struct SlipwayStep
{
	const char *name;
	SlipwayKind kind;
	SlipwayMember *member;		/* NULL: not in the manifest */
	SlipwayState state;
	bool		applied;		/* repeatable ones perhaps with another script */
	bool		failed;			/* the last try, since */
	bool		begun;			/* and has stopped part way */
	bool		undoing;		/* its rollback was, and has */
	int64		entry;			/* of the history, that says it is applied */
	uint8		applied_hash[SLIPWAY_HASH_LEN];
	Datum		applied_at;		/* timestamptz */
	Datum		duration;		/* interval */
	char	   *applied_by;
	int64		run;
	int			units_done;		/* of a stepwise one that was begun, to be applied or rolled back; 0: none */
} SlipwayStep;

typedef struct SlipwayPlan
{
	SlipwayManifest *manifest;
	SlipwayStep *steps;			/* versioned ones, members and what only history knows, in order; then
								 * the repeatable ones */
	int			n;
	int			pending;		/* in states pending, failed and out of order */
	int			future;
} SlipwayPlan;

/*
 * Compares, in the current memory context, with what is committed now. Opens
 * a scope of spi.h. Of a manifest that was read as SLIPWAY_PART_UNAPPLIED, and
 * leaves members out, all others are pending: the history need not be read.
 */
extern SlipwayPlan *slipway_plan_make(const char *project, SlipwayManifest *manifest);

/* The step of that name; 22023, with the nearest name, if there is none. */
extern SlipwayStep *slipway_plan_require(const SlipwayPlan *plan, const char *project, const char *name);

/* Would migrate run it? */
extern bool slipway_step_pending(const SlipwayStep *step);

/*
 * The problem that this step is for a run, raised as an error; nothing if it
 * is none. With allow_out_of_order that state is none.
 */
extern void slipway_step_check(const SlipwayStep *step, bool allow_out_of_order);

/* Raises SW002 if the manifest does not have it. */
extern void slipway_step_require_member(const SlipwayStep *step);

/* The name of a member that is most like this one, or NULL. */
extern const char *slipway_plan_nearest(const SlipwayPlan *plan, const char *name);

/* "applied", "pending", ... */
extern const char *slipway_state_name(SlipwayState state);

#endif							/* SLIPWAY_PLAN_H */
