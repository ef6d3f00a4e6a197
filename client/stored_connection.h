/*
 * stored_connection.h
 *	  What a store of secrets says of a connection.
 *
 * The administrator's is DB_ADMIN_CONN_STRING; else DB_ADMIN_USERNAME and DB_ADMIN_PASSWORD, with
 * DB_HOST, DB_PORT and DB_NAME, or with what DATABASE_URL has of these; else that of the
 * application. The application's is DB_CONN_STRING; DATABASE_URL; DB_USERNAME and DB_PASSWORD with DB_HOST,
 * DB_PORT and DB_NAME. DB_USER and DB_ADMIN_USER are other names of the roles. DB_SSLMODE is for both, and so
 * is the TLS material DB_TLS; the administrator may have an own one, DB_ADMIN_TLS. All of these names have the
 * prefix of the store in front of them.
 */
#ifndef SLIPWAY_STORED_CONNECTION_H
#define SLIPWAY_STORED_CONNECTION_H

#include <stdbool.h>

#include "memory_file.h"
#include "option.h"
#include "secret_store.h"

#define SLIPWAY_STORED_SETTINGS 12

/* NULL, or no file: it says nothing of that. */
typedef struct SlipwayStoredConnection
{
	char	   *source;			/* "PROD_DATABASE_URL in barbican", for people */
	const char *conninfo;		/* a connection string */
	const char *dbname;			/* these count more than what is in the string */
	const char *host;
	const char *port;
	const char *user;
	const char *password;
	const char *sslmode;
	SlipwayMemoryFile root;		/* what the server's certificate is verified with */
	SlipwayMemoryFile certificate;
	SlipwayMemoryFile key;
	SlipwaySecretLookup lookups[SLIPWAY_STORED_SETTINGS];	/* which hold the strings */
} SlipwayStoredConnection;

/* Is there a store, by option, variable or section? It is not asked. */
bool		slipway_stored_connection_is_used(const SlipwayArguments *arguments);

/* The names that are looked for first, as "PROD_DATABASE_URL, or PROD_DB_HOST and its like". The caller frees it. */
char	   *slipway_stored_connection_names(const SlipwayArguments *arguments, bool application);

/*
 * Asks the store, which there has to be. *connection is NULL if it says nothing of the application's; for
 * the administrator's that is a fault. Else slipway_stored_connection_release() wipes and frees it.
 */
SlipwaySecretFault *slipway_stored_connection_fetch(const SlipwayArguments *arguments, bool application,
													SlipwayStoredConnection **connection);

/* Takes NULL too. */
void		slipway_stored_connection_release(SlipwayStoredConnection *connection);

#endif
