/*
 * check.h
 *	  What the server says about a folder before anything is done: how each
 *	  pending script would run, and everything that is wrong.
 */
#ifndef SLIPWAY_CHECK_H
#define SLIPWAY_CHECK_H

#include <stdbool.h>

#include "option.h"
#include "problem.h"
#include "server.h"

/* A step that migrate would take. */
typedef struct SlipwayStep
{
	const SlipwayMigration *migration;
	const char *kind;			/* "transactional", "stepwise"; NULL: refused */
	const char *reason;			/* why stepwise, or NULL */
	int			units;
	const char *requires;		/* names, a line each, or NULL */
	const char *approval;		/* "given", "missing"; NULL: none is needed */
} SlipwayStep;

/* A down or verify script of a step. */
typedef struct SlipwayCompanion
{
	const SlipwayMigration *migration;
	SlipwayScriptPart part;
} SlipwayCompanion;

typedef struct SlipwayCheck
{
	SlipwayStep *steps;			/* in the order of the manifest; behind them the hooks */
	size_t		step_count;
	size_t		hook_count;		/* 0 if there is no step */
	SlipwayCompanion *companions;	/* that are checked, too */
	size_t		companion_count;
	SlipwayProblem *problems;
	size_t		problem_count;
	char	  **texts;			/* its own, which the others borrow */
	size_t		text_count;
} SlipwayCheck;

typedef struct SlipwayCheckOptions
{
	const char *project;
	const char *to;				/* NULL: to the end */
	const char *out_of_order;	/* policy; NULL: the server's */
	const SlipwayArguments *arguments;	/* with the values of variables */
	bool		together;		/* all steps in one transaction */
	bool		companions;		/* down and verify scripts are of interest */
} SlipwayCheckOptions;

/* What the options say of migrations that are out of order; NULL: nothing, as the server has it. */
const char *slipway_check_policy(const SlipwayArguments *arguments);

/* Reads the options that such commands have in common; ends the program with SLIPWAY_EXIT_USAGE for bad ones. */
SlipwayCheckOptions slipway_check_options(const SlipwayArguments *arguments);

/*
 * Turns states into steps and problems, and has the server check the scripts
 * of the steps. Stores nothing there. The result borrows from manifest and
 * states.
 */
SlipwayCheck *slipway_check_run(PGconn *conn, const SlipwayManifest *manifest,
								const SlipwayStateList *states, const SlipwayCheckOptions *options);
void		slipway_check_free(SlipwayCheck *check);

/* Adds a problem; its strings are borrowed. */
void		slipway_check_add(SlipwayCheck *check, const SlipwayProblem *problem);

/* Takes over a string, to be freed with the check, and returns it. */
char	   *slipway_check_keep(SlipwayCheck *check, char *text);

/* Prints every problem, as lines or as JSON. */
void		slipway_check_print(const SlipwayCheck *check, const SlipwayFolder *folder);

#endif
