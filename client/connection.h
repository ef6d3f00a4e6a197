/*
 * connection.h
 *	  Connects to where the command line, slipway.conf and the environment
 *	  say; see target.h.
 */
#ifndef SLIPWAY_CONNECTION_H
#define SLIPWAY_CONNECTION_H

#include <libpq-fe.h>

#include "attempt.h"
#include "option.h"
#include "target.h"

/* A search_path in a connection string. */
typedef struct SlipwaySearchPath
{
	char	   *value;
	char	   *source;			/* what gave the string, for people */
} SlipwaySearchPath;

/*
 * Begins to connect, where that can go unnoticed: nothing is printed or asked
 * for, and no failure is told, before slipway_connection_open() is called with
 * the same arguments. When it is connected early, ready (unless NULL) is called as
 * attempt.h says. A malformed string ends the program with SLIPWAY_EXIT_USAGE.
 */
void		slipway_connection_begin(const SlipwayArguments *arguments, SlipwayAttemptReady ready,
									 void *context);

/* Goes on with what was begun, if anything was, without waiting for the server. */
void		slipway_connection_advance(void);

/*
 * An open connection with client_encoding UTF8, that which was begun or a new
 * one. It is closed by
 * slipway_die_exit(). A search_path in the connection string is made certain
 * of by slipway_server_greet(). A malformed string ends the program with
 * SLIPWAY_EXIT_USAGE, a failure to connect with SLIPWAY_EXIT_CONNECTION;
 * neither message shows a password.
 */
PGconn	   *slipway_connection_open(const SlipwayArguments *arguments);

/* The same for another database, which an option names. */
PGconn	   *slipway_connection_open_other(const SlipwayArguments *arguments, SlipwayOptionId option);

/* Server options that it was asked for, as far as they are known, or NULL. */
const char *slipway_connection_options(void);

/* The search_path that the newest connection was asked for, or NULL. */
const SlipwaySearchPath *slipway_connection_search_path(void);

/*
 * The same for the application's connection, of which slipway_connection_search_path() knows
 * nothing. Asks for no password, as nobody would tell the application. The target is left alone.
 */
PGconn	   *slipway_connection_open_application(const SlipwayArguments *arguments,
												SlipwayTarget *target);

/*
 * The same for a target of either kind, which is left alone, but a failure is told: returns NULL
 * and sets *fault to a text without passwords, in one line, which the caller frees.
 */
PGconn	   *slipway_connection_attempt(const SlipwayArguments *arguments, SlipwayTarget *target,
									   char **fault);

/* Closes the newest connection before the program ends. */
void		slipway_connection_close(PGconn *conn);

/* A connection as it comes, perhaps a failed one, which the caller ends: for threads of their own. */
PGconn	   *slipway_connection_plain(const SlipwayTarget *target);

/* What a try to connect has come to. */
typedef enum SlipwayTry
{
	SLIPWAY_TRY_CONNECTED,
	SLIPWAY_TRY_AGAIN,			/* it may do so later */
	SLIPWAY_TRY_REFUSED			/* it will not, as the role or the password is wrong, say */
} SlipwayTry;

/*
 * Does the server accept connections, and this one? Waits for its answer no
 * longer than timeout ms (rounded up to whole seconds) unless the connection
 * string has a connect_timeout. With SLIPWAY_TRY_AGAIN sets *reason to why,
 * which the caller frees. Asks for no password, and keeps no connection: that is for
 * slipway_connection_open(), which also explains why it is refused.
 */
SlipwayTry	slipway_connection_try(const SlipwayTarget *target, double timeout, char **reason);

/*
 * Asks a question with text parameters. NULL when the answer has not come until then (as
 * slipway_clock_now()) or the connection is lost: it is of no more use.
 */
PGresult   *slipway_connection_ask(PGconn *conn, const char *sql, int count, const char *const *values,
								   double until);

/* "db.example.org port 5432": what people call the server. The caller frees it. */
char	   *slipway_connection_place(const SlipwayTarget *target);

#endif
