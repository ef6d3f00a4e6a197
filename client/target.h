/*
 * target.h
 *	  Where to connect to.
 *
 * The first that is given counts: the options --url, --dbname, --host,
 * --port, --username; the url of the section of --env; the store of --secrets
 * (see stored_connection.h); SLIPWAY_URL; DB_ADMIN_CONN_STRING; DATABASE_URL;
 * DSN; DB_HOST, DB_PORT, DB_NAME, DB_ADMIN_USER and DB_ADMIN_PASSWORD; libpq's
 * own variables and service file. Of the options, host, port and user alone do
 * not name a database: they change those of the section or the store, if there
 * is one. A search_path that the string lacks is that of the section.
 *
 * The application has a connection of its own: the app_url of the section; the
 * store of --secrets; DB_CONN_STRING; DB_HOST, DB_PORT, DB_NAME, DB_USER and
 * DB_PASSWORD.
 */
#ifndef SLIPWAY_TARGET_H
#define SLIPWAY_TARGET_H

#include <stdbool.h>

#include "option.h"
#include "secret_fault.h"
#include "stored_connection.h"

/* NULL leaves a value to libpq. */
typedef struct SlipwayTarget
{
	const char *source;			/* what gave it, for people */
	bool		is_application; /* not the administrator's */
	bool		is_given;		/* false: it is all left to libpq */
	bool		in_store;		/* a store of secrets says it, which a sketch does not ask */
	char	   *conninfo;		/* name of a database, string or URI; without search_path; a secret block */
	char	   *search_path;
	char	   *search_path_source; /* what gave that, for people, or NULL */
	char	   *options;		/* of the string, for the server; NULL: none */
	bool		has_service;	/* a service file may have a say */
	const char *host;
	const char *port;
	const char *user;
	bool		overrides;		/* host, port and user count more than conninfo's */
	char	   *password;		/* a secret block */
	SlipwayStoredConnection *stored;	/* what the store said, or NULL */
} SlipwayTarget;

/*
 * Finds it. A malformed connection string ends the program with
 * SLIPWAY_EXIT_USAGE, and is not shown; so does a fault of the store, with the code of
 * slipway_secret_fault_check(). slipway_target_release() wipes and frees what is in the target.
 */
void		slipway_target_find(const SlipwayArguments *arguments, SlipwayTarget *target);

/* The same, or that of the application, but a fault of the store is returned, and the target empty then; target->is_given says whether anything names it. */
SlipwaySecretFault *slipway_target_ask(const SlipwayArguments *arguments, bool application, SlipwayTarget *target);

/*
 * Either without asking a store, to be described only: *** is in the place of variables that it would have to be
 * asked for.
 */
void		slipway_target_sketch(const SlipwayArguments *arguments, bool application, SlipwayTarget *target);

/* For people: the string without its passwords, or "host=h port=5432 dbname=d user=u". The caller frees it. */
char	   *slipway_target_describe(const SlipwayTarget *target);
void		slipway_target_release(SlipwayTarget *target);

/* The same for another database, which an option names: a name, string or URI as of --url. */
void		slipway_target_find_other(const SlipwayArguments *arguments, SlipwayOptionId option,
									  SlipwayTarget *target);

/* A copy of libpq's message without passwords and its last line feed. */
char	   *slipway_target_scrub(const SlipwayTarget *target, const char *message);

#endif
