/*
 * application.c
 *	  What an application finds in its environment.
 */
#include "application.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "config.h"
#include "conninfo.h"
#include "die.h"
#include "memory.h"

extern char **environ;

/* Who connects to what; how connections are made (sslmode, timeouts, ...) is for all the same. */
static const char *const identity[] = {
	"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGPASSFILE",
	"PGSERVICE", "PGSERVICEFILE", "PGOPTIONS", "PGSSLCERT", "PGSSLKEY", "PGREQUIREPEER",
	"PGTARGETSESSIONATTRS", "DATABASE_URL", "DSN"
};

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* All variables of such a name; each removal moves the others. */
static void
unset_all(const char *prefix)
{
	for (char **variable = environ; *variable != NULL;)
	{
		char	   *name = slipway_memory_copy_bytes(*variable, strcspn(*variable, "="));

		if (begins_with(name, prefix) && unsetenv(name) == 0)
			variable = environ;
		else
			variable++;
		free(name);
	}
}

/* The variables in a value. */
typedef struct Names
{
	const char **names;
	size_t		count;
} Names;

static void
add_name(void *context, const char *name)
{
	Names	   *list = context;

	list->names = slipway_memory_resize(list->names, list->count + 1, sizeof(char *));
	list->names[list->count++] = slipway_memory_copy(name);
}

static bool
has_name(const Names *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->names[i], name) == 0)
			return true;
	return false;
}

/* Those that only the administrator's connection needs. */
static void
unset_of_section(const struct SlipwayEnvironment *environment)
{
	Names		admin = {0};
	Names		application = {0};

	slipway_config_each_variable(environment, SLIPWAY_CONFIG_URL, add_name, &admin);
	slipway_config_each_variable(environment, SLIPWAY_CONFIG_APP_URL, add_name, &application);
	for (size_t i = 0; i < admin.count; i++)
		if (!has_name(&application, admin.names[i]))
			(void) unsetenv(admin.names[i]);
}

/*
 * Whoever can log in to the store can read the administrator's password there. The names are
 * those of OpenStack's clients.
 */
static void
unset_of_store(const SlipwayArguments *arguments)
{
	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);
	char	   *admin = slipway_memory_format("%sDB_ADMIN_", prefix != NULL ? prefix : "");

	unset_all("OS_");
	unset_all(admin);
	free(admin);
}

void
slipway_application_forget_admin(const SlipwayArguments *arguments)
{
	for (size_t i = 0; i < sizeof(identity) / sizeof(identity[0]); i++)
		(void) unsetenv(identity[i]);
	if (slipway_stored_connection_is_used(arguments))
		unset_of_store(arguments);
	unset_all("SLIPWAY_");
	unset_all("DB_ADMIN_");
	if (arguments->environment != NULL)
		unset_of_section(arguments->environment);
}

static void
set_variable(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
}

static void
add_query(SlipwayBuffer *url, const char *keyword, const char *value)
{
	slipway_buffer_add_char(url, slipway_conninfo_has_query(url->data) ? '&' : '?');
	slipway_buffer_add(url, keyword);
	slipway_buffer_add_char(url, '=');
	slipway_conninfo_add(url, SLIPWAY_CONNINFO_PERCENT, value);
}

/* For the server: "-c search_path=...", behind other options. */
static char *
make_options(const SlipwayTarget *target)
{
	SlipwayBuffer text = {0};

	if (target->options != NULL)
		slipway_buffer_add(&text, target->options);
	if (target->search_path == NULL)
		return slipway_buffer_take(&text);
	slipway_buffer_add(&text, text.length > 0 ? " -c search_path=" : "-c search_path=");
	for (const char *p = target->search_path; *p != '\0'; p++)
	{
		if (isspace((unsigned char) *p) || *p == '\\')
			slipway_buffer_add_char(&text, '\\');
		slipway_buffer_add_char(&text, *p);
	}
	return slipway_buffer_take(&text);
}

/* What libpq takes from the target, keyword by keyword, as far as it is known. */
typedef struct Part
{
	const char *keyword;
	const char *value;
} Part;

/* What the store says of TLS. */
typedef struct TlsPart
{
	const char *keyword;
	const char *variable;
	const char *value;
} TlsPart;

#define TLS_PARTS 4

static void
list_tls(const SlipwayStoredConnection *stored, TlsPart parts[TLS_PARTS])
{
	parts[0] = (TlsPart) {"sslmode", "PGSSLMODE", stored->sslmode};
	parts[1] = (TlsPart) {"sslrootcert", "PGSSLROOTCERT", stored->root.path};
	parts[2] = (TlsPart) {"sslcert", "PGSSLCERT", stored->certificate.path};
	parts[3] = (TlsPart) {"sslkey", "PGSSLKEY", stored->key.path};
}

static const char *
find_part(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val != NULL && *options->val != '\0')
			return options->val;
	return NULL;
}

/* What the string itself says of TLS counts more. */
static void
add_tls(SlipwayBuffer *url, const SlipwayTarget *target, const PQconninfoOption *options)
{
	TlsPart		parts[TLS_PARTS];

	if (target->stored == NULL)
		return;
	list_tls(target->stored, parts);
	for (size_t i = 0; i < TLS_PARTS; i++)
		if (parts[i].value != NULL && find_part(options, parts[i].keyword) == NULL)
			add_query(url, parts[i].keyword, parts[i].value);
}

/*
 * A URI of a target that is none. Host and port are parameters: so any of them
 * is possible, a socket's folder and lists too.
 */
static char *
make_url(const SlipwayTarget *target, const PQconninfoOption *options)
{
	bool		is_string = options != NULL;
	const Part	parts[] = {
		{"user", is_string ? find_part(options, "user") : target->user},
		{"password", target->password != NULL ? target->password : find_part(options, "password")},
		{"dbname", is_string ? find_part(options, "dbname") : target->conninfo},
		{"host", is_string ? find_part(options, "host") : target->host},
		{"port", is_string ? find_part(options, "port") : target->port},
	};
	bool		plain = parts[3].value != NULL && strpbrk(parts[3].value, "/,@%") == NULL;
	char	   *server_options = make_options(target);
	SlipwayBuffer url = {.is_secret = true};

	slipway_buffer_add(&url, "postgresql://");
	for (int i = 0; i < 2; i++)
		if (parts[i].value != NULL)
		{
			slipway_buffer_add(&url, i == 0 ? "" : ":");
			slipway_conninfo_add(&url, SLIPWAY_CONNINFO_PERCENT, parts[i].value);
		}
	if (parts[0].value != NULL || parts[1].value != NULL)
		slipway_buffer_add_char(&url, '@');
	if (plain)
	{
		slipway_buffer_add(&url, strchr(parts[3].value, ':') != NULL ? "[" : "");
		slipway_buffer_add(&url, parts[3].value);
		slipway_buffer_add(&url, strchr(parts[3].value, ':') != NULL ? "]" : "");
		slipway_buffer_add(&url, parts[4].value != NULL ? ":" : "");
		slipway_buffer_add(&url, parts[4].value != NULL ? parts[4].value : "");
	}
	slipway_buffer_add_char(&url, '/');
	if (parts[2].value != NULL)
		slipway_conninfo_add(&url, SLIPWAY_CONNINFO_PERCENT, parts[2].value);
	for (int i = 3; i < 5 && !plain; i++)
		if (parts[i].value != NULL)
			add_query(&url, parts[i].keyword, parts[i].value);
	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		bool		known = strcmp(option->keyword, "options") == 0;

		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
			known = known || strcmp(option->keyword, parts[i].keyword) == 0;
		if (!known && option->val != NULL && *option->val != '\0')
			add_query(&url, option->keyword, option->val);
	}
	add_tls(&url, target, options);
	if (*server_options != '\0')
		add_query(&url, "options", server_options);
	free(server_options);
	return slipway_buffer_take(&url);
}

/* As it was given, with the search_path that was taken out of it. */
static char *
repeat_url(const SlipwayTarget *target, const PQconninfoOption *options)
{
	SlipwayBuffer url = {.is_secret = true};

	slipway_buffer_add(&url, target->conninfo);
	add_tls(&url, target, options);
	if (target->search_path != NULL)
		add_query(&url, "search_path", target->search_path);
	return slipway_buffer_take(&url);
}

static void
set_known(const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		set_variable(name, value);
}

/* libpq's variables, each of which it knows the keyword of. */
static void
set_parts(const SlipwayTarget *target, const PQconninfoOption *options)
{
	char	   *server_options = make_options(target);

	for (const PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (option->envvar != NULL)
			set_known(option->envvar, option->val);
	if (options == NULL)
		set_known("PGDATABASE", target->conninfo);
	set_known("PGHOST", target->host);
	set_known("PGPORT", target->port);
	set_known("PGUSER", target->user);
	set_known("PGPASSWORD", target->password);
	set_known("PGOPTIONS", server_options);
	free(server_options);
}

/* What a file of settings would have had, and the certificates, which have to stay open. */
static void
set_stored(const SlipwayTarget *target, const PQconninfoOption *options, const char *url)
{
	static const struct
	{
		const char *name;
		const char *variable;	/* of libpq, which is set */
	}			settings[] = {
		{"DB_HOST", "PGHOST"}, {"DB_PORT", "PGPORT"}, {"DB_NAME", "PGDATABASE"}, {"DB_USERNAME", "PGUSER"},
		{"DB_USER", "PGUSER"}, {"DB_PASSWORD", "PGPASSWORD"}, {"DB_SSLMODE", "PGSSLMODE"},
	};
	const SlipwayStoredConnection *stored = target->stored;
	TlsPart		parts[TLS_PARTS];

	list_tls(stored, parts);
	for (size_t i = 0; i < TLS_PARTS; i++)
		if (find_part(options, parts[i].keyword) == NULL)
			set_known(parts[i].variable, parts[i].value);
	slipway_memory_file_hand_on(&stored->root);
	slipway_memory_file_hand_on(&stored->certificate);
	slipway_memory_file_hand_on(&stored->key);
	/* what the environment had of them is of another connection */
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
	{
		(void) unsetenv(settings[i].name);
		set_known(settings[i].name, getenv(settings[i].variable));
	}
	set_variable("DB_CONN_STRING", url);
}

void
slipway_application_set(const SlipwayTarget *target)
{
	bool		is_string = target->conninfo != NULL && slipway_conninfo_is_string(target->conninfo);
	PQconninfoOption *options = is_string ? PQconninfoParse(target->conninfo, NULL) : NULL;
	char	   *url;

	/* it was found to be one before */
	if (is_string && options == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
	url = is_string && slipway_conninfo_is_uri(target->conninfo)
		? repeat_url(target, options) : make_url(target, options);
	set_parts(target, options);
	set_variable("DATABASE_URL", url);
	if (target->stored != NULL)
		set_stored(target, options, url);
	slipway_memory_wipe(url);
	slipway_conninfo_free(options);
}
