/*
 * preflight_server.c
 *	  Checks before a deploy: the server, and the way to it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection.h"
#include "conninfo.h"
#include "memory.h"
#include "preflight.h"
#include "server.h"

/* The oldest major that the extension is built for, as PQserverVersion() has it. */
#define OLDEST_SERVER 150000

/* A standby is behind from so many seconds on. */
#define LAG_SECONDS "10"

static void
check_reachable(SlipwayPreflight *preflight)
{
	SlipwayTarget target = {0};
	SlipwaySecretFault *stored = slipway_target_ask(preflight->arguments, false, &target);
	char	   *fault = NULL;
	char	   *place;

	if (stored != NULL)
	{
		slipway_preflight_note(preflight, "server", SLIPWAY_OUTCOME_FAILED, stored->hint, "could not connect: %s",
							   stored->text);
		slipway_secret_fault_free(stored);
		return;
	}
	place = slipway_connection_place(&target);
	preflight->conn = slipway_connection_attempt(preflight->arguments, &target, &fault);
	if (preflight->conn == NULL)
		slipway_preflight_note(preflight, "server", SLIPWAY_OUTCOME_FAILED,
							   "\"slipway config\" shows where the connection comes from.",
							   "could not connect (%s): %s", target.source, fault);
	else if (PQserverVersion(preflight->conn) < OLDEST_SERVER)
		slipway_preflight_note(preflight, "server", SLIPWAY_OUTCOME_FAILED,
							   "Upgrade the server to PostgreSQL 15 or later.",
							   "PostgreSQL %s is too old", PQparameterStatus(preflight->conn, "server_version"));
	else
		slipway_preflight_note(preflight, "server", SLIPWAY_OUTCOME_OK, NULL,
							   "PostgreSQL %s on %s, database \"%s\" as role \"%s\"",
							   PQparameterStatus(preflight->conn, "server_version"), place,
							   PQdb(preflight->conn), PQuser(preflight->conn));
	free(place);
	free(fault);
	slipway_target_release(&target);
}

static void
check_extension(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT e.extversion, a.default_version"
	"  FROM pg_catalog.pg_available_extensions a"
	"  LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name"
	" WHERE a.name = 'pg_slipway'";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "extension", sql, NULL, NULL);

	if (result == NULL)
		return;
	if (PQntuples(result) == 0)
		slipway_preflight_note(preflight, "extension", SLIPWAY_OUTCOME_FAILED,
							   "Install its files on the server; then a superuser runs \"slipway init\".",
							   "the server does not have pg_slipway");
	else if (PQgetisnull(result, 0, 0))
		slipway_preflight_note(preflight, "extension", SLIPWAY_OUTCOME_FAILED,
							   "A superuser runs \"slipway init\".",
							   "the database does not have pg_slipway; the server offers %s",
							   PQgetvalue(result, 0, 1));
	else if (slipway_server_compare_versions(SLIPWAY_VERSION, PQgetvalue(result, 0, 0)) != 0)
		slipway_preflight_note(preflight, "extension", SLIPWAY_OUTCOME_FAILED,
							   "The same and the neighbouring minor versions fit.",
							   "pg_slipway %s and slipway %s do not fit", PQgetvalue(result, 0, 0), SLIPWAY_VERSION);
	else
	{
		preflight->has_extension = true;
		slipway_preflight_note(preflight, "extension", SLIPWAY_OUTCOME_OK, NULL, "pg_slipway %s",
							   PQgetvalue(result, 0, 0));
	}
	PQclear(result);
}

/* Value of a parameter of the connection, or NULL. */
static const char *
find_parameter(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

/* With certificates to compare with, libpq checks the server's whatever sslmode is. */
static bool
is_certificate_checked(const PQconninfoOption *options)
{
	const char *given = find_parameter(options, "sslrootcert");
	const char *home = getenv("HOME");
	char	   *path = given != NULL && *given != '\0' ? slipway_memory_copy(given)
		: slipway_memory_format("%s/.postgresql/root.crt", home != NULL ? home : "");
	bool		is_there = access(path, F_OK) == 0;

	free(path);
	return is_there;
}

static void
report_tls(SlipwayPreflight *preflight, const PQconninfoOption *options)
{
	PGconn	   *conn = preflight->conn;
	const char *mode = find_parameter(options, "sslmode");
	bool		verifies = mode != NULL && strncmp(mode, "verify-", 7) == 0;
	bool		checked = verifies || is_certificate_checked(options);

	slipway_preflight_note(preflight, "tls", SLIPWAY_OUTCOME_OK,
						   verifies ? NULL : checked ? "sslmode=verify-full would also make certain whose server it is."
						   : "sslmode=verify-full with sslrootcert would also make certain whose server it is.",
						   "%s, %s%s%s", PQsslAttribute(conn, "protocol"), PQsslAttribute(conn, "cipher"),
						   verifies ? ", sslmode=" : checked ? "; the server's certificate is checked, but not whose it is"
						   : "; nobody checks the server's certificate", verifies ? mode : "");
}

static void
check_tls(SlipwayPreflight *preflight)
{
	PGconn	   *conn = preflight->conn;
	PQconninfoOption *options = PQconninfo(conn);

	/* '@': an abstract one */
	if (PQhost(conn)[0] == '/' || PQhost(conn)[0] == '@')
		slipway_preflight_note(preflight, "tls", SLIPWAY_OUTCOME_OK, NULL, "not needed on a local socket");
	else if (PQsslInUse(conn) != 0)
		report_tls(preflight, options);
	else if (PQgssEncInUse(conn) != 0)
		slipway_preflight_note(preflight, "tls", SLIPWAY_OUTCOME_OK, NULL, "none, but GSSAPI encrypts the connection");
	else
		slipway_preflight_note(preflight, "tls", SLIPWAY_OUTCOME_WARNING,
							   "Add sslmode=verify-full and sslrootcert to the connection.",
							   "the connection is not encrypted");
	slipway_conninfo_free(options);
}

/* A pooler gives out a process number of its own. */
static void
check_direct(SlipwayPreflight *preflight)
{
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "direct",
											   "SELECT pg_catalog.pg_backend_pid()", NULL, NULL);

	if (result == NULL)
		return;
	if (atoi(PQgetvalue(result, 0, 0)) == PQbackendPID(preflight->conn))
		slipway_preflight_note(preflight, "direct", SLIPWAY_OUTCOME_OK, NULL, "connected to the server itself");
	else
		slipway_preflight_note(preflight, "direct",
							   slipway_option_flag(preflight->arguments, SLIPWAY_OPTION_REQUIRE_DIRECT)
							   ? SLIPWAY_OUTCOME_FAILED : SLIPWAY_OUTCOME_WARNING,
							   "Migrations are best run over a direct connection: name the server, not the pooler.",
							   "connected through a pooler");
	PQclear(result);
}

static void
check_writable(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')::boolean";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "writable", sql, NULL, NULL);

	if (result == NULL)
		return;
	if (strcmp(PQgetvalue(result, 0, 0), "t") == 0)
		slipway_preflight_note(preflight, "writable", SLIPWAY_OUTCOME_FAILED,
							   "Connect to the primary; target_session_attrs=read-write finds it among several hosts.",
							   "the server is a standby");
	else if (strcmp(PQgetvalue(result, 0, 1), "t") == 0)
		slipway_preflight_note(preflight, "writable", SLIPWAY_OUTCOME_FAILED,
							   "See default_transaction_read_only of the role, the database and the server.",
							   "transactions are read-only by default");
	else
		slipway_preflight_note(preflight, "writable", SLIPWAY_OUTCOME_OK, NULL, "a primary, and read-write");
	PQclear(result);
}

static void
check_workers(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT s.setting::integer - (SELECT count(*) FROM pg_catalog.pg_stat_activity a"
	"         WHERE a.backend_type NOT IN ('client backend', 'walsender', 'walreceiver', 'startup', 'checkpointer',"
	"               'background writer', 'walwriter', 'archiver', 'logger', 'autovacuum launcher', 'autovacuum worker',"
	"               'standalone backend', 'slotsync worker', 'walsummarizer', 'io worker')),"
	"       s.setting"
	"  FROM pg_catalog.pg_settings s WHERE s.name = 'max_worker_processes'";
	PGresult   *result;

	if (!slipway_preflight_sees_sessions(preflight))
	{
		slipway_preflight_note(preflight, "workers", SLIPWAY_OUTCOME_SKIPPED, SLIPWAY_PREFLIGHT_SEE_SESSIONS,
							   "the role may not see how many background workers there are");
		return;
	}
	result = slipway_preflight_ask(preflight, preflight->conn, "workers", sql, NULL, NULL);
	if (result == NULL)
		return;
	if (atoi(PQgetvalue(result, 0, 0)) <= 0)
		slipway_preflight_note(preflight, "workers", SLIPWAY_OUTCOME_WARNING, "Raise max_worker_processes.",
							   "no background worker is free: \"migrate --detach\" could not start");
	else
		slipway_preflight_note(preflight, "workers", SLIPWAY_OUTCOME_OK, NULL, "%s of %s background workers are free",
							   PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	PQclear(result);
}

static void
check_replication(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT count(*), count(*) FILTER (WHERE state IS NULL),"
	"       pg_catalog.string_agg(application_name || ' (' || extract(epoch FROM replay_lag)::pg_catalog.int4::pg_catalog.text || ' s)', ', ')"
	"           FILTER (WHERE replay_lag > interval '" LAG_SECONDS " s')"
	"  FROM pg_catalog.pg_stat_replication"
	/* that of pg_basebackup is not one of a standby */
	" WHERE state IS DISTINCT FROM 'backup'";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "replication", sql, NULL, NULL);

	if (result == NULL)
		return;
	if (strcmp(PQgetvalue(result, 0, 1), "0") != 0)
		slipway_preflight_note(preflight, "replication", SLIPWAY_OUTCOME_SKIPPED, SLIPWAY_PREFLIGHT_SEE_SESSIONS,
							   "the role may not see how far the standbys are");
	else if (!PQgetisnull(result, 0, 2))
		slipway_preflight_note(preflight, "replication", SLIPWAY_OUTCOME_WARNING,
							   "A migration that writes much makes it worse: wait until they have caught up.",
							   "standbys are behind: %s", PQgetvalue(result, 0, 2));
	else
		slipway_preflight_note(preflight, "replication", SLIPWAY_OUTCOME_OK, NULL,
							   strcmp(PQgetvalue(result, 0, 0), "1") == 0 ? "%s standby, not " LAG_SECONDS " s behind"
							   : "%s standbys, none is " LAG_SECONDS " s behind", PQgetvalue(result, 0, 0));
	PQclear(result);
}

void
slipway_preflight_server(SlipwayPreflight *preflight)
{
	check_reachable(preflight);
	if (preflight->conn == NULL)
		return;
	check_extension(preflight);
	check_tls(preflight);
	check_direct(preflight);
	check_writable(preflight);
	check_workers(preflight);
	check_replication(preflight);
}
