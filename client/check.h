/*
 * check.h
 *	  What the server says about a folder before anything is done: how each
 *	  pending script would run, and everything that is wrong.
 */
#ifndef SLIPWAY_CHECK_H
#define SLIPWAY_CHECK_H

#include <stdbool.h>

#include "problem.h"
#include "server.h"

/* A step that migrate would take. */
typedef struct SlipwayStep
{
	const SlipwayMigration *migration;
	char	   *kind;			/* "transactional", "stepwise"; NULL: refused */
	char	   *reason;			/* why stepwise, or NULL */
	int			units;
} SlipwayStep;

typedef struct SlipwayCheck
{
	SlipwayStep *steps;			/* in the order of the manifest */
	size_t		step_count;
	SlipwayProblem *problems;
	size_t		problem_count;
} SlipwayCheck;

typedef struct SlipwayCheckOptions
{
	const char *project;
	const char *to;				/* NULL: to the end */
	bool		out_of_order;	/* steps, not problems */
} SlipwayCheckOptions;

/*
 * Turns states into steps and problems, and has the server check the scripts
 * of the steps. Stores nothing there. The result lives as long as the
 * program.
 */
SlipwayCheck *slipway_check_run(PGconn *conn, const SlipwayManifest *manifest,
								const SlipwayStateList *states, const SlipwayCheckOptions *options);

/* Adds a problem; its strings are borrowed. */
void		slipway_check_add(SlipwayCheck *check, const SlipwayProblem *problem);

/* Prints every problem, as lines or as JSON. */
void		slipway_check_print(const SlipwayCheck *check, const SlipwayFolder *folder);

#endif
