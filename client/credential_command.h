/*
 * credential_command.h
 *	  What the commands about credentials have in common.
 */
#ifndef SLIPWAY_CREDENTIAL_COMMAND_H
#define SLIPWAY_CREDENTIAL_COMMAND_H

#include "credential_move.h"

/*
 * The projects of a command line: its arguments, else that of --project, without which the program ends with
 * SLIPWAY_EXIT_USAGE. The caller frees the list, not its texts.
 */
const char **slipway_credential_command_projects(const SlipwayArguments *arguments, size_t *count);

/* What is done with one of them, as in credential_move.h. */
typedef void (*SlipwayCredentialWork) (PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
									   SlipwayCredentialEnd *end);

/*
 * Does it with each, and tells how it has ended. A lost connection is made anew, and that project is gone on with. The
 * worst of the codes, or that which all have that are not done.
 */
SlipwayExitCode slipway_credential_command_each(const SlipwayArguments *arguments, SlipwayCredentialWork work);

#endif
