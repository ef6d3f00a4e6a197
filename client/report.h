/*
 * report.h
 *	  Tells what a run does while it goes on: the engine's INFO messages and
 *	  whatever notices the scripts raise.
 */
#ifndef SLIPWAY_REPORT_H
#define SLIPWAY_REPORT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "activity.h"
#include "progress.h"
#include "rehearsal.h"
#include "server_error.h"

typedef struct SlipwayReport
{
	const char *project;
	double		started_at;		/* slipway_clock_now() */
	long		applied;		/* migrations so far in this run */
	long		rolled_back;	/* the same */
	bool		is_rollback;	/* it is to roll back, perhaps to apply again */
	PGconn	   *conn;
	SlipwayProgress *progress;	/* NULL: no terminal */
	SlipwayActivity *activity;	/* of the backend, once that is worth asking for */
	char	   *blockers;		/* that were said to be in the way, see blocked.h */
	int			pid;			/* of the backend; 0: not known */
	int			stopped_at;		/* unit at which a stepwise migration stopped part way; 0: none did */
	int			units;			/* of that migration */
	const SlipwayFolder *folder;	/* of what is verified; NULL: verification is no news */
	SlipwayRehearsal *rehearsal;	/* what takes its events; NULL: it is for real */
	bool		is_done;		/* the server has said so */
} SlipwayReport;

/*
 * Runs a CALL that takes the project and options (JSON), and prints and counts what arrives
 * meanwhile. Returns NULL if it went well, else the result with the error, which the caller clears;
 * sets *interrupted when a signal came, see call.h.
 * An answer without the event that says that all is done is an error, which ends the program.
 */
PGresult   *slipway_report_call(SlipwayReport *report, PGconn *conn, const char *sql,
								const char *options, bool *interrupted);

/*
 * Prints what the engine would say at the end of a run: of one with nothing to
 * do run is NULL, and head where there is no history.
 */
void		slipway_report_done(SlipwayReport *report, const char *run, const char *head);

/* Prints what a script raised. Strings but severity and message may be NULL. */
void		slipway_report_notice(const SlipwayProblem *notice);

/* Prints the error that ended a run, and what became of its migrations. */
void		slipway_report_error(const SlipwayReport *report, const SlipwayServerError *error,
								 const SlipwayFolder *folder);

#endif
