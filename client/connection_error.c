/*
 * connection_error.c
 *	  What is said about connections that failed or were lost.
 */
#include "connection_error.h"

#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"

static SlipwayStage stage = SLIPWAY_STAGE_QUESTION;

static const struct
{
	const char *when;
	const char *hint;
}			stages[] = {
	[SLIPWAY_STAGE_QUESTION] = {"", "Run it again."},
	[SLIPWAY_STAGE_UPLOAD] = {" during the upload", "Nothing was applied; run it again."},
	[SLIPWAY_STAGE_RUN] = {
		" during the run", "Run \"slipway status\" to see which migrations were applied."
	},
	[SLIPWAY_STAGE_DETACHED] = {
		", while the detached deploy goes on", "Run \"slipway watch\" to watch it again."
	},
};

void
slipway_connection_error_set_stage(SlipwayStage new_stage)
{
	stage = new_stage;
}

const char *
slipway_connection_error_hint(void)
{
	return stages[stage].hint;
}

char *
slipway_connection_error_text(const char *message, bool *explained)
{
	SlipwayBuffer text = {0};

	*explained = false;
	while (*message != '\0')
	{
		size_t		length = strcspn(message, "\n");

		if (*message == '\t')
			*explained = true;
		else if (length > 0)
		{
			if (text.length > 0)
				slipway_buffer_add_char(&text, '\n');
			slipway_buffer_add_bytes(&text, message, length);
		}
		message += length + (message[length] == '\n' ? 1 : 0);
	}
	/* As that of 17 does where it gets no socket. */
	if (text.length == 0)
		slipway_buffer_add(&text, "libpq does not say why");
	return slipway_buffer_take(&text);
}

/* Behind "FATAL:  " of the last server that was tried: "57P03: the database system is ..." */
static const char *
find_sqlstate(const char *message)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *found = NULL;

	for (const char *p = message; (p = strstr(p, ":  ")) != NULL; p++)
		if (strspn(p + 3, digits) == 5 && p[8] == ':')
			found = p + 3;
	return found;
}

/* What a pooler says that has trouble with the server behind it; its SQLSTATEs tell nothing. */
static bool
is_of_pooler(const char *text)
{
	static const char *const said[] = {
		"server login has been failing", "server_login_retry", "cannot connect to server",
		"no more connections allowed", "query_wait_timeout", "pgbouncer is shutting down",
		"bouncer is shutting down", "server conn crashed", "connect timeout"
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(text, said[i]) != NULL)
			return true;
	return false;
}

/* Not before somebody changes something: what libpq itself says, in English as it was written. */
static bool
is_of_client(const char *message)
{
	static const char *const said[] = {
		"certificate", "does not support SSL", "SSL error", "no password supplied",
		"private key", "SCRAM", "GSSAPI encryption", "hannel binding", "requirepeer",
		"authentication method requirement", "invalid port number", "invalid integer value",
		"could not parse network address", "Unix-domain socket path"
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(message, said[i]) != NULL)
			return true;
	return false;
}

/* Another server may take over: that this one is not what target_session_attrs asks for. */
static const char *
find_role(const char *message)
{
	static const char *const said[] = {
		"session is read-only", "session is not read-only",
		"server is in hot standby mode", "server is not in hot standby mode"
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		if (strstr(message, said[i]) != NULL)
			return said[i];
	return NULL;
}

char *
slipway_connection_error_transient(const char *message, bool responds)
{
	const char *sqlstate = find_sqlstate(message);
	const char *role;

	if (sqlstate != NULL)
	{
		const char *text = sqlstate + 7;

		/* insufficient resources, operator intervention */
		if (strncmp(sqlstate, "53", 2) != 0 && strncmp(sqlstate, "57P", 3) != 0 && !is_of_pooler(text))
			return NULL;
		return slipway_memory_format("it says \"%.*s\"", (int) strcspn(text, "\n"), text);
	}
	if (is_of_client(message))
		return NULL;
	role = find_role(message);
	if (role != NULL)
		return slipway_memory_format("target_session_attrs asks for another server (%s)", role);
	if (strstr(message, "could not translate host name") != NULL)
		return slipway_memory_copy("its name is not known");
	return slipway_memory_copy(responds && *message != '\0' ? "it ends connections" : "it does not respond");
}

/* The first line is the cause; what libpq adds when it is asked again is not. */
char *
slipway_connection_error_lost(const char *message)
{
	return slipway_memory_format("the connection to the server was lost%s: %.*s",
								 stages[stage].when, (int) strcspn(message, "\n"), message);
}

void
slipway_connection_error_die(const PGconn *conn)
{
	slipway_die(SLIPWAY_EXIT_CONNECTION, slipway_connection_error_hint(), "%s",
				slipway_connection_error_lost(PQerrorMessage(conn)));
}
