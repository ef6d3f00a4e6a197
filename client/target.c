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
#include "output.h"
#include "secret_buffer.h"
#include "secret_counter.h"
#include "stored_variable.h"

/* What stands for a value that is not asked for. */
#define MASK "***"

/* A target that is being found. */
typedef struct Search
{
	const SlipwayArguments *arguments;
	SlipwayTarget *target;
	bool		sketch;			/* no store is asked */
	SlipwaySecretFault *fault;	/* of the store */
} Search;

static const char *
read_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* It may hold a password. */
static char *
copy_text(const char *text)
{
	return text != NULL ? slipway_secret_copy(text) : NULL;
}

/* The same, and the original is wiped and freed. */
static char *
take_over(char *text)
{
	char	   *copy = copy_text(text);

	slipway_memory_wipe(text);
	return copy;
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

static const char *
mask_variable(void *context, const char *name)
{
	(void) context;
	(void) name;
	return MASK;
}

/* A connection of the section, where the store may have what is in its variables; NULL: there is none. */
static char *
read_section(Search *search, SlipwayConfigKey key)
{
	const SlipwayEnvironment *environment = search->arguments->environment;
	bool		masked = search->sketch && slipway_stored_connection_is_used(search->arguments);
	SlipwayStoredVariables variables = {0};
	char	   *text = NULL;

	if (environment == NULL)
		return NULL;
	if (!search->sketch)
		search->fault = slipway_stored_variables_fetch(search->arguments, key, &variables);
	if (search->fault == NULL)
		text = slipway_config_value_with(environment, key, masked ? mask_variable : slipway_stored_variables_find,
										 &variables);
	slipway_stored_variables_release(&variables);
	return take_over(text);
}

static bool
find_in_section(Search *search, SlipwayConfigKey key, const char *source)
{
	SlipwayTarget *target = search->target;
	char	   *text = read_section(search, key);

	/* all of it is in a variable that is not asked for */
	if (text != NULL && search->sketch && strcmp(text, MASK) == 0)
	{
		target->source = source;
		target->conninfo = text;
		return true;
	}
	return take_string(target, source, text);
}

static void
tell_counters(void)
{
	char	   *text;

	if (!slipway_output_is_verbose())
		return;
	text = slipway_secret_counter_describe();
	slipway_output_detail("store of secrets: %s", text);
	free(text);
}

/* libpq would fill in from them what the store leaves open, and an address would count more than its host. */
static void
forget_place(void)
{
	static const char *const variables[] = {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		(void) unsetenv(variables[i]);
}

/* What the store says; host, port and user of the command line count more. */
static bool
find_in_store(Search *search)
{
	SlipwayTarget *target = search->target;
	SlipwayStoredConnection *stored = NULL;

	if (search->fault != NULL || !slipway_stored_connection_is_used(search->arguments))
		return false;
	if (search->sketch)
	{
		target->source = slipway_option_text(search->arguments, SLIPWAY_OPTION_SECRETS);
		target->in_store = true;
		return true;
	}
	search->fault = slipway_stored_connection_fetch(search->arguments, target->is_application, &stored);
	tell_counters();
	if (stored == NULL)
		return false;
	forget_place();
	target->stored = stored;
	target->in_store = true;
	target->overrides = true;
	target->host = target->host != NULL ? target->host : stored->host;
	target->port = target->port != NULL ? target->port : stored->port;
	target->user = target->user != NULL ? target->user : stored->user;
	target->password = copy_text(stored->password);
	if (stored->conninfo != NULL)
		return take_string(target, stored->source, copy_text(stored->conninfo));
	target->source = stored->source;
	target->conninfo = copy_text(stored->dbname);
	return true;
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

	slipway_memory_wipe(message->text);
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
	slipway_memory_wipe(raw);
	slipway_memory_wipe(decoded);
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
	slipway_secret_free(target->conninfo);
	target->conninfo = take_over(rest);
	options = PQconninfoParse(target->conninfo, &error);
	if (options == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s is not a connection string of PostgreSQL: %s",
					target->source,
					error != NULL ? scrub_parse_error(target, error) : "out of memory");
	for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		if (option->val == NULL || strcmp(option->val, MASK) == 0)
			continue;
		check_piece(target, option);
		if (strcmp(option->keyword, "options") == 0)
			target->options = slipway_memory_copy(option->val);
		else if (strcmp(option->keyword, "service") == 0)
			target->has_service = true;
	}
	slipway_conninfo_free(options);
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

static void
find_administrator(Search *search)
{
	SlipwayTarget *target = search->target;
	const SlipwayEnvironment *environment = search->arguments->environment;

	target->is_given = find_in_options(search->arguments, target);
	if (!target->is_given && environment != NULL)
		target->is_given = target->overrides =
			find_in_section(search, SLIPWAY_CONFIG_URL, slipway_config_source(environment));
	target->is_given = target->is_given || find_in_store(search);
	if (search->fault != NULL)
		return;
	target->is_given = target->is_given || has_server(target) || find_in_variables(target);
	if (!target->is_given)
		target->source = "libpq's defaults";
	target->has_service = read_variable("PGSERVICE") != NULL;
	check_conninfo(target);
	settle_search_path(search->arguments, target);
}

/* DB_HOST and its like beside an administrator's role only are said of that one. */
static bool
has_administrator_only(void)
{
	return read_variable("DB_ADMIN_USER") != NULL && read_variable("DB_USER") == NULL;
}

static void
find_application(Search *search)
{
	SlipwayTarget *target = search->target;
	const SlipwayEnvironment *environment = search->arguments->environment;
	char	   *place = environment != NULL ? slipway_config_place(environment, SLIPWAY_CONFIG_APP_URL) : NULL;

	if (place != NULL)
		target->is_given = find_in_section(search, SLIPWAY_CONFIG_APP_URL,
										   slipway_memory_format("app_url of %s", slipway_config_source(environment)));
	free(place);
	target->is_given = target->is_given || find_in_store(search);
	/* a store that is silent about the application is not overruled by what lies about */
	if (search->fault != NULL || (!target->is_given && slipway_stored_connection_is_used(search->arguments)))
		return;
	target->is_given = target->is_given ||
		take_string(target, "DB_CONN_STRING", copy_text(read_variable("DB_CONN_STRING"))) ||
		(!has_administrator_only() && find_in_parts(target, "DB_USER", "DB_PASSWORD"));
	check_conninfo(target);
	if (target->search_path != NULL)
		target->search_path_source = slipway_memory_copy(target->source);
}

static void
find(Search *search, bool application)
{
	search->target->is_application = application;
	if (application)
		find_application(search);
	else
		find_administrator(search);
	if (search->fault != NULL)
	{
		slipway_target_release(search->target);
		*search->target = (SlipwayTarget) {.is_application = application};
	}
}

SlipwaySecretFault *
slipway_target_ask(const SlipwayArguments *arguments, bool application, SlipwayTarget *target)
{
	Search		search = {.arguments = arguments, .target = target};

	find(&search, application);
	return search.fault;
}

void
slipway_target_sketch(const SlipwayArguments *arguments, bool application, SlipwayTarget *target)
{
	Search		search = {.arguments = arguments, .target = target, .sketch = true};

	find(&search, application);
}

void
slipway_target_find(const SlipwayArguments *arguments, SlipwayTarget *target)
{
	slipway_secret_fault_check(slipway_target_ask(arguments, false, target));
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
	target->conninfo = copy_text(slipway_option_text(arguments, option));
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
	slipway_secret_free(target->conninfo);
	free(target->search_path);
	free(target->search_path_source);
	free(target->options);
	slipway_secret_free(target->password);
	slipway_stored_connection_release(target->stored);
}
