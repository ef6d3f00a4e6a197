/*
 * stored_password.c
 *	  Where a store of secrets has the password of a role.
 */
#include "stored_password.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "conninfo.h"
#include "die.h"
#include "env_move.h"
#include "memory.h"

/* A string while passwords in it are replaced. */
typedef struct Replacing
{
	const char *rest;			/* not written yet */
	bool		is_uri;
	const char *password;
	const char *replacement;
	SlipwaySecretBuffer result;
} Replacing;

static void
replace_piece(void *context, const char *start, size_t length)
{
	Replacing  *replacing = context;
	char	   *decoded = slipway_conninfo_decode(replacing->is_uri, start, length);

	if (strcmp(decoded, replacing->password) == 0 && start >= replacing->rest)
	{
		slipway_secret_buffer_add_bytes(&replacing->result, replacing->rest, (size_t) (start - replacing->rest));
		slipway_secret_buffer_add(&replacing->result, replacing->replacement);
		replacing->rest = start + length;
	}
	slipway_memory_wipe(decoded);
}

char *
slipway_stored_password_replace(const char *conninfo, const char *password, const char *replacement)
{
	Replacing	replacing = {
		.rest = conninfo,.is_uri = slipway_conninfo_is_uri(conninfo),.password = password,.replacement = replacement
	};
	char	   *copy;

	slipway_conninfo_each_password(conninfo, replace_piece, &replacing);
	slipway_secret_buffer_add(&replacing.result, replacing.rest);
	copy = slipway_secret_copy(replacing.result.data);
	slipway_secret_buffer_release(&replacing.result);
	return copy;
}

char *
slipway_stored_password_make(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[33];
	char	   *password = slipway_secret_new(44);

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes))
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "the system has no random numbers");
	/* six bits each */
	for (size_t i = 0, j = 0; i < sizeof(bytes); i += 3)
	{
		unsigned int bits = (unsigned int) bytes[i] << 16 | (unsigned int) bytes[i + 1] << 8 | bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			password[j++] = digits[bits >> shift & 63];
	}
	explicit_bzero(bytes, sizeof(bytes));
	return password;
}

static const char *
value_of(const SlipwaySecretLookup *lookups, SlipwayEnvSetting setting)
{
	return lookups[setting].state == SLIPWAY_SECRET_FOUND ? lookups[setting].value.data : NULL;
}

/* Whose password is a single setting? Without a role, of whoever logs in with it. */
static bool
is_of_role(const SlipwaySecretLookup *lookups, SlipwayEnvSetting one, SlipwayEnvSetting other, const char *role)
{
	const char *user = value_of(lookups, one) != NULL ? value_of(lookups, one) : value_of(lookups, other);

	return user == NULL || strcmp(user, role) == 0;
}

/* Is it a connection string of that role with that password? */
static bool
has_password(const char *conninfo, const char *role, const char *password)
{
	char	   *search_path = NULL;
	char	   *text = slipway_conninfo_split(conninfo, &search_path);
	PQconninfoOption *options = PQconninfoParse(text, NULL);
	bool		user = false;
	bool		same = false;

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		if (option->val != NULL && strcmp(option->keyword, "user") == 0)
			user = strcmp(option->val, role) == 0;
		else if (option->val != NULL && strcmp(option->keyword, "password") == 0)
			same = strcmp(option->val, password) == 0;
	}
	slipway_conninfo_free(options);
	slipway_memory_wipe(text);
	free(search_path);
	return user && same;
}

static void
add_item(SlipwayStoredPassword *result, const char *name, char *value)
{
	result->values[result->count] = value;
	result->items[result->count++] = (SlipwaySecretItem) {.name = name,.bytes = value,.length = strlen(value)};
}

static void
find_single(const SlipwaySecretLookup *lookups, SlipwayEnvSetting setting, const char *password, const char *replacement,
			SlipwayStoredPassword *result)
{
	const char *value = value_of(lookups, setting);

	if (value != NULL && strcmp(value, password) == 0)
		add_item(result, slipway_env_setting_name(setting), slipway_secret_copy(replacement));
}

SlipwaySecretFault *
slipway_stored_password_find(SlipwaySecretStore *store, const char *role, const char *password,
							 const char *replacement, SlipwayStoredPassword *result)
{
	static const SlipwayEnvSetting strings[] = {SLIPWAY_ENV_APP_STRING, SLIPWAY_ENV_URL, SLIPWAY_ENV_ADMIN_STRING};
	SlipwaySecretLookup lookups[SLIPWAY_ENV_SETTINGS] = {{.name = NULL}};
	SlipwaySecretFault *fault;

	*result = (SlipwayStoredPassword) {.count = 0};
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
		lookups[i].name = slipway_env_setting_name((SlipwayEnvSetting) i);
	fault = slipway_secret_store_fetch(store, lookups, SLIPWAY_ENV_SETTINGS);
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS && fault == NULL; i++)
		if (lookups[i].state == SLIPWAY_SECRET_FAILED)
		{
			fault = lookups[i].fault;
			lookups[i].fault = NULL;
		}
	if (fault == NULL)
	{
		if (is_of_role(lookups, SLIPWAY_ENV_USERNAME, SLIPWAY_ENV_USER, role))
			find_single(lookups, SLIPWAY_ENV_PASSWORD, password, replacement, result);
		if (is_of_role(lookups, SLIPWAY_ENV_ADMIN_USERNAME, SLIPWAY_ENV_ADMIN_USER, role))
			find_single(lookups, SLIPWAY_ENV_ADMIN_PASSWORD, password, replacement, result);
		for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
			if (value_of(lookups, strings[i]) != NULL && has_password(value_of(lookups, strings[i]), role, password))
				add_item(result, slipway_env_setting_name(strings[i]),
						 slipway_stored_password_replace(value_of(lookups, strings[i]), password, replacement));
	}
	slipway_secret_lookup_release(lookups, SLIPWAY_ENV_SETTINGS);
	return fault;
}

void
slipway_stored_password_release(SlipwayStoredPassword *result)
{
	for (size_t i = 0; i < result->count; i++)
		slipway_secret_free(result->values[i]);
	result->count = 0;
}
