/*
 * observed.h
 *	  What a rehearsal has seen of a statement, and of a unit: what commits together.
 */
#ifndef SLIPWAY_OBSERVED_H
#define SLIPWAY_OBSERVED_H

#include "nodes/pg_list.h"

#include "touched.h"

typedef struct SlipwayObservedLock
{
	SlipwayTouched *of;
	LOCKMODE	mode;			/* the strongest of them */
	int			waiters;
	int			line;			/* in a unit: of the statement that took it, and when */
	double		start_ms;
	double		held_ms;		/* to the end of the unit */
} SlipwayObservedLock;

/* The outcomes of a statement. */
#define SLIPWAY_OUTCOME_OK "ok"
#define SLIPWAY_OUTCOME_PLAIN "plain"	/* of a concurrent one, as plain_form.h has it */
#define SLIPWAY_OUTCOME_NOT_REHEARSED "not_rehearsed"
#define SLIPWAY_OUTCOME_FAILED "failed"
#define SLIPWAY_OUTCOME_STOPPED "stopped"	/* see lock_hold.h */

typedef struct SlipwayObserved
{
	const char *migration;		/* NULL: of a hook for the run as a whole */
	const char *hook;			/* NULL: its own script */
	int			unit;			/* a number, through all migrations */
	int			line;
	int			column;
	char	   *statement;		/* its text, or the beginning of it */
	const char *command;		/* its tag */
	const char *outcome;
	char	   *reason;			/* or NULL */
	double		start_ms;		/* since the rehearsal began */
	double		duration_ms;
	int64		rows;			/* -1: it is about none */
	List	   *locks;			/* new in this unit: of SlipwayObservedLock */
	List	   *rewrites;		/* of SlipwayTouched */
	List	   *scans;
	List	   *drops;			/* tables that are gone */
	Node	   *tree;			/* of a utility command; or NULL */
	SlipwayTouched *target;		/* the relation that it is about, if it is one and counts; or NULL */
	LOCKMODE	target_mode;	/* strongest lock on that in the unit */
	bool		changes_rows;	/* UPDATE, DELETE */
} SlipwayObserved;

/* Sends what is known of a statement. */
extern void slipway_observed_report(const SlipwayObserved *observed);

/* Sends what a migration, or a hook for the run, has locked, and how long. */
extern void slipway_observed_report_migration(const char *migration, const char *hook, double duration_ms,
											  List *locks);

#endif							/* SLIPWAY_OBSERVED_H */
