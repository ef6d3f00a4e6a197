/*
 * login_test.h
 *	  Can one log in to the database with what a store of secrets says?
 */
#ifndef SLIPWAY_LOGIN_TEST_H
#define SLIPWAY_LOGIN_TEST_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "exit_code.h"
#include "option.h"

/*
 * Connects with nothing but what the store of these arguments says: no section, and no option that says where to. The caller
 * ends it. A failure returns NULL, and sets *fault to a text without passwords, which the caller frees, and *code to what it is
 * for the program.
 */
PGconn	   *slipway_login_open(const SlipwayArguments *arguments, bool application, char **fault, SlipwayExitCode *code);

/* The same, and says that it has worked. A failure ends the program. */
void		slipway_login_test(const SlipwayArguments *arguments, bool application);

/* The arguments as they are without what else says where to connect to; a value of --secrets may be given, or NULL. */
SlipwayArguments slipway_login_arguments(const SlipwayArguments *arguments, const char *secrets);

#endif
