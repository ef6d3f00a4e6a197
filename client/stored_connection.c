/*
 * stored_connection.c
 *	  What a store of secrets says of a connection.
 *
 * What the application's connection does not need is not asked for: its own credentials for the store
 * may not be good for the administrator's secrets.
 */
#include "stored_connection.h"

#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "memory.h"

typedef enum Setting
{
	STRING,
	ADMIN_USERNAME,
	ADMIN_USER,
	ADMIN_PASSWORD,
	URL,
	HOST,
	PORT,
	DATABASE,
	USERNAME,
	USER,
	PASSWORD,
	SSLMODE
} Setting;

static const char *const names[SLIPWAY_STORED_SETTINGS] = {
	[STRING] = "DB_ADMIN_CONN_STRING",
	[ADMIN_USERNAME] = "DB_ADMIN_USERNAME",
	[ADMIN_USER] = "DB_ADMIN_USER",
	[ADMIN_PASSWORD] = "DB_ADMIN_PASSWORD",
	[URL] = "DATABASE_URL",
	[HOST] = "DB_HOST",
	[PORT] = "DB_PORT",
	[DATABASE] = "DB_NAME",
	[USERNAME] = "DB_USERNAME",
	[USER] = "DB_USER",
	[PASSWORD] = "DB_PASSWORD",
	[SSLMODE] = "DB_SSLMODE",
};

/* The application's, and the administrator's own if it is there. */
#define APPLICATION_STRING "DB_CONN_STRING"
#define ADMIN_TLS "DB_ADMIN_TLS"

/* A connection that is being made of what was found. */
typedef struct Reading
{
	SlipwaySecretStore *store;
	SlipwayStoredConnection *connection;
	SlipwaySecretFault *fault;	/* the first */
} Reading;

bool
slipway_stored_connection_is_used(const SlipwayArguments *arguments)
{
	return slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS) != NULL;
}

char *
slipway_stored_connection_names(const SlipwayArguments *arguments, bool application)
{
	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);
	const char *first = application ? APPLICATION_STRING : names[STRING];

	if (prefix == NULL)
		prefix = "";
	return slipway_memory_format("%s%s, %s%s, or %s%s and its like", prefix, first, prefix, names[URL],
								 prefix, names[HOST]);
}

static bool
has(const Reading *reading, Setting setting)
{
	return reading->connection->lookups[setting].state == SLIPWAY_SECRET_FOUND;
}

static const char *
name_full(const Reading *reading, Setting setting)
{
	return slipway_memory_format("%s%s", slipway_secret_store_prefix(reading->store),
								 reading->connection->lookups[setting].name);
}

/* The text of a setting, NULL where there is none or after a fault. */
static const char *
take_text(Reading *reading, Setting setting)
{
	const char *text = NULL;

	if (reading->fault == NULL)
		reading->fault = slipway_secret_lookup_text(reading->store, &reading->connection->lookups[setting], &text);
	return text;
}

/* The value is not in the message: it may be a password, or have one, that was stored under the wrong name. */
static void
note_malformed(Reading *reading, Setting setting, const char *hint, const char *what)
{
	reading->fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MALFORMED, hint, "secret \"%s%s\" in %s %s",
											  slipway_secret_store_prefix(reading->store),
											  reading->connection->lookups[setting].name,
											  slipway_secret_store_place(reading->store), what);
}

#define STORE_AGAIN "Store it again: \"slipway secret put\"."

/* The same for what has one line, and cannot be left out unless it is optional. */
static const char *
take_line(Reading *reading, Setting setting, bool optional)
{
	const char *text = take_text(reading, setting);

	if (reading->fault != NULL || (text == NULL && optional))
		return NULL;
	if (text == NULL)
		reading->fault = slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MISSING,
												  "\"slipway secret list\" shows what there is.",
												  "%s has no secret \"%s%s\"",
												  slipway_secret_store_place(reading->store),
												  slipway_secret_store_prefix(reading->store), names[setting]);
	else if (strpbrk(text, "\r\n") != NULL)
		note_malformed(reading, setting, STORE_AGAIN, "has a line feed");
	return reading->fault == NULL ? text : NULL;
}

/* The same for a single setting that libpq shows when it cannot use it. */
static const char *
take_part(Reading *reading, Setting setting, bool optional)
{
	const char *text = take_line(reading, setting, optional);

	if (text == NULL)
		return NULL;
	if (strstr(text, "://") != NULL || (setting == DATABASE && slipway_conninfo_is_string(text)))
		note_malformed(reading, setting, "Store it as DATABASE_URL.", "is a connection string");
	else if (setting == PORT && text[strspn(text, "0123456789, ")] != '\0')
		note_malformed(reading, setting, STORE_AGAIN, "is no number");
	return reading->fault == NULL ? text : NULL;
}

/* Who stores a file, or what a program prints, stores its last line feed too; no password ends with one. */
static const char *
take_password(Reading *reading, Setting setting)
{
	const char *text = take_text(reading, setting);

	if (text != NULL && text[strlen(text) - 1] == '\n')
		note_malformed(reading, setting, STORE_AGAIN, "ends with a line feed");
	return reading->fault == NULL ? text : NULL;
}

/* In a keyword string a line feed is as good as a blank. */
static const char *
take_conninfo(Reading *reading, Setting setting)
{
	const char *text = take_text(reading, setting);

	if (text != NULL && slipway_conninfo_is_uri(text) && strpbrk(text, "\r\n") != NULL)
		note_malformed(reading, setting, STORE_AGAIN, "has a line feed");
	return reading->fault == NULL ? text : NULL;
}

static void
take_place(Reading *reading)
{
	SlipwayStoredConnection *connection = reading->connection;

	connection->host = take_part(reading, HOST, false);
	connection->port = take_part(reading, PORT, true);
	connection->dbname = take_part(reading, DATABASE, false);
}

static void
set_source(Reading *reading, Setting setting)
{
	char	   *name = (char *) name_full(reading, setting);

	reading->connection->source = slipway_memory_format("%s in %s", name,
														slipway_secret_store_place(reading->store));
	free(name);
}

/* A role of one of two names, and its password; the place may be that of the string. */
static void
take_role(Reading *reading, Setting user, Setting other, Setting password)
{
	SlipwayStoredConnection *connection = reading->connection;
	bool		has_place = has(reading, HOST) || has(reading, DATABASE);

	connection->user = take_part(reading, has(reading, user) ? user : other, false);
	connection->password = take_password(reading, password);
	if (has_place || !has(reading, URL))
		take_place(reading);
	else
		connection->conninfo = take_conninfo(reading, URL);
	set_source(reading, has(reading, user) ? user : other);
}

static void
take_string(Reading *reading, Setting setting)
{
	reading->connection->conninfo = take_conninfo(reading, setting);
	set_source(reading, setting);
}

/* False if nothing is said of it. */
static bool
take_connection(Reading *reading)
{
	if (has(reading, STRING))
		take_string(reading, STRING);
	else if (has(reading, ADMIN_USERNAME) || has(reading, ADMIN_USER))
		take_role(reading, ADMIN_USERNAME, ADMIN_USER, ADMIN_PASSWORD);
	else if (has(reading, URL))
		take_string(reading, URL);
	else if (has(reading, USERNAME) || has(reading, USER))
		take_role(reading, USERNAME, USER, PASSWORD);
	else
		return false;
	return true;
}

static void
keep_file(SlipwayMemoryFile *file, const char *name, const SlipwaySecretBuffer *content)
{
	if (content->length > 0)
		*file = slipway_memory_file_new(name, content->data, content->length);
}

/* False if the store has none of that name. */
static bool
take_certificate(Reading *reading, const char *name)
{
	SlipwayStoredConnection *connection = reading->connection;
	SlipwaySecretCertificate material = {0};
	bool		found = false;

	if (reading->fault == NULL)
		reading->fault = slipway_secret_store_fetch_certificate(reading->store, name, &found, &material);
	if (reading->fault == NULL && found)
	{
		keep_file(&connection->root, "root.crt", &material.root);
		keep_file(&connection->certificate, "client.crt", &material.certificate);
		keep_file(&connection->key, "client.key", &material.private_key);
	}
	slipway_secret_certificate_release(&material);
	return found;
}

/*
 * Who stores the authority wants the server verified. What is no secret may be kept beside the
 * application's other settings.
 */
static const char *
choose_sslmode(Reading *reading)
{
	const char *mode = take_line(reading, SSLMODE, true);
	const char *given = getenv("PGSSLMODE");
	const char *beside = getenv(names[SSLMODE]);

	if (mode != NULL || (given != NULL && *given != '\0'))
		return mode;
	if (beside != NULL && *beside != '\0')
		return beside;
	return reading->connection->root.path != NULL ? "verify-full" : NULL;
}

/* Asks for all that may matter at once. What could not be looked up may be there, and would count. */
static void
look_up(Reading *reading, bool application)
{
	SlipwaySecretLookup *lookups = reading->connection->lookups;
	SlipwaySecretLookup wanted[SLIPWAY_STORED_SETTINGS];
	Setting		settings[SLIPWAY_STORED_SETTINGS];
	size_t		count = 0;

	for (int i = 0; i < SLIPWAY_STORED_SETTINGS; i++)
	{
		lookups[i].name = i == STRING && application ? APPLICATION_STRING : names[i];
		lookups[i].state = SLIPWAY_SECRET_MISSING;
		if (application && (i == ADMIN_USERNAME || i == ADMIN_USER || i == ADMIN_PASSWORD))
			continue;
		settings[count] = (Setting) i;
		wanted[count++] = (SlipwaySecretLookup) {.name = lookups[i].name};
	}
	reading->fault = slipway_secret_store_fetch(reading->store, wanted, count);
	for (size_t i = 0; i < count; i++)
		lookups[settings[i]] = wanted[i];
	for (int i = 0; i < SLIPWAY_STORED_SETTINGS && reading->fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_FAILED)
		{
			reading->fault = lookups[i].fault;
			lookups[i].fault = NULL;
		}
}

static SlipwaySecretFault *
make_fault(const SlipwayArguments *arguments, const SlipwaySecretStore *store)
{
	char	   *wanted = slipway_stored_connection_names(arguments, false);
	SlipwaySecretFault *fault =
	slipway_secret_fault_new(SLIPWAY_SECRET_FAULT_MISSING,
							 "\"slipway secret list\" shows what there is, \"slipway secret import\" stores a file's settings.",
							 "%s says nothing of a connection: it has no %s",
							 slipway_secret_store_place(store), wanted);

	free(wanted);
	return fault;
}

SlipwaySecretFault *
slipway_stored_connection_fetch(const SlipwayArguments *arguments, bool application,
								SlipwayStoredConnection **connection)
{
	Reading		reading = {
		.store = slipway_secret_store_find(arguments),
		.connection = slipway_memory_new(sizeof(SlipwayStoredConnection)),
	};
	bool		found = false;

	look_up(&reading, application);
	if (reading.fault == NULL)
		found = take_connection(&reading);
	if (found && !(!application && take_certificate(&reading, ADMIN_TLS)))
		(void) take_certificate(&reading, SLIPWAY_SECRET_TLS);
	if (found)
		reading.connection->sslmode = choose_sslmode(&reading);
	else if (reading.fault == NULL && !application)
		reading.fault = make_fault(arguments, reading.store);
	if (reading.fault != NULL || !found)
	{
		slipway_stored_connection_release(reading.connection);
		reading.connection = NULL;
	}
	*connection = reading.connection;
	return reading.fault;
}

void
slipway_stored_connection_release(SlipwayStoredConnection *connection)
{
	if (connection == NULL)
		return;
	slipway_secret_lookup_release(connection->lookups, SLIPWAY_STORED_SETTINGS);
	slipway_memory_file_close(&connection->root);
	slipway_memory_file_close(&connection->certificate);
	slipway_memory_file_close(&connection->key);
	free(connection->source);
	free(connection);
}
