/*
 * cmd_exec.c
 *	  slipway exec
 */
#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "application.h"
#include "clock.h"
#include "command.h"
#include "connection.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "secret_store.h"
#include "server.h"
#include "server_error.h"
#include "wait.h"

/* As env(1) and shells have it. */
#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127

/* SQLSTATE of what a role may not do. */
#define DENIED "42501"

/*
 * So long an answer may take, as a way to the server that is blocked says nothing; also to the
 * last question, for which there is hardly any time left.
 */
#define LONGEST_ANSWER_MS 10000
#define LEAST_ANSWER_MS 1000

/* What the server says while the deploy has not come that far. */
static const char *
explain_missing(const PGresult *result)
{
	static const struct
	{
		const char *sqlstate;
		const char *reason;
	}			known[] = {
		{"SW011", "it is not applied"},
		{"SW012", "the project does not exist"},
		{"3F000", "the database has no pg_slipway extension"},
		{"42883", "the database has no pg_slipway extension"},
		/* an init that is under way may be about to grant it */
		{DENIED, "this role may not ask for migrations"},
	};
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	for (size_t i = 0; sqlstate != NULL && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(sqlstate, known[i].sqlstate) == 0)
			return known[i].reason;
	return NULL;
}

static void
say_waiting(const char *migration, const char *project, const char *reason)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:s, s:s}", "event", "waiting", "migration",
									  migration, "project", project, "reason", reason));
	else
		slipway_output_say("waiting for migration \"%s\" (project %s): %s", migration, project, reason);
}

/* As long as the time is not over: waits for the server, and connects. */
static PGconn *
connect_in_time(const SlipwayArguments *arguments, SlipwayWait *wait, SlipwayTarget *target)
{
	PGconn	   *conn;

	free(slipway_wait_for_server(wait, arguments, target));
	conn = slipway_connection_open_application(arguments, target);
	/* a pooler's yes is not yet that of the server */
	PQclear(slipway_server_query(conn, "SELECT 1", 0, NULL));
	return conn;
}

/*
 * NULL when it is applied, else why it is not; other errors end the program. Sets
 * *denied when the role lacks the right to ask, and *lost when the connection is of no more use.
 */
static const char *
ask_for_migration(PGconn *conn, const SlipwayWait *wait, const char *const *values, bool *denied, bool *lost)
{
	double		now = slipway_clock_now();
	double		left = wait->until - now;
	double		patience = left > LONGEST_ANSWER_MS ? LONGEST_ANSWER_MS
		: left > LEAST_ANSWER_MS ? left : LEAST_ANSWER_MS;
	PGresult   *result = slipway_connection_ask(conn, "SELECT slipway.require($1, $2)", 2, values, now + patience);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *reason = NULL;

	*denied = sqlstate != NULL && strcmp(sqlstate, DENIED) == 0;
	*lost = result == NULL || PQstatus(conn) == CONNECTION_BAD;
	if (*lost)
		reason = "the connection to the server was lost";
	else if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		reason = explain_missing(result);
		if (reason == NULL)
			slipway_server_error_die(conn, result, NULL);
	}
	PQclear(result);
	return reason;
}

/* Returns the connection, which may be another one by then. */
static PGconn *
wait_for_migration(const SlipwayArguments *arguments, SlipwayWait *wait, SlipwayTarget *target, PGconn *conn)
{
	const char *migration = slipway_option_text(arguments, SLIPWAY_OPTION_REQUIRE);
	const char *project = slipway_release_project(arguments);
	const char *const values[] = {migration, project};
	const char *said = NULL;
	const char *reason;
	bool		denied = false;
	bool		lost = false;

	while ((reason = ask_for_migration(conn, wait, values, &denied, &lost)) != NULL)
	{
		if (said == NULL || strcmp(said, reason) != 0)
			say_waiting(migration, project, reason);
		said = reason;
		if (!slipway_wait_pause(wait))
			slipway_die(SLIPWAY_EXIT_ERROR,
						denied ? slipway_memory_format("Run \"slipway init --grant %s=reader\".", PQuser(conn))
						: "Run \"slipway migrate\", or wait longer with --timeout.",
						"migration \"%s\" (project %s) was not there within %s: %s", migration, project,
						slipway_output_duration(wait->timeout), reason);
		if (lost)
		{
			slipway_connection_close(conn);
			conn = connect_in_time(arguments, wait, target);
		}
	}
	return conn;
}

static _Noreturn void
die_of_silence(const SlipwayArguments *arguments)
{
	const char *store = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);

	if (store != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE,
					slipway_memory_format("Store %s there, or give app_url in the section of --env.",
										  slipway_stored_connection_names(arguments, true)),
					"%s says nothing of how the application connects", store);
	slipway_die(SLIPWAY_EXIT_USAGE,
				"Give app_url in the section of --env, DB_CONN_STRING, or DB_HOST and its like.",
				"nothing says how the application connects");
}

/* Does not return. */
static _Noreturn void
become(const char *const *words)
{
	const char *fault;

	/* libcurl's connections would stay open */
	slipway_secret_store_forget();
	/* what is ignored stays so, and few programs expect that */
	(void) signal(SIGPIPE, SIG_DFL);
	(void) signal(SIGXFSZ, SIG_DFL);
	(void) slipway_output_flush();
	(void) execvp(words[0], (char *const *) words);
	fault = strerror(errno);
	slipway_die(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE, NULL,
				"could not execute \"%s\": %s", words[0], fault);
}

SlipwayExitCode
slipway_cmd_exec(const SlipwayArguments *arguments)
{
	SlipwayWait wait = slipway_wait_begin(arguments);
	SlipwayTarget target = {0};
	PGconn	   *conn;

	slipway_wait_for_target(&wait, arguments, true, &target);
	if (!target.is_given)
		die_of_silence(arguments);
	slipway_application_forget_admin(arguments);
	conn = connect_in_time(arguments, &wait, &target);
	if (slipway_option_text(arguments, SLIPWAY_OPTION_REQUIRE) != NULL)
		conn = wait_for_migration(arguments, &wait, &target, conn);
	slipway_connection_close(conn);
	/* that may have taken so long that what it was begun with is out of date */
	while (slipway_wait_has_changed(&wait, arguments, &target))
		slipway_connection_close(connect_in_time(arguments, &wait, &target));
	slipway_application_set(&target);
	become(arguments->words + 1);
}
