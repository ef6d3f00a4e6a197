/*
 * detached.h
 *	  Deploys that a worker of the server carries out, as any session can see them.
 */
#ifndef SLIPWAY_DETACHED_H
#define SLIPWAY_DETACHED_H

#include <libpq-fe.h>
#include <stdbool.h>

/* A row of slipway.detached. Strings may be NULL: not known. */
typedef struct SlipwayDetached
{
	PGresult   *result;			/* owns the strings */
	const char *project;
	const char *number;
	const char *outcome;		/* "running", or how it ended */
	const char *runs;			/* an array of bigint as text; NULL: none yet */
	const char *run;			/* the last of them */
	const char *role;
	const char *application;
	const char *pid;
	long		applied;		/* migrations so far */
	double		elapsed;		/* from its start to now or its end, in ms */
	bool		newest;			/* nothing has run in the project since it began */
	const char *sqlstate;		/* of the error that it ended with; so those below */
	const char *message;
	const char *detail;
	const char *hint;
	const char *context;
	int			stopped_unit;	/* at which a migration stopped part way; 0: none did */
	int			units;			/* of that migration */
} SlipwayDetached;

/* Starts one, with the options of CALL slipway.migrate(); the caller frees its number. */
char	   *slipway_detached_start(PGconn *conn, const char *project, const char *options);

/* The one of that number, or else NULL. slipway_detached_free() releases it. */
SlipwayDetached *slipway_detached_read(PGconn *conn, const char *project, const char *number);

/* The numbers of those that go on, oldest first; the caller clears the result. */
PGresult   *slipway_detached_list(PGconn *conn, const char *project);

/* The one that made a run, the oldest that goes on, the one that began last: or NULL. */
SlipwayDetached *slipway_detached_of_run(PGconn *conn, const char *project, const char *run);
SlipwayDetached *slipway_detached_oldest(PGconn *conn, const char *project);
SlipwayDetached *slipway_detached_last(PGconn *conn, const char *project);

/* NULL is fine. */
void		slipway_detached_free(SlipwayDetached *deploy);

bool		slipway_detached_goes_on(const SlipwayDetached *deploy);

/* Tells of one in a line, or under --json as an event of that name. */
void		slipway_detached_say(const SlipwayDetached *deploy, const char *event);

#endif
