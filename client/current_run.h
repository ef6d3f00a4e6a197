/*
 * current_run.h
 *	  The run that goes on in a project, as any session can see it.
 */
#ifndef SLIPWAY_CURRENT_RUN_H
#define SLIPWAY_CURRENT_RUN_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>

/* A row of slipway.progress. Strings may be NULL: not known. */
typedef struct SlipwayCurrentRun
{
	PGresult   *result;			/* owns the strings */
	const char *project;
	const char *number;			/* NULL: nothing ever ran */
	const char *action;			/* "migrate", "rollback" or "redo" */
	const char *outcome;		/* "running", or how it ended */
	const char *started_at;		/* UTC, for people */
	const char *started_at_iso; /* UTC, for programs */
	const char *finished_at_iso;
	const char *role;
	const char *application;
	const char *client_addr;
	long		applied;		/* migrations so far */
	long		total;			/* that it set out to apply; 0: no run */
	const char *migration;		/* the one it is at */
	double		elapsed;		/* of the run, and of the migration, in ms; negative: not known */
	double		migration_elapsed;
	const char *pid;
	const char *statement;
	const char *phase;			/* of a long command, or NULL */
	int			percent;		/* of that phase; -1: not known */
	long		units_done;		/* of a stepwise migration */
	const char *wait_event_type;	/* "Lock" and so on */
	const char *waits_for;		/* which lock */
	json_t	   *blockers;		/* who is in its way, as blocked.h has it, or NULL */
} SlipwayCurrentRun;

/*
 * The current run of a project, or else its last one. A project that does
 * not exist, or that the role may not read, ends the program with
 * SLIPWAY_EXIT_ERROR.
 */
SlipwayCurrentRun *slipway_current_run_read(PGconn *conn, const char *project);
void		slipway_current_run_free(SlipwayCurrentRun *run);

bool		slipway_current_run_goes_on(const SlipwayCurrentRun *run);

/* "run 3 of project shop, by alice (slipway, pid 123) since TIME"; the caller frees it. */
char	   *slipway_current_run_describe(const SlipwayCurrentRun *run);

/* All of it as an event of that name; the caller releases it. */
json_t	   *slipway_current_run_json(const SlipwayCurrentRun *run, const char *event);

/* What it does with migrations: "applied", "rolled back", "redone". */
const char *slipway_current_run_verb(const SlipwayCurrentRun *run);

/* Tells that nothing runs, and how the last run ended. */
void		slipway_current_run_say_idle(const SlipwayCurrentRun *run);

#endif
