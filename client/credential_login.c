/*
 * credential_login.c
 *	  Logs in as the role of a project, as its application does.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "connection_error.h"
#include "conninfo.h"
#include "credential_work.h"
#include "memory.h"
#include "server.h"
#include "stored_login.h"

#define MAX_OPTIONS 64
#define CONNECT_TIMEOUT "10"

/* Options of a connection, without values of which is said nothing. */
typedef struct Options
{
	const char *keywords[MAX_OPTIONS + 1];
	const char *values[MAX_OPTIONS + 1];
	size_t		count;
} Options;

static void
set(Options *options, const char *keyword, const char *value)
{
	if (value == NULL || options->count >= MAX_OPTIONS)
		return;
	options->keywords[options->count] = keyword;
	options->values[options->count++] = value;
}

/* Those of our own connection which are not about who we are. */
static void
add_own(Options *options, const PQconninfoOption *own)
{
	static const char *const others[] = {
		"user", "password", "passfile", "service", "sslcert", "sslkey", "sslpassword", "options", "requiressl", "application_name",
		"fallback_application_name", "replication", "channel_binding"
	};

	for (; own != NULL && own->keyword != NULL; own++)
	{
		bool		is_other = false;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			is_other = is_other || strcmp(own->keyword, others[i]) == 0;
		if (!is_other && own->val != NULL && *own->val != '\0')
			set(options, own->keyword, own->val);
	}
}

static char *
tell_fault(PGconn *conn, const char *password)
{
	char	   *hidden = slipway_conninfo_hide(PQerrorMessage(conn), password);
	bool		explained;
	char	   *fault = slipway_connection_error_text(hidden, &explained);

	free(hidden);
	return fault;
}

/* Why it cannot be said to be the database that this program works in: it is another one, or there was no answer. NULL: it is. */
static char *
doubt_database(SlipwayCredentialWork *work, PGconn *conn, const char *password)
{
	static const char sql[] = "SELECT pg_catalog.current_database(), pg_catalog.pg_postmaster_start_time()::pg_catalog.timestamptz"
		" AT TIME ZONE INTERVAL '0'";
	PGresult   *ours = slipway_credential_work_ask(work, sql, 0, NULL);
	PGresult   *theirs = PQexec(conn, sql);
	char	   *fault = NULL;

	if (ours == NULL)
		fault = slipway_memory_copy(work->end->message);
	else if (PQresultStatus(theirs) != PGRES_TUPLES_OK)
		fault = tell_fault(conn, password);
	else if (strcmp(PQgetvalue(ours, 0, 0), PQgetvalue(theirs, 0, 0)) != 0 || strcmp(PQgetvalue(ours, 0, 1), PQgetvalue(theirs, 0, 1)) != 0)
		fault = slipway_memory_format("the application's settings lead to another database than this: %s on %s port %s", PQdb(conn),
									  PQhost(conn), PQport(conn));
	PQclear(ours);
	PQclear(theirs);
	return fault;
}

static PGconn *
connect_as(const PQconninfoOption *own, const SlipwaySecretLookup *places, const char *role, const char *password)
{
	static const char *const keywords[] = {"host", "port", "dbname"};
	Options		options = {.count = 0};
	const PQconninfoOption *address = own;

	/* where the application goes is not where our hostaddr leads */
	if (places[0].state == SLIPWAY_SECRET_FOUND)
	{
		while (address != NULL && address->keyword != NULL && strcmp(address->keyword, "hostaddr") != 0)
			address++;
		if (address != NULL && address->keyword != NULL && address->val != NULL)
			address->val[0] = '\0';
	}
	add_own(&options, own);
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (places[i].state == SLIPWAY_SECRET_FOUND)
			set(&options, keywords[i], places[i].value.data);
	set(&options, "user", role);
	set(&options, "password", password);
	set(&options, "connect_timeout", CONNECT_TIMEOUT);
	set(&options, "application_name", "slipway");
	/* none of the file of passwords */
	set(&options, "passfile", "/dev/null");
	return PQconnectdbParams(options.keywords, options.values, 0);
}

PGconn *
slipway_credential_login(SlipwayCredentialWork *work, const char *role, const char *password, char **fault)
{
	SlipwaySecretLookup places[] = {{.name = "DB_HOST"}, {.name = "DB_PORT"}, {.name = "DB_NAME"}};
	SlipwaySecretFault *stored = slipway_secret_store_fetch(work->store, places, sizeof(places) / sizeof(places[0]));
	PQconninfoOption *own = PQconninfo(work->conn);
	PGconn	   *conn = NULL;

	*fault = NULL;
	if (stored != NULL)
		*fault = slipway_memory_copy(stored->text);
	else
	{
		conn = connect_as(own, places, role, password);
		*fault = PQstatus(conn) == CONNECTION_OK ? doubt_database(work, conn, password) : tell_fault(conn, password);
		if (*fault != NULL)
		{
			PQfinish(conn);
			conn = NULL;
		}
	}
	slipway_secret_fault_free(stored);
	slipway_secret_lookup_release(places, sizeof(places) / sizeof(places[0]));
	slipway_conninfo_free(own);
	return conn;
}
