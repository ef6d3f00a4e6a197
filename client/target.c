/*
 * target.c
 *	  Where to connect to.
 */
#include "target.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "config.h"
#include "conninfo.h"
#include "die.h"
#include "memory.h"

static const char *
read_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static char *
copy_text(const char *text)
{
	return text != NULL ? slipway_memory_copy(text) : NULL;
}

/* Takes what the options say; true if that names where to connect to. */
static bool
find_in_options(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	const char *url = slipway_option_text(arguments, SLIPWAY_OPTION_URL);
	const char *dbname = slipway_option_text(arguments, SLIPWAY_OPTION_DBNAME);

	if (url != NULL && dbname != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "They mean the same.",
					"options \"--url\" and \"--dbname\" are both given");
	target->source = url != NULL ? "option --url" : "options";
	target->conninfo = copy_text(url != NULL ? url : dbname);
	target->host = slipway_option_text(arguments, SLIPWAY_OPTION_HOST);
	target->port = slipway_option_text(arguments, SLIPWAY_OPTION_PORT);
	target->user = slipway_option_text(arguments, SLIPWAY_OPTION_USERNAME);
	return target->conninfo != NULL;
}

/* The same for what has to be a connection string or URI. */
static bool
take_string(SlipwayTarget *target, const char *source, char *text)
{
	if (text == NULL)
		return false;
	target->source = source;
	target->conninfo = text;
	if (!slipway_conninfo_is_string(text))
		slipway_die(SLIPWAY_EXIT_USAGE, "It looks like postgresql://role@host/database.",
					"%s is not a connection string of PostgreSQL", source);
	return true;
}

static bool
find_in_environment(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	const SlipwayEnvironment *environment = arguments->environment;

	if (environment != NULL)
		target->overrides = take_string(target, slipway_config_source(environment),
										slipway_config_value(environment, SLIPWAY_CONFIG_URL));
	return target->overrides;
}

/* Single variables: HOST, PORT and DATABASE are the same for all, the role is one's own. */
static bool
find_in_parts(SlipwayTarget *target, const char *user, const char *password)
{
	if (read_variable("DB_HOST") == NULL && read_variable("DB_NAME") == NULL &&
		read_variable(user) == NULL)
		return false;
	target->source = "DB_HOST and its like";
	target->host = read_variable("DB_HOST");
	target->port = read_variable("DB_PORT");
	target->user = read_variable(user);
	target->password = copy_text(read_variable(password));
	target->conninfo = copy_text(read_variable("DB_NAME"));
	return true;
}

static bool
find_in_variables(SlipwayTarget *target)
{
	static const char *const variables[] = {
		"SLIPWAY_URL", "DB_ADMIN_CONN_STRING", "DATABASE_URL", "DSN"
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (take_string(target, variables[i], copy_text(read_variable(variables[i]))))
			return true;
	return find_in_parts(target, "DB_ADMIN_USER", "DB_ADMIN_PASSWORD");
}

/* libpq's message while secrets are taken out of it. */
typedef struct Message
{
	char	   *text;
	bool		uri;			/* is the connection string one? */
} Message;

static void
hide_secret(Message *message, const char *secret)
{
	char	   *hidden = slipway_conninfo_hide(message->text, secret);

	free(message->text);
	message->text = hidden;
}

/* Hides a password as it stands in the string, and as the server knows it. */
static void
hide_piece(void *context, const char *start, size_t length)
{
	Message    *message = context;
	char	   *raw = slipway_memory_copy_bytes(start, length);
	char	   *decoded = slipway_conninfo_decode(message->uri, start, length);

	hide_secret(message, raw);
	hide_secret(message, decoded);
	free(raw);
	free(decoded);
}

char *
slipway_target_scrub(const SlipwayTarget *target, const char *text)
{
	size_t		length = strlen(text);
	bool		uri = target->conninfo != NULL && slipway_conninfo_is_uri(target->conninfo);
	Message		message = {.uri = uri};

	while (length > 0 && text[length - 1] == '\n')
		length--;
	message.text = slipway_memory_copy_bytes(text, length);
	if (target->conninfo != NULL)
		slipway_conninfo_each_password(target->conninfo, hide_piece, &message);
	if (target->password != NULL)
		hide_secret(&message, target->password);
	if (read_variable("PGPASSWORD") != NULL)
		hide_secret(&message, read_variable("PGPASSWORD"));
	return message.text;
}

/*
 * libpq's message about a string that it cannot parse. In a keyword string an
 * unquoted password with a blank ends early, and the word that libpq then
 * complains about is the rest of it; so it may be with a '?' in that of a URI.
 */
static char *
scrub_parse_error(const SlipwayTarget *target, const char *text)
{
	char	   *message = slipway_target_scrub(target, text);
	const char *open = strchr(message, '"');
	const char *close = strrchr(message, '"');

	if ((slipway_conninfo_is_uri(target->conninfo) ? strchr(target->conninfo, '@') == NULL
		 : strstr(target->conninfo, "password") == NULL) || open == close)
		return message;
	return slipway_memory_format("%.*s\"***\"%s", (int) (open - message), message, close + 1);
}

#define ESCAPE_HINT \
	"Write special characters of role and password as %40 (@), %2F (/), %3A (:) and so on."

/*
 * libpq takes a password with an unescaped '@', '/' or ':' apart and would
 * print what follows as a host or a port.
 */
static void
check_piece(const SlipwayTarget *target, const PQconninfoOption *option)
{
	const char *value = option->val;

	if ((strcmp(option->keyword, "port") == 0 && value[strspn(value, "0123456789, ")] != '\0') ||
		(strcmp(option->keyword, "host") == 0 && value[0] != '@' && value[0] != '/' &&
		 strchr(value, '@') != NULL))
		slipway_die(SLIPWAY_EXIT_USAGE, ESCAPE_HINT,
					"the %s in the connection string of %s is malformed",
					option->keyword, target->source);
}

static void
check_conninfo(SlipwayTarget *target)
{
	char	   *error = NULL;
	char	   *rest;
	PQconninfoOption *options;

	if (target->conninfo == NULL || !slipway_conninfo_is_string(target->conninfo))
		return;
	if (slipway_conninfo_is_torn(target->conninfo))
		slipway_die(SLIPWAY_EXIT_USAGE, ESCAPE_HINT, "the connection string of %s is malformed",
					target->source);
	rest = slipway_conninfo_split(target->conninfo, &target->search_path);
	free(target->conninfo);
	target->conninfo = rest;
	options = PQconninfoParse(target->conninfo, &error);
	if (options == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s is not a connection string of PostgreSQL: %s",
					target->source,
					error != NULL ? scrub_parse_error(target, error) : "out of memory");
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (option->val == NULL)
			continue;
		check_piece(target, option);
		if (strcmp(option->keyword, "options") == 0)
			target->options = slipway_memory_copy(option->val);
		else if (strcmp(option->keyword, "service") == 0)
			target->has_service = true;
	}
	PQconninfoFree(options);
}

/* Do options name a server or a role, if no database? */
static bool
has_server(const SlipwayTarget *target)
{
	return target->host != NULL || target->port != NULL || target->user != NULL;
}

/* What the section says of search_path counts less than the string. */
static void
settle_search_path(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	const SlipwayEnvironment *environment = arguments->environment;

	if (target->search_path != NULL)
		target->search_path_source = slipway_memory_copy(target->source);
	else if (environment != NULL)
	{
		target->search_path = slipway_config_value(environment, SLIPWAY_CONFIG_SEARCH_PATH);
		target->search_path_source = slipway_config_place(environment, SLIPWAY_CONFIG_SEARCH_PATH);
	}
}

void
slipway_target_find(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	target->is_given = find_in_options(arguments, target) ||
		find_in_environment(arguments, target) || has_server(target) || find_in_variables(target);
	if (!target->is_given)
		target->source = "libpq's defaults";
	target->has_service = read_variable("PGSERVICE") != NULL;
	check_conninfo(target);
	settle_search_path(arguments, target);
}

/* DB_HOST and its like beside an administrator's role only are said of that one. */
static bool
has_administrator_only(void)
{
	return read_variable("DB_ADMIN_USER") != NULL && read_variable("DB_USER") == NULL;
}

bool
slipway_target_find_application(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	const SlipwayEnvironment *environment = arguments->environment;
	char	   *app_url = environment != NULL
		? slipway_config_value(environment, SLIPWAY_CONFIG_APP_URL) : NULL;
	const char *source = app_url != NULL
		? slipway_memory_format("app_url of %s", slipway_config_source(environment)) : NULL;

	target->is_application = true;
	target->is_given = take_string(target, source, app_url) ||
		take_string(target, "DB_CONN_STRING", copy_text(read_variable("DB_CONN_STRING"))) ||
		(!has_administrator_only() && find_in_parts(target, "DB_USER", "DB_PASSWORD"));
	check_conninfo(target);
	if (target->search_path != NULL)
		target->search_path_source = slipway_memory_copy(target->source);
	return target->is_given;
}

static void
add_part(SlipwayBuffer *text, const char *keyword, const char *value)
{
	if (value == NULL)
		return;
	slipway_buffer_add(text, text->length > 0 ? " " : "");
	slipway_buffer_add(text, keyword);
	slipway_buffer_add_char(text, '=');
	slipway_conninfo_add(text, SLIPWAY_CONNINFO_BACKSLASH, value);
}

char *
slipway_target_describe(const SlipwayTarget *target)
{
	bool		is_string = target->conninfo != NULL && slipway_conninfo_is_string(target->conninfo);
	SlipwayBuffer text = {0};

	add_part(&text, "host", target->host);
	add_part(&text, "port", target->port);
	add_part(&text, "dbname", is_string ? NULL : target->conninfo);
	add_part(&text, "user", target->user);
	if (is_string)
	{
		char	   *scrubbed = slipway_conninfo_scrub(target->conninfo);

		slipway_buffer_add(&text, text.length > 0 ? " " : "");
		slipway_buffer_add(&text, scrubbed);
		free(scrubbed);
	}
	return slipway_buffer_take(&text);
}

void
slipway_target_find_other(const SlipwayArguments *arguments, SlipwayOptionId option,
						  SlipwayTarget *target)
{
	target->is_given = true;
	target->source = slipway_memory_format("option --%s", slipway_option_table[option].name);
	target->conninfo = slipway_memory_copy(slipway_option_text(arguments, option));
	target->host = slipway_option_text(arguments, SLIPWAY_OPTION_HOST);
	target->port = slipway_option_text(arguments, SLIPWAY_OPTION_PORT);
	target->user = slipway_option_text(arguments, SLIPWAY_OPTION_USERNAME);
	target->has_service = read_variable("PGSERVICE") != NULL;
	check_conninfo(target);
	if (target->search_path != NULL)
		target->search_path_source = slipway_memory_copy(target->source);
}

void
slipway_target_release(SlipwayTarget *target)
{
	free(target->conninfo);
	free(target->search_path);
	free(target->search_path_source);
	free(target->options);
	free(target->password);
}
