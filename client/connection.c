/*
 * connection.c
 *	  Finds out where to connect to, and connects.
 */
#include "connection.h"

#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "password.h"

/* Where to connect to. NULL leaves a value to libpq. */
typedef struct Target
{
	const char *source;			/* what gave it, for people */
	char	   *conninfo;		/* name of a database, string or URI */
	char	   *search_path;
	const char *host;
	const char *port;
	const char *user;
	char	   *password;
} Target;

static const char *
read_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static void
find_target(const SlipwayArguments *arguments, Target *target)
{
	static const char *const variables[] = {"SLIPWAY_URL", "DB_ADMIN_CONN_STRING", "DATABASE_URL", "DSN"};
	const char *url = slipway_option_text(arguments, SLIPWAY_OPTION_URL);
	const char *dbname = slipway_option_text(arguments, SLIPWAY_OPTION_DBNAME);
	const char *given = url != NULL ? url : dbname;

	if (url != NULL && dbname != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "They mean the same.", "options \"--url\" and \"--dbname\" are both given");
	target->host = slipway_option_text(arguments, SLIPWAY_OPTION_HOST);
	target->port = slipway_option_text(arguments, SLIPWAY_OPTION_PORT);
	target->user = slipway_option_text(arguments, SLIPWAY_OPTION_USERNAME);
	target->source = url != NULL ? "option --url" : "options";

	if (given == NULL && target->host == NULL && target->port == NULL && target->user == NULL)
	{
		for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]) && given == NULL; i++)
		{
			target->source = variables[i];
			given = read_variable(variables[i]);
		}
		if (given == NULL && (read_variable("DB_HOST") != NULL || read_variable("DB_NAME") != NULL ||
							  read_variable("DB_ADMIN_USER") != NULL))
		{
			target->source = "DB_HOST and its like";
			target->host = read_variable("DB_HOST");
			target->port = read_variable("DB_PORT");
			target->user = read_variable("DB_ADMIN_USER");
			if (read_variable("DB_ADMIN_PASSWORD") != NULL)
				target->password = slipway_memory_copy(read_variable("DB_ADMIN_PASSWORD"));
			given = read_variable("DB_NAME");
		}
		else if (given == NULL)
			target->source = "libpq's defaults";
		else if (!slipway_conninfo_is_string(given))
			slipway_die(SLIPWAY_EXIT_USAGE, "It looks like postgresql://role@host/database.",
						"%s is not a connection string of PostgreSQL", target->source);
	}
	if (given != NULL)
		target->conninfo = slipway_memory_copy(given);
}

static void
hide_piece(void *context, const char *start, size_t length)
{
	char	  **message = context;
	char	   *secret = slipway_memory_copy_bytes(start, length);
	char	   *hidden = slipway_conninfo_hide(*message, secret);

	free(secret);
	free(*message);
	*message = hidden;
}

/* libpq's message without passwords and its last line feed. */
static char *
scrub_message(const Target *target, const char *text)
{
	size_t		length = strlen(text);
	char	   *message;

	while (length > 0 && text[length - 1] == '\n')
		length--;
	message = slipway_memory_copy_bytes(text, length);
	if (target->conninfo != NULL)
		slipway_conninfo_each_password(target->conninfo, hide_piece, &message);
	return message;
}

/*
 * libpq's message about a string that it cannot parse. In a keyword string an
 * unquoted password with a blank ends early, and the word that libpq then
 * complains about is the rest of it.
 */
static char *
scrub_parse_error(const Target *target, const char *text)
{
	char	   *message = scrub_message(target, text);
	const char *open = strchr(message, '"');
	const char *close = strrchr(message, '"');

	if (slipway_conninfo_is_uri(target->conninfo) || strstr(target->conninfo, "password") == NULL || open == close)
		return message;
	return slipway_memory_format("%.*s\"***\"%s", (int) (open - message), message, close + 1);
}

/*
 * libpq takes a password with an unescaped '@', '/' or ':' apart and would
 * print what follows as a host or a port.
 */
static void
check_pieces(const Target *target, const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++)
	{
		const char *value = options->val;

		if (value == NULL)
			continue;
		if ((strcmp(options->keyword, "port") == 0 && value[strspn(value, "0123456789, ")] != '\0') ||
			(strcmp(options->keyword, "host") == 0 && value[0] != '@' && value[0] != '/' && strchr(value, '@') != NULL))
			slipway_die(SLIPWAY_EXIT_USAGE,
						"Write special characters of role and password as %40 (@), %2F (/), %3A (:) and so on.",
						"the %s in the connection string of %s is malformed", options->keyword, target->source);
	}
}

static void
check_conninfo(Target *target)
{
	char	   *error = NULL;
	char	   *rest;
	PQconninfoOption *options;

	if (target->conninfo == NULL || !slipway_conninfo_is_string(target->conninfo))
		return;
	rest = slipway_conninfo_split(target->conninfo, &target->search_path);
	free(target->conninfo);
	target->conninfo = rest;
	options = PQconninfoParse(target->conninfo, &error);
	if (options == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s is not a connection string of PostgreSQL: %s",
					target->source, error != NULL ? scrub_parse_error(target, error) : "out of memory");
	check_pieces(target, options);
	PQconninfoFree(options);
}

static PGconn *
try_connection(const Target *target)
{
	const char *const keywords[] = {"host", "port", "user", "password", "dbname",
	"fallback_application_name", "client_encoding", NULL};
	const char *const values[] = {target->host, target->port, target->user, target->password, target->conninfo,
	"slipway", "UTF8", NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 1);

	if (conn == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
	return conn;
}

static void
ask_password(Target *target, const char *user)
{
	char	   *prompt = user != NULL && *user != '\0'
		? slipway_memory_format("Password for role %s: ", user) : slipway_memory_copy("Password: ");

	free(target->password);
	target->password = slipway_password_ask(prompt);
	free(prompt);
}

static void
close_connection(void *conn)
{
	PQfinish(conn);
}

static void
apply_search_path(PGconn *conn, const Target *target)
{
	const char *const values[] = {target->search_path};
	PGresult   *result;

	if (target->search_path == NULL)
		return;
	result = PQexecParams(conn, "SELECT pg_catalog.set_config('search_path', $1, false)",
						  1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not apply the search_path of %s: %s", target->source,
					scrub_message(target, PQresultErrorMessage(result)));
	PQclear(result);
	slipway_output_detail("search_path: %s", target->search_path);
}

PGconn *
slipway_connection_open(const SlipwayArguments *arguments)
{
	Target		target = {0};
	PGconn	   *conn;
	bool		never_ask = slipway_option_flag(arguments, SLIPWAY_OPTION_NO_PASSWORD);

	find_target(arguments, &target);
	check_conninfo(&target);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_PASSWORD))
		ask_password(&target, target.user);
	conn = try_connection(&target);
	if (PQstatus(conn) == CONNECTION_BAD && PQconnectionNeedsPassword(conn) && target.password == NULL &&
		!never_ask && slipway_password_can_ask())
	{
		ask_password(&target, PQuser(conn));
		PQfinish(conn);
		conn = try_connection(&target);
	}
	slipway_die_push(close_connection, conn);
	if (PQstatus(conn) != CONNECTION_OK)
		slipway_die(SLIPWAY_EXIT_CONNECTION,
					strcmp(target.source, "libpq's defaults") == 0
					? "No --url, SLIPWAY_URL or DATABASE_URL was given, so libpq's defaults were used." : NULL,
					"could not connect (%s): %s", target.source, scrub_message(&target, PQerrorMessage(conn)));
	slipway_output_detail("connected to database \"%s\" on \"%s\" port %s as \"%s\" (from %s)",
						  PQdb(conn), PQhost(conn), PQport(conn), PQuser(conn), target.source);
	apply_search_path(conn, &target);
	free(target.conninfo);
	free(target.search_path);
	free(target.password);
	return conn;
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
find_value(const Target *target, const char *keyword, const char *given)
{
	bool		is_string = target->conninfo != NULL &&
		slipway_conninfo_is_string(target->conninfo);
	PQconninfoOption *inner = is_string ? PQconninfoParse(target->conninfo, NULL) : NULL;
	PQconninfoOption *defaults = PQconndefaults();
	char	   *value = copy_value(inner, keyword);

	if (value == NULL && given != NULL)
		value = slipway_memory_copy(given);
	if (value == NULL)
		value = copy_value(defaults, keyword);
	PQconninfoFree(inner);
	PQconninfoFree(defaults);
	return value;
}

/* "db.example.org port 5432" */
static char *
name_place(const Target *target)
{
	char	   *host = find_value(target, "host", target->host);
	char	   *port = find_value(target, "port", target->port);
	char	   *place = slipway_memory_format("%s port %s", host != NULL ? host : "local socket",
											  port);

	free(host);
	free(port);
	return place;
}

PGPing
slipway_connection_ping(const SlipwayArguments *arguments, double timeout, char **place)
{
	Target		target = {0};
	/* 0 is for ever */
	double		limit = timeout < 1000 ? 1 : timeout > 1e9 ? 0 : timeout / 1000;
	char	   *seconds = slipway_memory_format("%.0f", limit);
	const char *keywords[] = {"connect_timeout", "host", "port", "user", "dbname", NULL};
	const char *values[] = {NULL, NULL, NULL, NULL, NULL, NULL};
	PGPing		state;

	find_target(arguments, &target);
	check_conninfo(&target);
	values[0] = seconds;
	values[1] = target.host;
	values[2] = target.port;
	values[3] = target.user;
	values[4] = target.conninfo;
	state = PQpingParams(keywords, values, 1);
	*place = name_place(&target);
	free(seconds);
	free(target.conninfo);
	free(target.search_path);
	free(target.password);
	return state;
}
