/*
 * server_error.h
 *	  Errors that the server answers with.
 */
#ifndef SLIPWAY_SERVER_ERROR_H
#define SLIPWAY_SERVER_ERROR_H

#include <libpq-fe.h>

#include "exit_code.h"
#include "problem.h"

/* What to do where the extension is too old. */
#define SLIPWAY_SERVER_ERROR_UPGRADE \
	"Upgrade the extension: install its files on the server, then run \"slipway init\"."

typedef enum SlipwayErrorPlace
{
	SLIPWAY_ERROR_ELSEWHERE,	/* in no migration */
	SLIPWAY_ERROR_CHECK,		/* found in a migration before anything ran */
	SLIPWAY_ERROR_RUN			/* a migration ran and was rolled back */
} SlipwayErrorPlace;

typedef struct SlipwayServerError
{
	SlipwayProblem problem;		/* borrows from the fields below */
	SlipwayErrorPlace place;
	SlipwayExitCode exit_code;	/* what the program should end with */
	char		sqlstate[6];	/* "" when the server gave none */
	char	   *message;
	char	   *detail;
	char	   *hint;
	char	   *context;
	char	   *migration;
} SlipwayServerError;

/*
 * Takes a result with an error apart. If the connection was lost with it, that
 * is what the program should end with, and what the hint is about.
 * slipway_server_error_free() releases the parts.
 */
SlipwayServerError *slipway_server_error_read(const PGconn *conn, const PGresult *result);

/*
 * The same of an error that is on record: what the server would have answered
 * with. Strings but message may be NULL.
 */
SlipwayServerError *slipway_server_error_recorded(const char *sqlstate, const char *message,
												  const char *detail, const char *hint,
												  const char *context);
void		slipway_server_error_free(SlipwayServerError *error);

/*
 * Finds the migration, which of its scripts, line and column in the last line of a CONTEXT, which
 * is the engine's. *migration is a new string or NULL, *length what of the
 * context comes before that line.
 */
SlipwayErrorPlace slipway_server_error_locate(const char *context, char **migration,
											  SlipwayScriptPart *part, int *line, int *column,
											  size_t *length);

/* Which script of the migration that is; context may be NULL. */
SlipwayScriptPart slipway_server_error_part(const char *context);

/* What the program should end with after an error of that SQLSTATE at that place. */
SlipwayExitCode slipway_server_error_exit_code(const char *sqlstate, SlipwayErrorPlace place);

/* Prints the error of a result and ends the program; folder may be NULL. */
_Noreturn void slipway_server_error_die(const PGconn *conn, const PGresult *result,
										const SlipwayFolder *folder);

#endif
