/*
 * stored_login.c
 *	  As whom a store of secrets has an application log in.
 */
#include "stored_login.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "conninfo.h"
#include "memory.h"
#include "stored_password.h"

enum
{
	USERNAME, PASSWORD, USER, URL, STRING
};

static const char *const names[SLIPWAY_STORED_LOGIN_MAX] = {
	[USERNAME] = "DB_USERNAME", [PASSWORD] = "DB_PASSWORD", [USER] = "DB_USER", [URL] = "DATABASE_URL", [STRING] = "DB_CONN_STRING"
};

static const char *
value_of(const SlipwayStoredLogin *login, int setting)
{
	return login->lookups[setting].state == SLIPWAY_SECRET_FOUND ? login->lookups[setting].value.data : NULL;
}

static void
release_items(SlipwayStoredLogin *login)
{
	for (size_t i = 0; i < login->item_count; i++)
		slipway_secret_free(login->values[i]);
	login->item_count = 0;
}

SlipwaySecretFault *
slipway_stored_login_read(SlipwaySecretStore *store, SlipwayStoredLogin *login)
{
	SlipwaySecretFault *fault;

	*login = (SlipwayStoredLogin) {.item_count = 0};
	for (int i = 0; i < SLIPWAY_STORED_LOGIN_MAX; i++)
		login->lookups[i].name = names[i];
	fault = slipway_secret_store_fetch(store, login->lookups, SLIPWAY_STORED_LOGIN_MAX);
	for (int i = 0; i < SLIPWAY_STORED_LOGIN_MAX && fault == NULL; i++)
	{
		const char *text;

		if (login->lookups[i].state != SLIPWAY_SECRET_UNKNOWN)
			fault = slipway_secret_lookup_text(store, &login->lookups[i], &text);
	}
	if (fault != NULL)
		slipway_stored_login_release(login);
	return fault;
}

void
slipway_stored_login_release(SlipwayStoredLogin *login)
{
	slipway_secret_lookup_release(login->lookups, SLIPWAY_STORED_LOGIN_MAX);
	release_items(login);
}

const char *
slipway_stored_login_password(const SlipwayStoredLogin *login)
{
	return value_of(login, PASSWORD);
}

/* libpq's options of a connection string; NULL if it is malformed. */
static PQconninfoOption *
parse(const char *conninfo)
{
	char	   *search_path = NULL;
	char	   *text = slipway_conninfo_split(conninfo, &search_path);
	PQconninfoOption *options = PQconninfoParse(text, NULL);

	slipway_memory_wipe(text);
	free(search_path);
	return options;
}

/* What a connection string has otherwise than the role and its password, "role" or "password"; NULL: nothing. One without a password gets it elsewhere. */
static const char *
find_difference(const char *conninfo, const char *role, const char *password)
{
	PQconninfoOption *options = parse(conninfo);
	bool		same_role = false;
	bool		same_password = true;

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		if (strcmp(option->keyword, "user") == 0)
			same_role = option->val != NULL && strcmp(option->val, role) == 0;
		else if (strcmp(option->keyword, "password") == 0 && option->val != NULL)
			same_password = strcmp(option->val, password) == 0;
	}
	slipway_conninfo_free(options);
	return !same_role ? "role" : !same_password ? "password" : NULL;
}

char *
slipway_stored_login_compare(const SlipwayStoredLogin *login, const char *role)
{
	if (value_of(login, USERNAME) == NULL || value_of(login, PASSWORD) == NULL)
		return slipway_memory_format("%s is not in the store", names[value_of(login, USERNAME) == NULL ? USERNAME : PASSWORD]);
	for (int i = USERNAME; i <= USER; i++)
		if (i != PASSWORD && value_of(login, i) != NULL && strcmp(value_of(login, i), role) != 0)
			return slipway_memory_format("%s is another role than \"%s\"", names[i], role);
	for (int i = URL; i <= STRING; i++)
	{
		const char *difference = value_of(login, i) != NULL ? find_difference(value_of(login, i), role, value_of(login, PASSWORD)) : NULL;

		if (difference != NULL && strcmp(difference, "role") == 0)
			return slipway_memory_format("%s has another role than \"%s\"", names[i], role);
		if (difference != NULL)
			return slipway_memory_format("%s has another password than %s", names[i], names[PASSWORD]);
	}
	return NULL;
}

static void
add_item(SlipwayStoredLogin *login, int setting, char *value)
{
	login->values[login->item_count] = value;
	login->items[login->item_count++] = (SlipwaySecretItem) {.name = names[setting],.bytes = value,.length = strlen(value)};
}

static void
add_escaped(SlipwayBuffer *text, const char *value)
{
	slipway_conninfo_add(text, SLIPWAY_CONNINFO_PERCENT, value);
}

/* Where the hosts of a URI begin: behind its role and password, if it has them. */
static const char *
find_hosts(const char *authority)
{
	const char *at = authority + strcspn(authority, "@/?");

	return *at == '@' ? at + 1 : authority;
}

/* A URI with another role and password. Parameters of that name would count more, and are left out. */
static void
change_uri(SlipwayBuffer *text, const char *uri, const char *role, const char *password)
{
	const char *authority = strstr(uri, "://") + 3;
	const char *hosts = find_hosts(authority);
	size_t		length = strcspn(hosts, "?");
	char		separator = '?';

	slipway_buffer_add_bytes(text, uri, (size_t) (authority - uri));
	add_escaped(text, role);
	slipway_buffer_add_char(text, ':');
	add_escaped(text, password);
	slipway_buffer_add_char(text, '@');
	slipway_buffer_add_bytes(text, hosts, length);
	for (const char *pair = hosts + length; *pair != '\0';)
	{
		size_t		size = strcspn(++pair, "&");

		if (strncmp(pair, "user=", 5) != 0 && strncmp(pair, "password=", 9) != 0 && size > 0)
		{
			slipway_buffer_add_char(text, separator);
			slipway_buffer_add_bytes(text, pair, size);
			separator = '&';
		}
		pair += size;
	}
}

static void
add_pair(SlipwayBuffer *text, const char *keyword, const char *value)
{
	slipway_buffer_format(text, "%s%s='", text->length > 0 ? " " : "", keyword);
	slipway_conninfo_add(text, SLIPWAY_CONNINFO_BACKSLASH, value);
	slipway_buffer_add_char(text, '\'');
}

/* Of a keyword that is there twice the later one counts; but the password that it had goes. What needs quotes stands at the end. */
static void
change_keywords(SlipwayBuffer *text, const char *conninfo, const char *role, const char *password)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	bool		is_plain = password[strspn(password, plain)] == '\0';
	PQconninfoOption *options = parse(conninfo);
	char	   *without = NULL;

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (strcmp(option->keyword, "password") == 0 && option->val != NULL)
			without = slipway_stored_password_replace(conninfo, option->val, is_plain ? password : "-");
	slipway_buffer_add(text, without != NULL ? without : conninfo);
	add_pair(text, "user", role);
	if (without == NULL || !is_plain)
		add_pair(text, "password", password);
	slipway_secret_free(without);
	slipway_conninfo_free(options);
}

static char *
change_string(const char *conninfo, const char *role, const char *password)
{
	SlipwayBuffer text = {.is_secret = true};
	char	   *plain;
	char	   *copy;

	if (slipway_conninfo_is_uri(conninfo))
		change_uri(&text, conninfo, role, password);
	else
		change_keywords(&text, conninfo, role, password);
	plain = slipway_buffer_take(&text);
	copy = slipway_secret_copy(plain);
	slipway_memory_wipe(plain);
	return copy;
}

void
slipway_stored_login_change(SlipwayStoredLogin *login, const char *role, const char *password)
{
	release_items(login);
	add_item(login, USERNAME, slipway_secret_copy(role));
	add_item(login, PASSWORD, slipway_secret_copy(password));
	if (value_of(login, USER) != NULL)
		add_item(login, USER, slipway_secret_copy(role));
	for (int i = URL; i <= STRING; i++)
		if (value_of(login, i) != NULL)
			add_item(login, i, change_string(value_of(login, i), role, password));
}
