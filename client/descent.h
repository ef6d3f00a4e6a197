/*
 * descent.h
 *	  What a rollback would take back, and what data goes with it.
 */
#ifndef SLIPWAY_DESCENT_H
#define SLIPWAY_DESCENT_H

#include <libpq-fe.h>
#include <stddef.h>

#include "folder.h"

typedef struct SlipwayDescent
{
	PGresult   *steps;			/* rows of slipway.rollback_plan() */
	PGresult   *losses;			/* of slipway.rollback_losses(); NULL: not asked for */
	char	   *head;			/* hash of the newest entry of the history before that, or NULL */
} SlipwayDescent;

/* Where scripts that are rolled back with may be found, to show what is wrong with them. */
typedef struct SlipwayDescentSource
{
	const char *dir;			/* the folder, which need not be there */
	const SlipwayScriptFile *script;	/* that is to run in place of down scripts; its path is NULL without */
} SlipwayDescentSource;

/*
 * Asks the server, with the options of slipway.rollback(). Errors, which are those that the rollback would
 * raise, end the program.
 */
SlipwayDescent *slipway_descent_read(PGconn *conn, const char *project, const char *options,
									 const SlipwayDescentSource *source);

/* A folder of nothing but the down script of a migration; the caller frees it. */
SlipwayFolder *slipway_descent_folder(const SlipwayDescentSource *source, const char *migration,
									  const SlipwayScriptFile *down);

/* Asks what data would go; a role that may not roll back is not told. */
void		slipway_descent_read_losses(SlipwayDescent *descent, PGconn *conn, const char *project,
										const char *options);
void		slipway_descent_free(SlipwayDescent *descent);

size_t		slipway_descent_count(const SlipwayDescent *descent);

/* Hash of the script that rolls a migration back, or NULL if it is not among them. */
const char *slipway_descent_script(const SlipwayDescent *descent, const char *migration);

/* As talk on stderr. */
void		slipway_descent_say(const SlipwayDescent *descent, const char *project);

/* As data on stdout: a table, or JSON. */
void		slipway_descent_print(const SlipwayDescent *descent);

#endif
