/*
 * report.h
 *	  Tells what a run does while it goes on: the engine's INFO messages and
 *	  whatever notices the scripts raise.
 */
#ifndef SLIPWAY_REPORT_H
#define SLIPWAY_REPORT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "server_error.h"

typedef struct SlipwayReport
{
	const char *project;
	double		started_at;		/* slipway_report_clock() */
	long		applied;		/* migrations so far in this run */
	bool		done;			/* the engine said that it is */
} SlipwayReport;

/* Milliseconds of a clock that never jumps. */
double		slipway_report_clock(void);

/* Prints what arrives on the connection from now on, and counts it. */
void		slipway_report_attach(SlipwayReport *report, PGconn *conn);

/* Prints what the engine would say of a run with nothing to do. head may be NULL. */
void		slipway_report_settled(SlipwayReport *report, const char *head);

/* Prints the error that ended a run, and what became of its migrations. */
void		slipway_report_error(const SlipwayReport *report, const SlipwayServerError *error,
								 const SlipwayFolder *folder);

#endif
