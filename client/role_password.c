/*
 * role_password.c
 *	  The password of the role that a connection has logged in as, in the server.
 */
#include "role_password.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "memory.h"
#include "secret_buffer.h"
#include "server.h"

/* Of who rotates, from the beginning to the end; and of the transaction in which the role is changed. */
#define ROTATING "pg_catalog.hashtext('slipway secret rotate'), pg_catalog.hashtext(session_user)"
#define CHANGING "pg_catalog.hashtext('slipway secret rotate: role'), pg_catalog.hashtext(session_user)"

#define LOCK_TRIES 10

#define SCRAM "SCRAM-SHA-256$"

char *
slipway_role_password_verifier(PGconn *conn, const char *password)
{
	char	   *verifier = PQencryptPasswordConn(conn, password, PQuser(conn), "scram-sha-256");
	char	   *copy;

	if (verifier == NULL)
		return NULL;
	copy = slipway_secret_copy(verifier);
	explicit_bzero(verifier, strlen(verifier));
	PQfreemem(verifier);
	return copy;
}

static bool
is_true(PGconn *conn, const char *sql)
{
	PGresult   *result = slipway_server_exec(conn, sql);
	bool		yes = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return yes;
}

char *
slipway_role_password_current(PGconn *conn)
{
	char	   *verifier = NULL;
	PGresult   *result;

	if (!is_true(conn, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')"))
		return PQstatus(conn) == CONNECTION_OK ? slipway_role_password_verifier(conn, PQpass(conn)) : NULL;
	result = slipway_server_exec(conn, "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = session_user");
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0))
		verifier = slipway_secret_copy(PQgetvalue(result, 0, 0));
	PQclear(result);
	return verifier;
}

/* An advisory lock is one of its database; so after it was taken others are looked for in all of them. */
static bool
take_lock(PGconn *conn, const char *keys)
{
	char	   *sql = slipway_memory_format("SELECT pg_catalog.pg_try_advisory_xact_lock(%s)", keys);
	bool		taken = is_true(conn, sql);

	free(sql);
	sql = slipway_memory_format("SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_locks l "
								"WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted AND l.pid <> pg_catalog.pg_backend_pid() "
								"AND (l.classid, l.objid) = (SELECT a::pg_catalog.oid, b::pg_catalog.oid FROM (VALUES (%s)) AS k(a, b)))",
								keys);
	taken = taken && is_true(conn, sql);
	free(sql);
	return taken;
}

/* A transaction, which is not to be ended by the server because it waits long for a store. */
static void
begin(PGconn *conn, const char *sql)
{
	PQclear(slipway_server_exec(conn, sql));
	PQclear(slipway_server_exec(conn, "SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings "
				   "WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')"));
}

/* Of one that was killed the server gets to know at once, or nearly so. */
bool
slipway_role_password_lock(PGconn *conn)
{
	bool		taken = false;

	for (int i = 0; i < LOCK_TRIES && !taken && PQstatus(conn) == CONNECTION_OK; i++)
	{
		if (i > 0)
		{
			PQclear(slipway_server_exec(conn, "ROLLBACK"));
			(void) nanosleep(&(struct timespec) {0, 100000000L}, NULL);
		}
		begin(conn, "BEGIN");
		taken = take_lock(conn, ROTATING);
	}
	return taken;
}

bool
slipway_role_password_is_changing(PGconn *conn)
{
	bool		changing;

	begin(conn, "BEGIN");
	changing = !take_lock(conn, CHANGING);
	PQclear(slipway_server_exec(conn, "ROLLBACK"));
	return changing;
}

/* The function that leaves no trace; 0: there is none. */
static int
find_function(PGconn *conn)
{
	PGresult   *result = slipway_server_exec(conn, "SELECT pg_catalog.to_regprocedure('pg_catalog.slipway_change_password(text)')::pg_catalog.oid");
	unsigned long oid = 0;

	if (PQresultStatus(result) == PGRES_TUPLES_OK && !PQgetisnull(result, 0, 0))
		oid = strtoul(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return (int) oid;
}

/*
 * Switches off, until the end of the transaction, whatever would keep the text of a statement. What waits for a lock longer than
 * a moment ends, as one that takes long may be logged for that.
 */
static void
silence(PGconn *conn)
{
	const char *condition = PQserverVersion(conn) >= 150000 ? "pg_catalog.has_parameter_privilege(n, 'SET')"
		: "pg_catalog.current_setting('is_superuser') = 'on'";
	char	   *sql = slipway_memory_format("SELECT pg_catalog.set_config(n, v, true) FROM (VALUES ('log_statement', 'none'), "
											"('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'), "
											"('log_min_error_statement', 'panic'), ('track_activities', 'off'), "
											"('pg_stat_statements.track_utility', 'off')) AS s(n, v) "
											"WHERE %s AND pg_catalog.current_setting(n, true) IS NOT NULL", condition);

	PQclear(slipway_server_exec(conn, sql));
	PQclear(slipway_server_exec(conn, "SELECT pg_catalog.set_config('debug_print_parse', 'off', true), "
				   "pg_catalog.set_config('debug_print_rewritten', 'off', true), pg_catalog.set_config('lock_timeout', '90ms', true)"));
	free(sql);
}

/* Within a transaction that is silenced. Such a statement takes less than 100 ms. */
static char *
find_leak(PGconn *conn)
{
	PGresult   *result = slipway_server_exec(conn,
								"SELECT pg_catalog.string_agg(name || ' = ' || pg_catalog.current_setting(name), ', ' ORDER BY name) "
								"FROM pg_catalog.pg_settings WHERE CASE name "
								"WHEN 'log_statement' THEN setting <> 'none' "
								"WHEN 'log_min_duration_statement' THEN setting::pg_catalog.int4 BETWEEN 0 AND 99 "
								"WHEN 'log_min_duration_sample' THEN setting::pg_catalog.int4 BETWEEN 0 AND 99 "
								"AND pg_catalog.current_setting('log_statement_sample_rate')::pg_catalog.float8 OPERATOR(pg_catalog.>) 0 "
								"WHEN 'log_transaction_sample_rate' THEN setting::pg_catalog.float8 OPERATOR(pg_catalog.>) 0 END");
	char	   *leak = NULL;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		leak = slipway_memory_copy("it cannot be told what is logged");
	else if (!PQgetisnull(result, 0, 0))
		leak = slipway_memory_copy(PQgetvalue(result, 0, 0));
	PQclear(result);
	return leak;
}

char *
slipway_role_password_leak(PGconn *conn)
{
	char	   *leak;

	if (find_function(conn) != 0)
		return NULL;
	begin(conn, "BEGIN");
	silence(conn);
	leak = find_leak(conn);
	PQclear(slipway_server_exec(conn, "ROLLBACK"));
	return leak;
}

/* Why it failed, or NULL; clears the result. */
static char *
read_fault(PGresult *result)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char	   *fault = NULL;

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		fault = slipway_memory_copy(message != NULL ? message : "the connection was lost");
	PQclear(result);
	return fault;
}

static char *
call_function(PGconn *conn, int function, const char *verifier)
{
	PQArgBlock	argument = {.len = (int) strlen(verifier),.u.ptr = (int *) verifier};
	int			nothing[1];
	int			length = 0;

	return read_fault(slipway_server_answer_or_lose(conn, PQfn(conn, function, nothing, &length, 0, &argument, 1)));
}

/* A verifier has no quote, nor a backslash. */
static char *
alter_role(PGconn *conn, const char *verifier, bool may_leak)
{
	SlipwayBuffer sql = {.is_secret = true};
	char	   *fault;
	char	   *leak;
	char	   *text;

	silence(conn);
	leak = may_leak ? NULL : find_leak(conn);
	if (leak != NULL)
	{
		fault = slipway_memory_format("the server's log would show its verifier: %s", leak);
		free(leak);
		return fault;
	}
	slipway_buffer_format(&sql, "ALTER ROLE SESSION_USER PASSWORD '%s'", verifier);
	text = slipway_buffer_take(&sql);
	fault = read_fault(slipway_server_exec(conn, text));
	slipway_memory_wipe(text);
	return fault;
}

char *
slipway_role_password_set(PGconn *conn, const char *verifier, bool may_leak)
{
	bool		is_scram = strncmp(verifier, SCRAM, strlen(SCRAM)) == 0;
	int			function = is_scram ? find_function(conn) : 0;
	char	   *fault = NULL;

	begin(conn, "BEGIN READ WRITE");
	/* a commit that waits for a standby which is away is one, all the same */
	PQclear(slipway_server_exec(conn, "SELECT pg_catalog.set_config('statement_timeout', '60s', true)"));
	if (!take_lock(conn, CHANGING))
		fault = slipway_memory_copy(PQstatus(conn) == CONNECTION_OK ? "another change of it is under way" : "the connection was lost");
	else if (function != 0)
		fault = call_function(conn, function, verifier);
	else
		fault = alter_role(conn, verifier, may_leak);
	if (fault == NULL)
		return read_fault(slipway_server_exec(conn, "COMMIT"));
	PQclear(slipway_server_exec(conn, "ROLLBACK"));
	return fault;
}
