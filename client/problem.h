/*
 * problem.h
 *	  Something wrong with a migration, shown as compilers do: with file,
 *	  line, column, the line itself and a caret.
 */
#ifndef SLIPWAY_PROBLEM_H
#define SLIPWAY_PROBLEM_H

#include <jansson.h>
#include <stdio.h>

#include "exit_code.h"
#include "folder.h"

/* Strings are borrowed; NULL or 0 is what is not known. */
typedef struct SlipwayProblem
{
	const char *severity;		/* NULL: ERROR */
	const char *sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	const char *context;		/* lines to show, without the engine's */
	const char *migration;
	SlipwayScriptPart part;		/* which of its scripts */
	const char *path;			/* of its file, where no folder tells */
	int			line;
	int			column;
} SlipwayProblem;

/*
 * Prints a problem. The file is looked up in the folder, which may be NULL;
 * without a file the migration's name stands in its place, without a
 * migration "slipway: error:".
 */
void		slipway_problem_print(FILE *stream, const SlipwayProblem *problem,
								  const SlipwayFolder *folder);

/* The same as a JSON object, which the caller completes and releases. */
json_t	   *slipway_problem_json(const SlipwayProblem *problem, const SlipwayFolder *folder);

/* The event "error", with which a command fails under --json; the caller releases it. */
json_t	   *slipway_problem_error(const SlipwayProblem *problem, const SlipwayFolder *folder,
								  SlipwayExitCode code);

/* "m/0007_orders.sql:12:9" or what is known of it; the caller frees it. */
char	   *slipway_problem_place(const SlipwayProblem *problem, const SlipwayFolder *folder);

/* Prints a text that others have written, who may mean to draw on the terminal of who deploys: see slipway_display_tame(). */
void		slipway_problem_print_text(FILE *stream, const char *before, const char *text, const char *after);

#endif
