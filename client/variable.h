/*
 * variable.h
 *	  The values of variables of scripts: those of --var, and of SLIPWAY_VAR_NAME in the environment.
 */
#ifndef SLIPWAY_VARIABLE_H
#define SLIPWAY_VARIABLE_H

#include <libpq-fe.h>

#include "option.h"

/* A key in hexadecimal, and a NUL. */
#define SLIPWAY_VARIABLE_KEY_SIZE 33

/*
 * Gives the server's session the values, if there are any, in a way that leaves none of them in its log. key, if not
 * NULL, has room for SLIPWAY_VARIABLE_KEY_SIZE and becomes what the options of the call that they are for must name.
 */
void		slipway_variable_send(PGconn *conn, const SlipwayArguments *arguments, char *key);

/* Ends the program with SLIPWAY_EXIT_USAGE for what is not NAME=VALUE. */
void		slipway_variable_check(const SlipwayArguments *arguments);

#endif
