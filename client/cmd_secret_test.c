/*
 * cmd_secret_test.c
 *	  slipway secret test
 */
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "conninfo.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "preflight.h"
#include "secret_command.h"
#include "server.h"
#include "target.h"

/* A connection that is tried. */
typedef struct Trial
{
	SlipwayPreflight preflight; /* for its notes */
	const char *check;			/* "application" or "admin" */
	PGconn	   *conn;
} Trial;

static const char *
name_stored(const SlipwayStoredConnection *stored, char **text)
{
	*text = slipway_memory_format("%s%s%s%s",
								  stored->root.path != NULL ? ", the authority" : "",
								  stored->certificate.path != NULL ? ", a certificate" : "",
								  stored->key.path != NULL ? ", its key" : "",
								  stored->root.path != NULL || stored->certificate.path != NULL ? " for TLS" : "");
	return *text;
}

/* What was found, by name; false if that is nothing, or the store is at fault. */
static bool
find_target(Trial *trial, bool application, SlipwayTarget *target)
{
	SlipwayPreflight *preflight = &trial->preflight;
	SlipwaySecretFault *fault = slipway_target_ask(preflight->arguments, application, target);
	char	   *text = NULL;

	if (fault != NULL)
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_FAILED, fault->hint, "%s", fault->text);
	else if (!target->is_given)
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_SKIPPED, NULL,
							   "nothing says how the application connects");
	else
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_OK, NULL, "found: %s%s", target->source,
							   target->stored != NULL ? name_stored(target->stored, &text) : "");
	free(text);
	slipway_secret_fault_free(fault);
	return fault == NULL && target->is_given;
}

static bool
connect_target(Trial *trial, SlipwayTarget *target)
{
	SlipwayPreflight *preflight = &trial->preflight;
	char	   *fault = NULL;

	/* what the store lacks is not asked for on a terminal */
	target->is_application = true;
	trial->conn = slipway_connection_attempt(preflight->arguments, target, &fault);
	if (trial->conn == NULL)
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_FAILED,
							   "What is stored may be out of date: \"slipway secret put\" replaces it.",
							   "could not connect (%s): %s", target->source, fault);
	else
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_OK, NULL,
							   "connected to database \"%s\" on \"%s\" port %s as role \"%s\"", PQdb(trial->conn),
							   PQhost(trial->conn), PQport(trial->conn), PQuser(trial->conn));
	free(fault);
	return trial->conn != NULL;
}

static void
test_server(Trial *trial)
{
	static const char sql[] = "SELECT pg_catalog.date_trunc('second', pg_catalog.now()), current_user";
	PGresult   *result = slipway_preflight_ask(&trial->preflight, trial->conn, trial->check, sql, NULL, NULL);

	if (result != NULL)
		slipway_preflight_note(&trial->preflight, trial->check, SLIPWAY_OUTCOME_OK, NULL,
							   "PostgreSQL %s, its time is %s, the role is \"%s\"",
							   PQparameterStatus(trial->conn, "server_version"), PQgetvalue(result, 0, 0),
							   PQgetvalue(result, 0, 1));
	PQclear(result);
}

/* The mode that the connection was made with; the caller frees it. */
static char *
find_sslmode(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	char	   *mode = NULL;

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (strcmp(option->keyword, "sslmode") == 0 && option->val != NULL)
			mode = slipway_memory_copy(option->val);
	slipway_conninfo_free(options);
	return mode != NULL ? mode : slipway_memory_copy("unknown");
}

/* With an authority to compare with, libpq checks the certificate whatever sslmode is, but not whose it is. */
static void
report_tls(Trial *trial, const SlipwayStoredConnection *stored, const char *mode)
{
	bool		verifies = strncmp(mode, "verify", 6) == 0;
	bool		checks = stored != NULL && stored->root.path != NULL;

	slipway_preflight_note(&trial->preflight, trial->check, verifies ? SLIPWAY_OUTCOME_OK : SLIPWAY_OUTCOME_WARNING,
						   verifies ? NULL : checks ? "Store DB_SSLMODE, as verify-full."
						   : stored != NULL ? "Store the authority's certificate: \"slipway secret put-certificate\"."
						   : "The connection string needs sslmode=verify-full and sslrootcert.",
						   "%s with %s, the server's certificate is %s (%s)", PQsslAttribute(trial->conn, "protocol"),
						   PQsslAttribute(trial->conn, "cipher"),
						   verifies ? "verified" : checks ? "verified, but not whose it is" : "not verified", mode);
}

static void
test_tls(Trial *trial, const SlipwayTarget *target)
{
	char	   *mode = find_sslmode(trial->conn);
	bool		is_socket = PQhost(trial->conn)[0] == '/' || PQhost(trial->conn)[0] == '@';

	if (PQsslInUse(trial->conn) != 0)
		report_tls(trial, target->stored, mode);
	else
		slipway_preflight_note(&trial->preflight, trial->check,
							   is_socket ? SLIPWAY_OUTCOME_OK : SLIPWAY_OUTCOME_WARNING,
							   is_socket ? NULL : "Store DB_SSLMODE, as verify-full.", "no TLS%s",
							   is_socket ? ", as it is a local socket" : "");
	free(mode);
}

/* One's own query, which cannot change anything. */
static void
test_query(Trial *trial, const char *query)
{
	SlipwayPreflight *preflight = &trial->preflight;
	PGresult   *result;

	if (query == NULL)
		return;
	PQclear(slipway_server_answer(trial->conn, PQexec(trial->conn, "BEGIN READ ONLY")));
	result = slipway_server_answer(trial->conn, PQexecParams(trial->conn, query, 0, NULL, NULL, NULL, NULL, 0));
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_FAILED, NULL, "--query: %s",
							   PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL
							   ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : "it is no query");
	else if (PQntuples(result) != 1 || PQnfields(result) != 1)
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_FAILED, "Write one that counts.",
							   "--query: %d rows of %d columns, not one value", PQntuples(result), PQnfields(result));
	else
		slipway_preflight_note(preflight, trial->check, SLIPWAY_OUTCOME_OK, NULL, "--query: %s",
							   PQgetvalue(result, 0, 0));
	PQclear(result);
	PQclear(PQexec(trial->conn, "ROLLBACK"));
}

/* Returns whether the store and the server let us in, or there was nothing to try. */
static bool
test_connection(Trial *trial, bool application, const char *query)
{
	SlipwayTarget target = {0};
	bool		good = true;

	if (find_target(trial, application, &target))
	{
		good = connect_target(trial, &target);
		if (good)
		{
			test_server(trial);
			test_tls(trial, &target);
			test_query(trial, query);
			slipway_die_pop();
			PQfinish(trial->conn);
			trial->conn = NULL;
		}
	}
	slipway_target_release(&target);
	return good;
}

SlipwayExitCode
slipway_cmd_secret_test(const SlipwayArguments *arguments)
{
	const char *query = slipway_option_text(arguments, SLIPWAY_OPTION_QUERY);
	Trial		trial = {.preflight = {.arguments = arguments}};
	int		   *counts = trial.preflight.counts;
	bool		connected = true;

	(void) slipway_secret_command_begin(arguments);
	slipway_preflight_store(&trial.preflight);
	if (counts[SLIPWAY_OUTCOME_FAILED] > 0)
		return SLIPWAY_EXIT_CONNECTION;
	trial.check = "application";
	connected = test_connection(&trial, true, query);
	trial.check = "admin";
	connected = test_connection(&trial, false, query) && connected;
	slipway_output_say("%d ok, %d %s, %d failed, %d skipped", counts[SLIPWAY_OUTCOME_OK],
					   counts[SLIPWAY_OUTCOME_WARNING],
					   counts[SLIPWAY_OUTCOME_WARNING] == 1 ? "warning" : "warnings",
					   counts[SLIPWAY_OUTCOME_FAILED], counts[SLIPWAY_OUTCOME_SKIPPED]);
	return !connected ? SLIPWAY_EXIT_CONNECTION
		: counts[SLIPWAY_OUTCOME_FAILED] > 0 ? SLIPWAY_EXIT_ERROR : SLIPWAY_EXIT_DONE;
}
