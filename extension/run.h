/*
 * run.h
 *	  One execution of a plan, and its row in slipway.run.
 */
#ifndef SLIPWAY_RUN_H
#define SLIPWAY_RUN_H

#include "actor.h"
#include "cancel_blockers.h"
#include "history.h"
#include "lock.h"
#include "options.h"
#include "task.h"
#include "terms.h"

typedef struct SlipwayRun
{
	const char *action;			/* "migrate", "rollback" or "redo" */
	SlipwayProject *project;
	SlipwayOptions *options;
	SlipwayManifest *manifest;	/* its members are those of the plan */
	SlipwayActor *actor;
	SlipwayCancelRule cancel;	/* what is in the way of a script */
	Oid			owner;			/* role of scripts; InvalidOid: the caller */
	SlipwayTerms terms;			/* of the script that runs */
	bool		approval;		/* what it runs must have been approved */
	SlipwayLock lock;
	int64		number;			/* 0: no row yet, or ended */
	int			applied;
	int			rolled_back;
	bool		whole;			/* it ends with its manifest applied, and nothing else */
	bool		changed;		/* something of it is committed */
	bool		journal_open;	/* some migration is done in part */
	int			attempts;		/* that failed, of the migration it is at */
	int			retries;		/* of all its migrations */
	int			stopped_unit;	/* at which a migration stopped part way; 0: none did */
	int			units;			/* of that migration */
	TimestampTz flushed_at;		/* when all its commits were on disk last */
	MemoryContext context;		/* survives the run's transactions */
	MemoryContext step_context; /* reset for each migration */
	MemoryContext statement_context;	/* reset for each statement */
} SlipwayRun;

/*
 * With the lock held: is there another run that says it goes on, and whose
 * backend lives? It lost the lock when it failed, to us, and is about to write
 * that down; or it is about to leave. Opens a scope.
 */
extern bool slipway_run_others_alive(const SlipwayProject *project);

/* How often, and after how many milliseconds each time, to ask that of a run that writes its end: five seconds in all. */
#define SLIPWAY_RUN_END_POLLS 250
#define SLIPWAY_RUN_END_POLL_MS 20

/*
 * With the lock held: writes into the history what runs that did not end were
 * at, and warns of it; then a row for this run, which is to do these
 * tasks. Opens a scope of spi.h; takes effect with the caller's commit.
 */
extern void slipway_run_open(SlipwayRun *run, const SlipwayTask *tasks, int n);

/* Is the last run one of this very manifest that says it goes on? */
extern bool slipway_run_same_goes_on(const SlipwayRun *run);

/*
 * The event of the history that a task of this run ended with outcome just
 * now. An error is for the caller to add.
 */
extern SlipwayEvent slipway_run_event(const SlipwayRun *run, const SlipwayTask *task,
									  const char *outcome, TimestampTz started_at);

/* Scripts may read what runs, in settings that settings.h has. */
extern void slipway_run_show(const SlipwayRun *run, const SlipwayTask *task);

/* Inside a scope: a task has been done in that time; an entry of the history for each migration it is about. */
extern void slipway_run_record(const SlipwayRun *run, const SlipwayTask *task, TimestampTz started_at,
							   TimestampTz finished_at);

/*
 * Inside a scope: a migration is applied or rolled back, and with it, if it is the last one, the
 * run.
 */
extern void slipway_run_succeeded(SlipwayRun *run, const SlipwayTask *task, TimestampTz started_at,
								  bool last);

/*
 * Inside a scope, after the last entry of the run: it has "succeeded" or
 * "failed".
 */
extern void slipway_run_end(SlipwayRun *run, const char *outcome);

/*
 * Ends the run as failed, with an event of the history if there is one (not NULL). That
 * must not hide the error it is about: if it cannot be written, there is a
 * warning, and the next run will find this one unfinished. Commits.
 */
extern void slipway_run_fail(SlipwayRun *run, const SlipwayEvent *event);

#endif							/* SLIPWAY_RUN_H */
