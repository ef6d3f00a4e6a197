/*
 * env_move.c
 *	  What of a file of settings, a .env, belongs into a store of secrets.
 */
#include "env_move.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conninfo.h"
#include "die.h"
#include "memory.h"

static const char *const names[SLIPWAY_ENV_SETTINGS] = {
	[SLIPWAY_ENV_APP_STRING] = "DB_CONN_STRING",
	[SLIPWAY_ENV_URL] = "DATABASE_URL",
	[SLIPWAY_ENV_HOST] = "DB_HOST",
	[SLIPWAY_ENV_PORT] = "DB_PORT",
	[SLIPWAY_ENV_DATABASE] = "DB_NAME",
	[SLIPWAY_ENV_USERNAME] = "DB_USERNAME",
	[SLIPWAY_ENV_USER] = "DB_USER",
	[SLIPWAY_ENV_PASSWORD] = "DB_PASSWORD",
	[SLIPWAY_ENV_ADMIN_STRING] = "DB_ADMIN_CONN_STRING",
	[SLIPWAY_ENV_ADMIN_USERNAME] = "DB_ADMIN_USERNAME",
	[SLIPWAY_ENV_ADMIN_USER] = "DB_ADMIN_USER",
	[SLIPWAY_ENV_ADMIN_PASSWORD] = "DB_ADMIN_PASSWORD",
};

const char *
slipway_env_setting_name(SlipwayEnvSetting setting)
{
	return names[setting];
}

/* Which setting it is, with the prefix or without; SLIPWAY_ENV_SETTINGS: none. */
static SlipwayEnvSetting
find_setting(const char *prefix, const char *name)
{
	size_t		length = strlen(prefix);
	int			setting = 0;

	if (length > 0 && strncmp(name, prefix, length) == 0)
		name += length;
	while (setting < SLIPWAY_ENV_SETTINGS && strcmp(names[setting], name) != 0)
		setting++;
	return (SlipwayEnvSetting) setting;
}

bool
slipway_env_move_leaves(void *context, const SlipwayDotenvEntry *entry)
{
	const SlipwayEnvMove *move = context;

	return find_setting(move->prefix, entry->name) != SLIPWAY_ENV_SETTINGS;
}

static bool
is_text(const SlipwayDotenvEntry *entry)
{
	json_t	   *text = json_stringn(entry->value, entry->length);

	json_decref(text);
	return text != NULL;
}

static void
check_value(const SlipwayEnvMove *move, const SlipwayDotenvEntry *entry)
{
	if (entry->problem != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "A value in single quotes is taken as it stands.",
					"%s:%zu: %s %s", move->file->name, entry->line, entry->name, entry->problem);
	if (!is_text(entry))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: %s is not UTF-8", move->file->name, entry->line, entry->name);
}

/* Two names of one thing. */
static void
check_same(const SlipwayEnvMove *move, const SlipwayDotenvEntry *a, const SlipwayDotenvEntry *b)
{
	if (a != NULL && b != NULL && a->length > 0 && b->length > 0 && strcmp(a->value, b->value) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Take out the one that does not count.",
					"%s:%zu: %s is not the same as %s in line %zu", move->file->name, b->line, b->name, a->name, a->line);
}

#define STRING_HINT \
	"It looks like postgresql://role:password@host:5432/database, with special characters of role and password as %40 (@), %2F (/), %3A (:) and so on."

#define DRIVER_HINT \
	"\"postgresql+DRIVER://\" is no connection string but that driver's: let the application put the driver in, and write postgresql:// here."

/* "postgresql+psycopg2://" */
static bool
is_of_driver(const char *text)
{
	const char *scheme = strstr(text, "://");
	const char *plus = strchr(text, '+');

	return strncmp(text, "postgres", 8) == 0 && scheme != NULL && plus != NULL && plus < scheme;
}

/* A connection string taken apart; NULL if there is none. */
static PQconninfoOption *
read_string(const SlipwayEnvMove *move, SlipwayEnvSetting setting)
{
	const SlipwayDotenvEntry *entry = move->found[setting];
	PQconninfoOption *options = NULL;
	char	   *search_path = NULL;
	char	   *text;

	if (!move->is_stored[setting])
		return NULL;
	if (slipway_conninfo_is_string(entry->value) && !slipway_conninfo_is_torn(entry->value))
	{
		text = slipway_conninfo_split(entry->value, &search_path);
		options = PQconninfoParse(text, NULL);
		slipway_memory_wipe(text);
		free(search_path);
	}
	if (options == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, is_of_driver(entry->value) ? DRIVER_HINT : STRING_HINT, "%s:%zu: %s is not a connection string that PostgreSQL's library takes",
					move->file->name, entry->line, entry->name);
	return options;
}

static const char *
find_part(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val != NULL && options->val[0] != '\0' ? options->val : NULL;
	return NULL;
}

static void
add_difference(SlipwayEnvMove *move, const char *part, const char *in_string, const char *in_parameters)
{
	bool		is_secret = strcmp(part, "password") == 0;

	if (in_string == NULL || in_parameters == NULL || strcmp(in_string, in_parameters) == 0 ||
		(strcmp(part, "host") == 0 && strcasecmp(in_string, in_parameters) == 0) ||
		move->difference_count == SLIPWAY_ENV_MAX_DIFFERENCES)
		return;
	move->differences[move->difference_count++] = (SlipwayEnvDifference) {
		.part = part,
		.in_string = is_secret ? NULL : slipway_memory_copy(in_string),
		.in_parameters = is_secret ? NULL : slipway_memory_copy(in_parameters),
	};
}

static const char *
value_of(const SlipwayEnvMove *move, SlipwayEnvSetting setting)
{
	return move->is_stored[setting] ? move->found[setting]->value : NULL;
}

/* What the string says and what the single parameters say. */
static void
compare_parts(SlipwayEnvMove *move, const PQconninfoOption *options)
{
	const char *port = find_part(options, "port");
	const char *user = value_of(move, SLIPWAY_ENV_USERNAME);

	add_difference(move, "host", find_part(options, "host"), value_of(move, SLIPWAY_ENV_HOST));
	add_difference(move, "port", port != NULL ? port : "5432", value_of(move, SLIPWAY_ENV_PORT));
	add_difference(move, "database", find_part(options, "dbname"), value_of(move, SLIPWAY_ENV_DATABASE));
	add_difference(move, "role", find_part(options, "user"), user != NULL ? user : value_of(move, SLIPWAY_ENV_USER));
	add_difference(move, "password", find_part(options, "password"), value_of(move, SLIPWAY_ENV_PASSWORD));
}

/* The administrator's string may well lead to another host, past a pooler, say. */
static void
compare_admin(SlipwayEnvMove *move, const PQconninfoOption *options)
{
	const char *user = value_of(move, SLIPWAY_ENV_ADMIN_USERNAME);

	add_difference(move, "administrator's role", find_part(options, "user"),
				   user != NULL ? user : value_of(move, SLIPWAY_ENV_ADMIN_USER));
	add_difference(move, "password", find_part(options, "password"), value_of(move, SLIPWAY_ENV_ADMIN_PASSWORD));
}

static void
compare(SlipwayEnvMove *move)
{
	PQconninfoOption *string = read_string(move, SLIPWAY_ENV_APP_STRING);
	PQconninfoOption *url = read_string(move, SLIPWAY_ENV_URL);
	PQconninfoOption *admin = read_string(move, SLIPWAY_ENV_ADMIN_STRING);

	if (string != NULL || url != NULL)
		compare_parts(move, string != NULL ? string : url);
	move->string_name = names[string != NULL ? SLIPWAY_ENV_APP_STRING : SLIPWAY_ENV_URL];
	if (admin != NULL && move->difference_count == 0)
	{
		compare_admin(move, admin);
		if (move->difference_count > 0)
			move->string_name = names[SLIPWAY_ENV_ADMIN_STRING];
	}
	slipway_conninfo_free(string);
	slipway_conninfo_free(url);
	slipway_conninfo_free(admin);
}

void
slipway_env_move_plan(const SlipwayEnvFile *file, const char *prefix, SlipwayEnvMove *move)
{
	*move = (SlipwayEnvMove) {.file = file,.prefix = prefix};
	for (size_t i = 0; i < slipway_dotenv_count(file->dotenv); i++)
	{
		const SlipwayDotenvEntry *entry = slipway_dotenv_entry(file->dotenv, i);
		SlipwayEnvSetting setting = find_setting(prefix, entry->name);

		if (entry->is_comment || setting == SLIPWAY_ENV_SETTINGS)
			continue;
		/* of one name the last counts; but DB_HOST may be there for something else than PROD_DB_HOST */
		if (move->found[setting] != NULL && strcmp(move->found[setting]->name, entry->name) != 0)
			check_same(move, move->found[setting], entry);
		move->found[setting] = entry;
	}
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
	{
		if (move->found[i] == NULL)
			continue;
		check_value(move, move->found[i]);
		move->is_stored[i] = move->found[i]->length > 0;
	}
	check_same(move, move->found[SLIPWAY_ENV_USERNAME], move->found[SLIPWAY_ENV_USER]);
	check_same(move, move->found[SLIPWAY_ENV_ADMIN_USERNAME], move->found[SLIPWAY_ENV_ADMIN_USER]);
	compare(move);
}

void
slipway_env_move_release(SlipwayEnvMove *move)
{
	for (size_t i = 0; i < move->difference_count; i++)
	{
		free((char *) move->differences[i].in_string);
		free((char *) move->differences[i].in_parameters);
	}
	move->difference_count = 0;
}

static void
drop(SlipwayEnvMove *move, const SlipwayEnvSetting *settings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		move->is_stored[settings[i]] = false;
}

void
slipway_env_move_settle(SlipwayEnvMove *move, SlipwayEnvPreference preference)
{
	static const SlipwayEnvSetting strings[] = {SLIPWAY_ENV_APP_STRING, SLIPWAY_ENV_URL};
	static const SlipwayEnvSetting parameters[] = {
		SLIPWAY_ENV_HOST, SLIPWAY_ENV_PORT, SLIPWAY_ENV_DATABASE, SLIPWAY_ENV_USERNAME, SLIPWAY_ENV_USER,
		SLIPWAY_ENV_PASSWORD
	};
	static const SlipwayEnvSetting admin_strings[] = {SLIPWAY_ENV_ADMIN_STRING};
	static const SlipwayEnvSetting admin_parameters[] = {
		SLIPWAY_ENV_ADMIN_USERNAME, SLIPWAY_ENV_ADMIN_USER, SLIPWAY_ENV_ADMIN_PASSWORD
	};
	bool		of_admin = strcmp(move->string_name, names[SLIPWAY_ENV_ADMIN_STRING]) == 0;
	bool		url = preference == SLIPWAY_ENV_PREFER_URL;

	if (preference == SLIPWAY_ENV_PREFER_NEITHER)
		return;
	if (of_admin)
		drop(move, url ? admin_parameters : admin_strings, url ? 3 : 1);
	else
		drop(move, url ? parameters : strings, url ? 6 : 2);
	slipway_env_move_release(move);
	/* the administrator's may disagree too */
	compare(move);
}

size_t
slipway_env_move_count(const SlipwayEnvMove *move)
{
	size_t		count = 0;

	for (int i = 0; i < SLIPWAY_ENV_SETTINGS; i++)
		count += move->is_stored[i];
	return count;
}

bool
slipway_env_move_is_whole(const SlipwayEnvMove *move)
{
	const bool *has = move->is_stored;

	return has[SLIPWAY_ENV_APP_STRING] || has[SLIPWAY_ENV_URL] ||
		(has[SLIPWAY_ENV_HOST] && has[SLIPWAY_ENV_DATABASE] && (has[SLIPWAY_ENV_USERNAME] || has[SLIPWAY_ENV_USER]));
}

bool
slipway_env_move_has_admin(const SlipwayEnvMove *move)
{
	const bool *has = move->is_stored;

	return has[SLIPWAY_ENV_ADMIN_STRING] || has[SLIPWAY_ENV_ADMIN_USERNAME] || has[SLIPWAY_ENV_ADMIN_USER];
}

static void
note_password(void *context, const char *start, size_t length)
{
	(void) start;
	if (length > 0)
		*(bool *) context = true;
}

bool
slipway_env_move_is_suspicious(const SlipwayEnvMove *move, const SlipwayDotenvEntry *entry)
{
	static const char *const words[] = {
		"PASSWORD", "PASSWD", "SECRET", "TOKEN", "PRIVATE_KEY", "API_KEY", "ACCESS_KEY", "CREDENTIAL", "DSN"
	};
	static const char *const ends[] = {"_PASS", "_PWD"};
	size_t		length = strlen(entry->name);
	bool		has_password = false;

	if (entry->is_comment || entry->length == 0 || find_setting(move->prefix, entry->name) != SLIPWAY_ENV_SETTINGS ||
		strncmp(entry->name, "SLIPWAY_", 8) == 0 || strncmp(entry->name, "SECRETS_", 8) == 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(entry->name, words[i]) != NULL)
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (length > strlen(ends[i]) && strcasecmp(entry->name + length - strlen(ends[i]), ends[i]) == 0)
			return true;
	if (strstr(entry->value, "://") != NULL)
		slipway_conninfo_each_password(entry->value, note_password, &has_password);
	return has_password;
}

/* A text that is looked into for passwords. */
typedef struct Search
{
	const char *text;
	bool		found;
} Search;

/* A short one may be there by chance. */
static void
find_password(void *context, const char *start, size_t length)
{
	Search	   *search = context;

	if (length >= 6 && memmem(search->text, strlen(search->text), start, length) != NULL)
		search->found = true;
}

const char *
slipway_env_move_left_behind(const SlipwayEnvMove *move)
{
	SlipwaySecretBuffer text = {0};
	const char *name = NULL;

	slipway_dotenv_rewrite(move->file->dotenv, slipway_env_move_leaves, (void *) move, NULL, NULL, 0, &text);
	for (int i = 0; i < SLIPWAY_ENV_SETTINGS && name == NULL; i++)
	{
		Search		search = {.text = text.data};

		if (!move->is_stored[i])
			continue;
		if (i == SLIPWAY_ENV_PASSWORD || i == SLIPWAY_ENV_ADMIN_PASSWORD)
			find_password(&search, move->found[i]->value, move->found[i]->length);
		else if (i == SLIPWAY_ENV_URL || i == SLIPWAY_ENV_APP_STRING || i == SLIPWAY_ENV_ADMIN_STRING)
			slipway_conninfo_each_password(move->found[i]->value, find_password, &search);
		name = search.found ? move->found[i]->name : NULL;
	}
	slipway_secret_buffer_release(&text);
	return name;
}
