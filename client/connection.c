/*
 * connection.c
 *	  Connects.
 */
#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "attempt.h"
#include "buffer.h"
#include "clock.h"
#include "config.h"
#include "connection_error.h"
#include "conninfo.h"
#include "die.h"
#include "display.h"
#include "head_start.h"
#include "memory.h"
#include "output.h"
#include "password.h"
#include "secret_buffer.h"
#include "server.h"
#include "target.h"
#include "webhook.h"

/* PQconnectdbParams() or PQconnectStartParams() */
typedef PGconn *(*Connect) (const char *const *keywords, const char *const *values,
							int expand_dbname);

/* What was found and begun ahead of slipway_connection_open(). */
static struct
{
	bool		is_found;
	SlipwayTarget target;
	SlipwayAttempt attempt;
}			ahead;

static SlipwaySearchPath search_path;
static char *server_options;

/*
 * search_path travels in the connection request, as PGOPTIONS would: that
 * costs no round trip, and RESET search_path in a script comes back to it.
 * NULL where that is not safe: the options of a service file would be lost,
 * and what has quotes or no ASCII is better parsed, and complained of, in the
 * encoding of an open connection. The caller frees the result.
 */
static char *
make_startup_options(const SlipwayTarget *target)
{
	static const char simple[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_,";
	const char *others = target->options != NULL ? target->options : getenv("PGOPTIONS");
	const char *path = target->search_path;

	if (path == NULL || target->has_service)
		return NULL;
	if (*path == '\0' || path[strspn(path, simple)] != '\0' ||
		*path == ',' || path[strlen(path) - 1] == ',' || strstr(path, ",,") != NULL)
		return NULL;
	return slipway_memory_format("%s%s-c search_path=%s", others != NULL ? others : "",
								 others != NULL && *others != '\0' ? " " : "", path);
}

/* What a server says unasked. libpq would print it as it is. */
static void
print_notice(void *unused, const char *message)
{
	(void) unused;
	slipway_output_begin_talk();
	slipway_display_print(stderr, message, true, "");
}

/* Later values of a keyword count more, and so do those of a string in dbname. */
static PGconn *
try_connection(const SlipwayTarget *target, const char *options, Connect connect)
{
	const char *const keywords[] = {
		"host", "port", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey",
		"dbname", "host", "port", "user", "password", "options",
		"fallback_application_name", "client_encoding", NULL
	};
	static const SlipwayStoredConnection nothing = {.source = NULL};
	const SlipwayStoredConnection *stored = target->stored != NULL ? target->stored : &nothing;
	bool		again = target->overrides;
	const char *const values[] = {
		target->host, target->port, target->user, target->password, stored->sslmode,
		stored->root.path, stored->certificate.path, stored->key.path, target->conninfo,
		again ? target->host : NULL, again ? target->port : NULL, again ? target->user : NULL,
		stored->password != NULL ? target->password : NULL, options, "slipway", "UTF8", NULL
	};
	PGconn	   *conn = connect(keywords, values, 1);

	if (conn == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
	(void) PQsetNoticeProcessor(conn, print_notice, NULL);
	return conn;
}

/* PgBouncer refuses what it does not know of a connection request. */
static bool
is_request_refused(const PGconn *conn)
{
	return PQstatus(conn) == CONNECTION_BAD &&
		strstr(PQerrorMessage(conn), "unsupported startup parameter") != NULL;
}

static void
ask_password(SlipwayTarget *target, const char *user)
{
	char	   *prompt = user != NULL && *user != '\0'
		? slipway_memory_format("Password for role %s: ", user) : slipway_memory_copy("Password: ");
	char	   *answer;

	slipway_secret_free(target->password);
	answer = slipway_password_ask(prompt);
	target->password = slipway_secret_copy(answer);
	slipway_memory_wipe(answer);
	free(prompt);
}

static void
close_connection(void *conn)
{
	PQfinish(conn);
}

void
slipway_connection_close(PGconn *conn)
{
	slipway_die_pop();
	close_connection(conn);
}

/* Keeps for the greeting what a pooler may have dropped from the request. */
static void
keep_settings(const SlipwayTarget *target)
{
	const char *options = target->options != NULL ? target->options : getenv("PGOPTIONS");

	free(server_options);
	server_options = options != NULL ? slipway_memory_copy(options) : NULL;
	if (target->search_path == NULL)
		return;
	free(search_path.value);
	free(search_path.source);
	search_path.value = slipway_memory_copy(target->search_path);
	search_path.source = slipway_memory_copy(target->search_path_source);
}

const char *
slipway_connection_options(void)
{
	return server_options;
}

const SlipwaySearchPath *
slipway_connection_search_path(void)
{
	return search_path.value != NULL ? &search_path : NULL;
}

/*
 * As PQconnectdbParams() does it, but for connect_timeout, see head_start.h: what a server says meanwhile, of which a login trigger may
 * have a part, goes through print_notice().
 */
static PGconn *
connect_listening(const SlipwayTarget *target, const char *options)
{
	PGconn	   *conn = try_connection(target, options, PQconnectStartParams);
	PostgresPollingStatusType wants = PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;

	while (wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED)
	{
		struct pollfd file = {.fd = PQsocket(conn), .events = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT};

		if (poll(&file, 1, -1) >= 0)
			wants = PQconnectPoll(conn);
		else if (errno != EINTR)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not wait for the server: %s", strerror(errno));
	}
	return conn;
}

static PGconn *
connect_blocking(const SlipwayTarget *target, const char *options)
{
	return slipway_head_start_is_safe(target) ? connect_listening(target, options)
		: try_connection(target, options, PQconnectdbParams);
}

/*
 * Connects, or ends what was begun, asking for a password where one is missing
 * and may be asked for.
 */
static PGconn *
connect_asking(SlipwayTarget *target, const char *options, bool may_ask)
{
	PGconn	   *conn = slipway_attempt_finish(&ahead.attempt);

	if (conn == NULL)
		conn = connect_blocking(target, options);
	if (PQstatus(conn) != CONNECTION_BAD || !PQconnectionNeedsPassword(conn) ||
		target->password != NULL || !may_ask || !slipway_password_can_ask())
		return conn;
	ask_password(target, PQuser(conn));
	PQfinish(conn);
	return connect_blocking(target, options);
}

static _Noreturn void
die_of_connection(const PGconn *conn, const SlipwayTarget *target)
{
	bool		explained;
	char	   *scrubbed = slipway_target_scrub(target, PQerrorMessage(conn));
	char	   *text = slipway_connection_error_text(scrubbed, &explained);
	const char *hint = NULL;

	free(scrubbed);
	if (is_request_refused(conn))
		hint = "A pooler refuses it: set it for the role, ALTER ROLE ... SET, or connect to the server itself.";
	else if (!target->is_given)
		hint = "No --url, SLIPWAY_URL or DATABASE_URL was given, so libpq's defaults were used.";
	else if (explained)
		hint = "Is the server running there? \"slipway wait\" waits for one that is starting.";
	slipway_die(SLIPWAY_EXIT_CONNECTION, hint, "could not connect (%s): %s", target->source, text);
}

/* Would it be seen or heard that a connection is begun, or would finding its target? */
static bool
may_begin(const SlipwayArguments *arguments)
{
	/* asking a store takes longer, and may fail */
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_PASSWORD) || slipway_stored_connection_is_used(arguments))
		return false;
	return arguments->environment == NULL ||
		!slipway_config_exposes_password(arguments->environment, SLIPWAY_CONFIG_URL);
}

static void
abandon_attempt(void *attempt)
{
	slipway_attempt_abandon(attempt);
}

void
slipway_connection_advance(void)
{
	slipway_attempt_advance(&ahead.attempt);
}

void
slipway_connection_begin(const SlipwayArguments *arguments, SlipwayAttemptReady ready,
						 void *context)
{
	char	   *options;

	if (!may_begin(arguments))
		return;
	slipway_target_find(arguments, &ahead.target);
	ahead.is_found = true;
	if (!slipway_head_start_is_safe(&ahead.target))
		return;
	keep_settings(&ahead.target);
	options = make_startup_options(&ahead.target);
	slipway_attempt_begin(&ahead.attempt,
						  try_connection(&ahead.target, options, PQconnectStartParams),
						  ready, context);
	slipway_die_push(abandon_attempt, &ahead.attempt);
	free(options);
	slipway_connection_advance();
}

/* Finds the target, or takes the one that was found ahead. */
static void
take_target(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	if (ahead.is_found)
		*target = ahead.target;
	else
		slipway_target_find(arguments, target);
	ahead.is_found = false;
}

/* Connects, with the search_path in the request where that is possible; or fails to. */
static PGconn *
connect_target(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	/* nobody would tell the application what was answered */
	bool		may_ask = !target->is_application &&
		!slipway_option_flag(arguments, SLIPWAY_OPTION_NO_PASSWORD);
	char	   *options = make_startup_options(target);
	PGconn	   *conn;

	if (!target->is_application && slipway_option_flag(arguments, SLIPWAY_OPTION_PASSWORD))
		ask_password(target, target->user);
	conn = connect_asking(target, options, may_ask);
	if (options != NULL && is_request_refused(conn))
	{
		PQfinish(conn);
		conn = connect_asking(target, NULL, may_ask);
	}
	free(options);
	slipway_die_push(close_connection, conn);
	return conn;
}

static PGconn *
open_target(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	PGconn	   *conn = connect_target(arguments, target);

	if (PQstatus(conn) != CONNECTION_OK)
		die_of_connection(conn, target);
	slipway_output_detail("connected to database \"%s\" on \"%s\" port %s as \"%s\" (from %s)",
						  PQdb(conn), PQhost(conn), PQport(conn), PQuser(conn), target->source);
	slipway_webhook_database(conn);
	return conn;
}

PGconn *
slipway_connection_open(const SlipwayArguments *arguments)
{
	SlipwayTarget target = {0};
	PGconn	   *conn;

	take_target(arguments, &target);
	conn = open_target(arguments, &target);
	keep_settings(&target);
	if (target.search_path != NULL)
		slipway_output_detail("search_path: %s", target.search_path);
	slipway_target_release(&target);
	return conn;
}

PGconn *
slipway_connection_open_other(const SlipwayArguments *arguments, SlipwayOptionId option)
{
	SlipwayTarget target = {0};
	PGconn	   *conn;

	free(search_path.value);
	free(search_path.source);
	search_path = (SlipwaySearchPath) {NULL, NULL};
	slipway_target_find_other(arguments, option, &target);
	conn = open_target(arguments, &target);
	keep_settings(&target);
	slipway_target_release(&target);
	return conn;
}

PGconn *
slipway_connection_open_application(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	return open_target(arguments, target);
}

/* libpq has a line for each address of the host. */
static char *
join_lines(const char *text)
{
	SlipwayBuffer result = {0};

	for (; *text != '\0'; text++)
		if (*text == '\n')
			slipway_buffer_add(&result, "; ");
		else
			slipway_buffer_add_char(&result, *text);
	return slipway_buffer_take(&result);
}

PGconn *
slipway_connection_attempt(const SlipwayArguments *arguments, SlipwayTarget *target, char **fault)
{
	PGconn	   *conn = connect_target(arguments, target);
	char	   *scrubbed;
	char	   *text;
	bool		explained;

	*fault = NULL;
	if (PQstatus(conn) == CONNECTION_OK)
	{
		if (!target->is_application)
			keep_settings(target);
		return conn;
	}
	scrubbed = slipway_target_scrub(target, PQerrorMessage(conn));
	text = slipway_connection_error_text(scrubbed, &explained);
	*fault = join_lines(text);
	free(text);
	free(scrubbed);
	return NULL;
}

PGconn *
slipway_connection_plain(const SlipwayTarget *target)
{
	return connect_blocking(target, NULL);
}

/* Copies the value of an option, or NULL where it has none. */
static char *
copy_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val != NULL && *options->val != '\0')
			return slipway_memory_copy(options->val);
	return NULL;
}

/* Value of an option, without connecting: in the string, else as given, else the default. */
static char *
choose_value(const SlipwayTarget *target, const PQconninfoOption *string,
			 const PQconninfoOption *defaults, const char *keyword, const char *given)
{
	char	   *value = target->overrides && given != NULL ? NULL : copy_value(string, keyword);

	if (value == NULL)
		value = given != NULL ? slipway_memory_copy(given) : copy_value(defaults, keyword);
	return value;
}

char *
slipway_connection_place(const SlipwayTarget *target)
{
	const char *given = target->conninfo;
	PQconninfoOption *string = given != NULL && slipway_conninfo_is_string(given)
		? PQconninfoParse(given, NULL) : NULL;
	PQconninfoOption *defaults = PQconndefaults();
	char	   *host = choose_value(target, string, defaults, "host", target->host);
	char	   *port = choose_value(target, string, defaults, "port", target->port);
	char	   *place = slipway_memory_format("%s port %s", host != NULL ? host : "local socket",
											  port != NULL ? port : "5432");

	free(host);
	free(port);
	slipway_conninfo_free(string);
	slipway_conninfo_free(defaults);
	return place;
}

static PGPing
ping_target(const SlipwayTarget *target, double timeout)
{
	const char *const keywords[] = {
		"connect_timeout", "host", "port", "user", "dbname", "host", "port", NULL
	};
	bool		again = target->overrides;
	/* 0 is for ever */
	char	   *seconds = slipway_memory_format("%.0f", timeout < 1000 ? 1 : timeout > 1e9 ? 0
												: timeout / 1000);
	const char *const values[] = {
		seconds, target->host, target->port, target->user, target->conninfo,
		again ? target->host : NULL, again ? target->port : NULL, NULL
	};
	PGPing		state = PQpingParams(keywords, values, 1);

	free(seconds);
	return state;
}

/* Waits for the socket of a connection; false when the time is over. */
static bool
wait_for_socket(const PGconn *conn, short events, double until)
{
	struct pollfd file = {.fd = PQsocket(conn),.events = events};
	double		left = until - slipway_clock_now();

	return left > 0 && poll(&file, 1, left < INT_MAX ? (int) left + 1 : -1) != 0;
}

/* Connects without asking for anything. */
static PGconn *
connect_until(const SlipwayTarget *target, double until)
{
	PGconn	   *conn = try_connection(target, NULL, PQconnectStartParams);
	PostgresPollingStatusType wants = PGRES_POLLING_WRITING;

	/* its errors are to have their SQLSTATE, which libpq shows nowhere else */
	(void) PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	while (PQstatus(conn) != CONNECTION_BAD &&
		   wants != PGRES_POLLING_OK && wants != PGRES_POLLING_FAILED &&
		   wait_for_socket(conn, wants == PGRES_POLLING_READING ? POLLIN : POLLOUT, until))
		wants = PQconnectPoll(conn);
	return conn;
}

PGresult *
slipway_connection_ask(PGconn *conn, const char *sql, int count, const char *const *values, double until)
{
	PGresult   *answer = NULL;
	PGresult   *next;

	if (PQstatus(conn) != CONNECTION_OK || PQsendQueryParams(conn, sql, count, NULL, values, NULL, NULL, 0) == 0)
		return NULL;
	do
	{
		while (PQisBusy(conn) != 0)
			if (!wait_for_socket(conn, POLLIN, until) || PQconsumeInput(conn) == 0)
			{
				PQclear(answer);
				return NULL;
			}
		next = PQgetResult(conn);
		if (next != NULL)
		{
			PQclear(answer);
			answer = next;
		}
		/* it has no end */
	} while (next != NULL && !slipway_server_is_copy(next));
	return answer;
}

/* A pooler lets people in while the server behind it is away: does that answer? */
static bool
answers_until(PGconn *conn, double until)
{
	PGresult   *result = slipway_connection_ask(conn, "SELECT 1", 0, NULL, until);
	bool		answered = PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return answered;
}

SlipwayTry
slipway_connection_try(const SlipwayTarget *target, double timeout, char **reason)
{
	double		until = slipway_clock_now() + timeout;
	PGPing		state = ping_target(target, timeout);
	SlipwayTry	result = SLIPWAY_TRY_CONNECTED;
	PGconn	   *conn;

	*reason = NULL;
	/* what was not even tried is for open() to explain */
	if (state == PQPING_NO_ATTEMPT)
		return SLIPWAY_TRY_REFUSED;
	if (state == PQPING_REJECT)
	{
		*reason = slipway_memory_copy("it rejects connections, as it does while it starts or stops");
		return SLIPWAY_TRY_AGAIN;
	}
	/* of one that seems not to respond, this finds out more */
	conn = connect_until(target, until);
	if (!answers_until(conn, until))
	{
		/* without an error the time is over; libpq may have noted where it connects to */
		bool		failed = PQstatus(conn) == CONNECTION_BAD || slipway_clock_now() < until;
		char	   *scrubbed = slipway_target_scrub(target, failed ? PQerrorMessage(conn) : "");

		*reason = !failed && PQstatus(conn) == CONNECTION_OK
			? slipway_memory_copy("it accepts connections, but does not answer")
			: slipway_connection_error_transient(scrubbed, state == PQPING_OK);
		result = *reason != NULL ? SLIPWAY_TRY_AGAIN : SLIPWAY_TRY_REFUSED;
		free(scrubbed);
	}
	PQfinish(conn);
	return result;
}
