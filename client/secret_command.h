/*
 * secret_command.h
 *	  What the commands that work with a store of secrets have in common.
 */
#ifndef SLIPWAY_SECRET_COMMAND_H
#define SLIPWAY_SECRET_COMMAND_H

#include "option.h"
#include "secret_store.h"

/*
 * The store of --secrets, without which the program ends with SLIPWAY_EXIT_USAGE. When the program ends, however it does,
 * what the store has taken is told: under --verbose, under --json, and into the file of --metrics.
 */
SlipwaySecretStore *slipway_secret_command_begin(const SlipwayArguments *arguments);

/* A name of the command line, which may have the prefix already, without it. The rest of the same text. */
const char *slipway_secret_command_name(const SlipwaySecretStore *store, const char *name);

/* What --purpose, --environment and --rotation say; without the second it is the environment of --env. */
SlipwaySecretPolicy slipway_secret_command_policy(const SlipwayArguments *arguments);

/*
 * Asks, unless --yes is given; where nobody can be asked, the program ends with SLIPWAY_EXIT_USAGE. "replace the secret
 * PROD_DB_PASSWORD" is what would be done. No ends it with SLIPWAY_EXIT_ERROR.
 */
void		slipway_secret_command_confirm(const SlipwayArguments *arguments, const char *what);

/*
 * Reads what is to be stored: a file, "-" or NULL being stdin, where what a terminal has is asked for twice, without echo. One line
 * feed at the end of a text is not part of it. Errors, and more than SLIPWAY_SECRET_MAX_LENGTH bytes, end the program.
 */
void		slipway_secret_command_read(const char *path, const char *prompt, SlipwaySecretBuffer *value);

#endif
