/*
 * server.c
 *	  The SQL interface of pg_slipway, typed.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "connection_error.h"
#include "die.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "pooler.h"
#include "server_error.h"

static const char *const state_names[SLIPWAY_STATE_COUNT] = {
	[SLIPWAY_STATE_APPLIED] = "applied",
	[SLIPWAY_STATE_PENDING] = "pending",
	[SLIPWAY_STATE_FAILED] = "failed",
	[SLIPWAY_STATE_CHANGED] = "changed",
	[SLIPWAY_STATE_MISSING] = "missing",
	[SLIPWAY_STATE_FUTURE] = "future",
	[SLIPWAY_STATE_OUT_OF_ORDER] = "out of order",
	[SLIPWAY_STATE_ROLLED_BACK_PART] = "rolled back in part",
};

const char *
slipway_server_state_name(SlipwayStateKind kind)
{
	return state_names[kind];
}

void
slipway_server_warn_of_drift(const PGresult *result)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	slipway_output_warn(NULL, "could not find out whether the schema has changed: %s",
						message != NULL ? message : "no answer");
}

char *
slipway_server_value(const PGresult *result, int row, int field)
{
	if (row >= PQntuples(result) || field >= PQnfields(result) || row < 0 || field < 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Is there a pooler in between, which mixes up answers?",
					"the server's answer has not what was asked for: %d %s with %d %s", PQntuples(result),
					PQntuples(result) == 1 ? "row" : "rows", PQnfields(result), PQnfields(result) == 1 ? "column" : "columns");
	return (PQgetvalue) (result, row, field);
}

bool
slipway_server_is_copy(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

void
slipway_server_check_copy(const PGresult *result)
{
	if (slipway_server_is_copy(result))
		slipway_die(SLIPWAY_EXIT_ERROR, slipway_connection_error_hint(), "the server's answer is a COPY, which was not asked for");
}

const char *
slipway_server_text(const PGresult *result, int row, int field)
{
	return PQgetisnull(result, row, field) ? NULL : PQgetvalue(result, row, field);
}

double
slipway_server_number(const PGresult *result, int row, int field, double otherwise)
{
	const char *text = slipway_server_text(result, row, field);

	return text != NULL ? strtod(text, NULL) : otherwise;
}

static void
check_result(PGconn *conn, const PGresult *result)
{
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		slipway_server_error_die(conn, result, NULL);
}

static bool
send_statement(PGconn *conn, const char *sql, int count, const char *const *values)
{
	return PQsendQueryParams(conn, sql, count, NULL, values, NULL, NULL, 0) == 1;
}

/* What to call when a signal comes; NULL: they are not watched, and end the program. */
static void (*leave) (const void *argument) = NULL;
static const void *leave_argument;

void
slipway_server_set_leave(void (*function) (const void *argument), const void *argument)
{
	leave = function;
	leave_argument = argument;
}

/* Waits until an answer is complete, the connection is gone or a signal comes. */
static void
wait_for_answer(PGconn *conn, int signals)
{
	while (PQisBusy(conn) != 0)
	{
		struct pollfd files[2] = {
			{.fd = PQsocket(conn), .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		if (poll(files, 2, -1) < 0 && errno != EINTR)
			slipway_die(SLIPWAY_EXIT_ERROR, slipway_connection_error_hint(), "could not wait for the server: %s", strerror(errno));
		if (slipway_interrupt_arrived())
			leave(leave_argument);
		if (files[0].revents != 0 && PQconsumeInput(conn) == 0)
			return;
	}
}

/* As PQexecParams() for one statement, which returns the last result, but a signal ends the wait. */
static PGresult *
execute(PGconn *conn, const char *sql, int count, const char *const *values)
{
	int			signals = slipway_interrupt_watch();
	PGresult   *answer = NULL;
	PGresult   *next;

	if (!send_statement(conn, sql, count, values))
		return NULL;
	for (;;)
	{
		wait_for_answer(conn, signals);
		next = PQgetResult(conn);
		if (next == NULL)
			return answer;
		slipway_server_check_copy(next);
		PQclear(answer);
		answer = next;
	}
}

/* The server's own errors have a code; and from a connection that is lost nothing comes. */
static bool
is_unread(const PGconn *conn, const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && PQstatus(conn) != CONNECTION_BAD &&
		PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL;
}

PGresult *
slipway_server_answer(const PGconn *conn, PGresult *result)
{
	if (is_unread(conn, result))
		slipway_connection_error_die(conn);
	return result;
}

/* libpq cannot be told that a connection is lost: so it gets a socket from which nothing comes any more. */
static bool
cut_off(PGconn *conn)
{
	int			pair[2];
	bool		cut;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	(void) close(pair[1]);
	cut = dup3(pair[0], PQsocket(conn), O_CLOEXEC) >= 0;
	(void) close(pair[0]);
	return cut && PQconsumeInput(conn) == 0 && PQstatus(conn) == CONNECTION_BAD;
}

PGresult *
slipway_server_exec(PGconn *conn, const char *sql)
{
	return slipway_server_answer_or_lose(conn, PQexec(conn, sql));
}

PGresult *
slipway_server_answer_or_lose(PGconn *conn, PGresult *result)
{
	if (is_unread(conn, result) && !cut_off(conn))
		slipway_connection_error_die(conn);
	return result;
}

PGresult *
slipway_server_query(PGconn *conn, const char *sql, int count, const char *const *values)
{
	PGresult   *result = leave != NULL ? execute(conn, sql, count, values)
		: PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);

	check_result(conn, result);
	return result;
}

static bool
says_interrupted(const PGresult *result)
{
	return PQntuples(result) > 0 &&
		strcmp(PQgetvalue(result, 0, PQfnumber(result, "outcome")), "interrupted") == 0;
}

PGresult *
slipway_server_query_outcome(PGconn *conn, const char *sql, int count, const char *const *values)
{
	PGresult   *result = slipway_server_query(conn, sql, count, values);

	if (!says_interrupted(result))
		return result;
	PQclear(result);
	return slipway_server_query(conn, sql, count, values);
}

static bool
has_sqlstate(const PGresult *result, const char *sqlstate)
{
	const char *given = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return given != NULL && strcmp(given, sqlstate) == 0;
}

int
slipway_server_compare_versions(const char *client, const char *extension)
{
	int			client_major = 0,
				client_minor = 0,
				major = 0,
				minor = 0;

	if (sscanf(client, "%d.%d", &client_major, &client_minor) != 2 ||
		sscanf(extension, "%d.%d", &major, &minor) != 2)
		return -1;
	if (client_major != major)
		return client_major < major ? -1 : 1;
	if (client_minor - minor >= -1 && client_minor - minor <= 1)
		return 0;
	return client_minor < minor ? -1 : 1;
}

static void
check_version(PGconn *conn, const PGresult *result)
{
	const char *version;
	int			order;

	/* no such schema, or one that is not this extension's */
	if (has_sqlstate(result, "3F000") || has_sqlstate(result, "42883"))
		slipway_die(SLIPWAY_EXIT_ERROR, "Run \"slipway init\" as a superuser.",
					"database \"%s\" has no pg_slipway extension", PQdb(conn));
	check_result(conn, result);
	version = PQgetvalue(result, 0, 0);
	slipway_output_detail("client %s, extension %s", SLIPWAY_VERSION, version);
	order = slipway_server_compare_versions(SLIPWAY_VERSION, version);
	if (order != 0)
		slipway_die(SLIPWAY_EXIT_VERSION,
					order < 0 ? "Upgrade the client."
					: SLIPWAY_SERVER_ERROR_UPGRADE,
					"client %s and extension %s do not fit", SLIPWAY_VERSION, version);
}

/* The next answer in pipeline mode and the NULL that ends it. */
static PGresult *
next_answer(PGconn *conn)
{
	PGresult   *result = PQgetResult(conn);

	if (result == NULL)
		slipway_connection_error_die(conn);
	if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
		PQclear(PQgetResult(conn));
	return result;
}

/*
 * In any case: a pooler may have dropped it from the connection request
 * without a word, and to ask first would cost more. Behind a pooler it is only for
 * this exchange, as the session may be somebody else's next.
 */
static bool
send_search_path(PGconn *conn, const SlipwaySearchPath *path)
{
	char	   *pid = slipway_memory_format("%d", PQbackendPID(conn));
	const char *const values[] = {path->value, pid};
	bool		sent = send_statement(
		conn, "SELECT pg_catalog.set_config('search_path', $1,"
		" pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.<>) $2::pg_catalog.int4)", 2, values);

	free(pid);
	return sent;
}

/* The extension's version, and what tells a pooler. */
static bool
send_version(PGconn *conn)
{
	const char *options = slipway_connection_options();
	char	   *settings = options != NULL ? slipway_pooler_list_settings(options) : NULL;
	const char *const values[] = {settings};
	bool		sent;

	if (settings == NULL)
		return send_statement(conn, "SELECT slipway.version(), pg_catalog.pg_backend_pid(),"
							  " pg_catalog.current_setting('application_name'), NULL", 0, NULL);
	/* one of another extension is not in the view until that is loaded */
	sent = send_statement(
		conn, "SELECT slipway.version(), pg_catalog.pg_backend_pid(),"
		" pg_catalog.current_setting('application_name'),"
		" (SELECT pg_catalog.string_agg(asked, ', ' ORDER BY position)"
		" FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS a(asked, position)"
		" LEFT JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) OPERATOR(pg_catalog.=) asked"
		" WHERE CASE WHEN s.name IS NULL THEN pg_catalog.current_setting(asked, true) IS NULL"
		" ELSE s.source OPERATOR(pg_catalog.<>) ALL ('{client,session}'::pg_catalog.text[]) END)",
		1, values);
	free(settings);
	return sent;
}

static void
check_search_path(PGconn *conn, const SlipwaySearchPath *path)
{
	PGresult   *result = next_answer(conn);

	if (has_sqlstate(result, "22023"))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not apply the search_path of %s: %s",
					path->source, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	check_result(conn, result);
	PQclear(result);
}

/* Sends a greeting; false if the connection is lost. */
static bool
send_greeting(PGconn *conn, const char *sql, int count, const char *const *values)
{
	const SlipwaySearchPath *path = slipway_connection_search_path();

	return PQenterPipelineMode(conn) == 1 &&
		(path == NULL || send_search_path(conn, path)) &&
		send_version(conn) &&
		(sql == NULL || send_statement(conn, sql, count, values)) &&
		PQpipelineSync(conn) == 1;
}

void
slipway_server_greet_early(PGconn *conn, const char *sql, int count, const char *const *values)
{
	(void) send_greeting(conn, sql, count, values);
}

PGresult *
slipway_server_greet(PGconn *conn, const char *sql, int count, const char *const *values)
{
	const SlipwaySearchPath *path = slipway_connection_search_path();
	/* nothing else uses pipeline mode before the greeting */
	bool		is_sent = PQpipelineStatus(conn) == PQ_PIPELINE_ON;
	PGresult   *version;
	PGresult   *answer = NULL;

	if (!is_sent && !send_greeting(conn, sql, count, values))
		slipway_connection_error_die(conn);
	if (path != NULL)
		check_search_path(conn, path);
	version = next_answer(conn);
	check_version(conn, version);
	slipway_pooler_note(conn, PQgetvalue(version, 0, 1), PQgetvalue(version, 0, 2),
						slipway_server_text(version, 0, 3));
	PQclear(version);
	if (sql != NULL)
	{
		answer = next_answer(conn);
		check_result(conn, answer);
	}
	PQclear(next_answer(conn));
	if (PQexitPipelineMode(conn) == 0)
		slipway_connection_error_die(conn);
	return answer;
}

static SlipwayStateKind
read_state(const char *name)
{
	for (int kind = 0; kind < SLIPWAY_STATE_COUNT; kind++)
		if (strcmp(state_names[kind], name) == 0)
			return (SlipwayStateKind) kind;
	slipway_die(SLIPWAY_EXIT_VERSION, "Upgrade the client.",
				"the server reports an unknown state \"%s\"", name);
}

SlipwayStateList *
slipway_server_compare(PGconn *conn, const SlipwayManifest *manifest, const char *project)
{
	static const char sql[] =
		"SELECT migration, state,"
		" " SLIPWAY_SERVER_UTC("applied_at") ","
		" " SLIPWAY_SERVER_UTC_ISO("applied_at") ","
		" applied_by, run, script_hash, applied_hash, " SLIPWAY_SERVER_MS("duration") ", units_done,"
		" kind = 'repeatable', pg_catalog.current_setting('slipway.out_of_order'), approval"
		" FROM slipway.compare($1, $2)";
	const char *const values[] = {manifest->text, project};
	SlipwayStateList *list = slipway_memory_new(sizeof(SlipwayStateList));
	PGresult   *result = slipway_server_greet(conn, sql, 2, values);

	list->result = result;
	list->count = (size_t) PQntuples(result);
	list->out_of_order = list->count > 0 ? PQgetvalue(result, 0, 11) : "refuse";
	list->states = slipway_memory_new(list->count * sizeof(SlipwayState));
	for (int row = 0; row < PQntuples(result); row++)
		list->states[row] = (SlipwayState) {
			.migration = PQgetvalue(result, row, 0),
			.kind = read_state(PQgetvalue(result, row, 1)),
			.applied_at = slipway_server_text(result, row, 2),
			.applied_at_iso = slipway_server_text(result, row, 3),
			.applied_by = slipway_server_text(result, row, 4),
			.run = slipway_server_text(result, row, 5),
			.script_hash = slipway_server_text(result, row, 6),
			.applied_hash = slipway_server_text(result, row, 7),
			.duration = slipway_server_number(result, row, 8, -1),
			.units_done = (int) slipway_server_number(result, row, 9, 0),
			.repeatable = *PQgetvalue(result, row, 10) == 't',
			.approval = slipway_server_text(result, row, 12),
		};
	return list;
}

void
slipway_server_free_states(SlipwayStateList *list)
{
	PQclear(list->result);
	free(list->states);
	free(list);
}
