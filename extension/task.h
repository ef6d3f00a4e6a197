/*
 * task.h
 *	  One of the things that a run does: a script together with its record.
 */
#ifndef SLIPWAY_TASK_H
#define SLIPWAY_TASK_H

#include "datatype/timestamp.h"
#include "plan.h"

/* Actions of the history. */
#define SLIPWAY_ACTION_APPLY "apply"
#define SLIPWAY_ACTION_ROLLBACK "rollback"
#define SLIPWAY_ACTION_HOOK "hook"

/* Scripts of a migration: parts of script_error.h. */
#define SLIPWAY_PART_DOWN "down"
#define SLIPWAY_PART_VERIFY "verify"

typedef struct SlipwayTask
{
	const char *name;			/* of the migration, or the hook */
	List	   *others;			/* names of migrations that its script rolls back, too */
	List	   *others_approved_by; /* who has approved that of each: strings, or NULL */
	const char *action;			/* what the history will say was done */
	const char *part;			/* which script of the migration: see script_error.h */
	const uint8 *script;		/* hash of what is run for it */
	const char *about;			/* the migration that a hook runs for, or NULL */
	SlipwayMember *member;		/* of the manifest; its outline, if it is an up script, is this one's */
	SlipwayOutline *outline;
	const char *approved_by;	/* the script, or NULL */
	TimestampTz started_at;		/* the last try */
	TimestampTz finished_at;
	bool		verified;		/* by then; it took so long: */
	double		verified_ms;
} SlipwayTask;

/* Those of a plan whose first nsteps steps were checked, in order. Sets *n. */
extern SlipwayTask *slipway_task_list(const SlipwayPlan *plan, int nsteps, int *n);

/*
 * That hook of a manifest, checked, for a migration or for none (NULL). False: there is no
 * such hook.
 */
extern bool slipway_task_hook(const SlipwayManifest *manifest, SlipwayHook hook, const char *about,
							  SlipwayTask *task);

/* How many migrations it is about. */
extern int	slipway_task_size(const SlipwayTask *task);
extern int	slipway_task_total(const SlipwayTask *tasks, int n);

extern bool slipway_task_is_rollback(const SlipwayTask *task);

/* It is done: its outline is not needed any more. */
extern void slipway_task_release(SlipwayTask *task);

#endif							/* SLIPWAY_TASK_H */
