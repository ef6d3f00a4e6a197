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

/* The search_path that the newest connection was asked for, or NULL. */
const SlipwaySearchPath *slipway_connection_search_path(void);

/*
 * Does the server accept connections? Waits for its answer no longer than
 * timeout ms (rounded up to whole seconds) unless the connection string has
 * a connect_timeout. Sets *place to what people call the server, without a
 * password; the caller frees it. Malformed strings end the program as above.
 */
PGPing		slipway_connection_ping(const SlipwayArguments *arguments, double timeout,
									char **place);

#endif
