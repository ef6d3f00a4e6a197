/*
 * variable.c
 *	  The values of variables of scripts.
 *
 * Some are secret, and which ones is for the scripts to say. The server logs statements, with their parameters, where
 * it is configured to; the arguments of a function call by the fast path of the protocol it never logs. So that
 * is how they get there, for all versions of the server.
 */
#include "variable.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connection_error.h"
#include "die.h"
#include "memory.h"
#include "server.h"

#define PREFIX "SLIPWAY_VAR_"

/* Of a key, before it is written in hexadecimal. */
#define KEY_BYTES 16

extern char **environ;

static bool
is_name(const char *name, size_t length)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";

	return length > 0 && strchr("0123456789", *name) == NULL &&
		strspn(name, letters) <= length &&
		strspn(name, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") >= length;
}

/* Takes "NAME=VALUE"; what is said of it does not show the value. */
static void
take(json_t *values, const char *assignment, const char *source)
{
	const char *equals = strchr(assignment, '=');
	char	   *name;
	json_t	   *value;

	if (equals == NULL || !is_name(assignment, (size_t) (equals - assignment)))
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Write NAME=VALUE. A name is made of letters, digits and underscores, and begins with no digit.",
					"invalid name of a variable in %s", source);
	name = slipway_memory_copy_bytes(assignment, (size_t) (equals - assignment));
	value = json_string(equals + 1);
	if (value == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "the value of variable \"%s\" is not UTF-8", name);
	(void) json_object_set_new(values, name, value);
	free(name);
}

/* The command line goes before the environment. */
static json_t *
collect(const SlipwayArguments *arguments)
{
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_VAR];
	json_t	   *values = json_object();

	for (char **variable = environ; *variable != NULL; variable++)
		if (strncmp(*variable, PREFIX, strlen(PREFIX)) == 0)
			take(values, *variable + strlen(PREFIX), "the environment: " PREFIX "...");
	for (size_t i = 0; i < list->count; i++)
		take(values, list->values[i], "option \"--var\"");
	return values;
}

static void
make_key(char *key)
{
	unsigned char bytes[KEY_BYTES];

	if (getentropy(bytes, sizeof(bytes)) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the system has no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void) snprintf(key + 2 * i, 3, "%02x", bytes[i]);
}

static int
find_function(PGconn *conn)
{
	PGresult   *result = slipway_server_query(
		conn, "SELECT 'slipway.set_variables(text, text)'::pg_catalog.regprocedure::pg_catalog.oid", 0, NULL);
	unsigned long oid = strtoul(PQgetvalue(result, 0, 0), NULL, 10);

	PQclear(result);
	return (int) oid;
}

/* key becomes what the server makes of it. */
static void
send_values(PGconn *conn, const char *text, char *key)
{
	PQArgBlock	arguments[2] = {
		{.len = (int) strlen(text),.u.ptr = (int *) text},
		{.len = key != NULL ? (int) strlen(key) : -1,.u.ptr = (int *) key},
	};
	int			buffer[SLIPWAY_VARIABLE_KEY_SIZE];
	int			length = 0;
	PGresult   *result = PQfn(conn, find_function(conn), buffer, &length, 0, arguments, 2);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		slipway_connection_error_die(conn);
	if (key != NULL && length > 0 && length < SLIPWAY_VARIABLE_KEY_SIZE)
	{
		memcpy(key, buffer, (size_t) length);
		key[length] = '\0';
	}
	PQclear(result);
}

void
slipway_variable_send(PGconn *conn, const SlipwayArguments *arguments, char *key)
{
	json_t	   *values = collect(arguments);
	char	   *text;

	if (json_object_size(values) > 0)
	{
		text = json_dumps(values, JSON_COMPACT);
		if (key != NULL)
			make_key(key);
		else
			PQclear(slipway_server_query(conn, "BEGIN", 0, NULL));
		send_values(conn, text, key);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	json_decref(values);
}

void
slipway_variable_end(PGconn *conn, const SlipwayArguments *arguments)
{
	json_t	   *values = collect(arguments);

	if (json_object_size(values) > 0)
	{
		/* whoever is given this session next is not to have them */
		PQclear(slipway_server_query(conn, "SELECT slipway.set_variables('{}')", 0, NULL));
		PQclear(slipway_server_query(conn, "COMMIT", 0, NULL));
	}
	json_decref(values);
}

void
slipway_variable_check(const SlipwayArguments *arguments)
{
	json_decref(collect(arguments));
}
