/*
 * variable.h
 *	  The values of variables of scripts: those of --var, and of SLIPWAY_VAR_NAME in the environment.
 */
#ifndef SLIPWAY_VARIABLE_H
#define SLIPWAY_VARIABLE_H

#include <libpq-fe.h>

#include "option.h"

/* A key, what the server adds to it, and a NUL. */
#define SLIPWAY_VARIABLE_KEY_SIZE 64

/*
 * Gives the server the values, if there are any, in a way that leaves none of them in its log. key, if not
 * NULL, has room for SLIPWAY_VARIABLE_KEY_SIZE and becomes what the options of the call that they are for must name, which may
 * reach another session. Without a key they are for the session that has received them, to the end of the transaction that
 * slipway_variable_end() ends.
 */
void		slipway_variable_send(PGconn *conn, const SlipwayArguments *arguments, char *key);
void		slipway_variable_end(PGconn *conn, const SlipwayArguments *arguments);

/* Ends the program with SLIPWAY_EXIT_USAGE for what is not NAME=VALUE. */
void		slipway_variable_check(const SlipwayArguments *arguments);

#endif
