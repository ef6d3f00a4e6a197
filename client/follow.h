/*
 * follow.h
 *	  Shows what a run of another session does, from what the server tells of
 *	  it, until it has ended.
 */
#ifndef SLIPWAY_FOLLOW_H
#define SLIPWAY_FOLLOW_H

#include <libpq-fe.h>

#include "detached.h"
#include "exit_code.h"
#include "folder.h"

/* What is followed, and where its scripts are. */
typedef struct SlipwayFollowed
{
	PGconn	   *conn;
	const char *project;
	const char *dir;			/* of the scripts, whether or not it is there; or NULL */
	const SlipwayFolder *folder;	/* as it was read; or NULL */
} SlipwayFollowed;

/*
 * Follows the run of that number. Returns what the program should end with;
 * an interruption ends it with SLIPWAY_EXIT_ERROR, and the run goes on.
 */
SlipwayExitCode slipway_follow_run(const SlipwayFollowed *followed, const char *number);

/*
 * The same for a detached deploy, through all of its runs: what it ended with is
 * shown as if this program had carried it out.
 */
SlipwayExitCode slipway_follow_detached(const SlipwayFollowed *followed, const char *number);

/* That of one that has ended. */
SlipwayExitCode slipway_follow_finish(const SlipwayFollowed *followed,
									  const SlipwayDetached *deploy);

#endif
