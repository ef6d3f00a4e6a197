/*
 * credential_terms.c
 *	  How credentials of projects are to be made.
 */
#include "credential_terms.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "connection.h"
#include "die.h"
#include "http.h"
#include "memory.h"
#include "pooler.h"
#include "server.h"
#include "target.h"

#define DEFAULT_HEALTH_TIMEOUT 10000.0

/* What one of our own letters stands for, of %p and %P; 0 where there is none. */
static char
read_letter(const char *text)
{
	return text[0] == '%' && (text[1] == 'p' || text[1] == 'P') ? text[1] : '\0';
}

/* Where the project is in a prefix; NULL: nowhere. */
static const char *
find_letter(const char *prefix)
{
	for (; *prefix != '\0'; prefix++)
		if (read_letter(prefix) != '\0')
			return prefix;
	return NULL;
}

/* A prefix that says nothing of projects is in front of theirs. */
static char *
read_prefix(const SlipwayArguments *arguments)
{
	const char *given = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);

	if (given == NULL)
		given = "";
	return find_letter(given) != NULL ? slipway_memory_copy(given) : slipway_memory_format("%s%%P_", given);
}

static void
check_options(const SlipwayArguments *arguments)
{
	const SlipwayOptionList *urls = &arguments->lists[SLIPWAY_OPTION_HEALTH_URL];
	const char *owned = slipway_option_text(arguments, SLIPWAY_OPTION_OWNED);
	bool		reassigns = owned != NULL && strcmp(owned, "reassign") == 0;

	for (size_t i = 0; i < urls->count; i++)
		if (!slipway_http_is_url(urls->values[i]))
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "--health-url takes a URL of http or https, not \"%s\"", urls->values[i]);
	if (reassigns != (slipway_option_text(arguments, SLIPWAY_OPTION_HEIR) != NULL))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "options \"--owned reassign\" and \"--heir\" need each other");
}

static SlipwaySecretStore *
open_store(const SlipwayArguments *arguments, bool needs_store)
{
	const char *where = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);
	SlipwaySecretStore *store;

	if (where == NULL && !needs_store)
		return NULL;
	if (where == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write --secrets barbican or --secrets file:PATH, or set SLIPWAY_SECRETS.",
					"nothing says which store of secrets is to keep the passwords");
	slipway_secret_fault_check(slipway_secret_store_open(where, "", &store));
	if (!slipway_secret_store_has_sets(store))
		slipway_die(SLIPWAY_EXIT_USAGE, "It is barbican or file:PATH.", "a store of secrets \"%s\" cannot be written to", where);
	return store;
}

void
slipway_credential_terms_read(const SlipwayArguments *arguments, bool needs_store, SlipwayCredentialTerms *terms)
{
	check_options(arguments);
	*terms = (SlipwayCredentialTerms) {
		.prefix = read_prefix(arguments),
		.fallback_prefix = slipway_option_text(arguments, SLIPWAY_OPTION_FALLBACK_PREFIX),
		.adopt = slipway_option_flag(arguments, SLIPWAY_OPTION_ADOPT),
		.grace = slipway_option_duration(arguments, SLIPWAY_OPTION_GRACE, 0),
		.health_urls = &arguments->lists[SLIPWAY_OPTION_HEALTH_URL],
		.health_timeout = slipway_option_duration(arguments, SLIPWAY_OPTION_HEALTH_TIMEOUT, DEFAULT_HEALTH_TIMEOUT),
		.owned = slipway_option_text(arguments, SLIPWAY_OPTION_OWNED),
		.heir = slipway_option_text(arguments, SLIPWAY_OPTION_HEIR),
	};
	terms->store = open_store(arguments, needs_store);
}

void
slipway_credential_terms_release(SlipwayCredentialTerms *terms)
{
	slipway_secret_store_close(terms->store);
	free(terms->prefix);
	*terms = (SlipwayCredentialTerms) {.store = NULL};
}

/* For the connection the prefix is what is in front of the project. */
static SlipwayArguments
make_connection_arguments(const SlipwayArguments *arguments)
{
	SlipwayArguments result = *arguments;
	const char *prefix = slipway_option_text(arguments, SLIPWAY_OPTION_SECRET_PREFIX);
	const char *letter = prefix != NULL ? find_letter(prefix) : NULL;

	if (letter != NULL)
		/* as long as the program: the store that is opened with it is */
		result.values[SLIPWAY_OPTION_SECRET_PREFIX] = slipway_memory_copy_bytes(prefix, (size_t) (letter - prefix));
	return result;
}

/*
 * The lock of a project belongs to the session, and so does the claim to an item of a batch: behind a pooler that gives a
 * session to several they would be somebody else's.
 */
PGconn *
slipway_credential_connect(const SlipwayArguments *arguments)
{
	SlipwayArguments only = make_connection_arguments(arguments);
	PGconn	   *conn;

	slipway_pooler_set_policy(SLIPWAY_POOLER_REFUSE);
	conn = slipway_connection_open(&only);
	(void) slipway_server_greet(conn, NULL, 0, NULL);
	return conn;
}

PGconn *
slipway_credential_reconnect(const SlipwayArguments *arguments, char **fault)
{
	SlipwayArguments only = make_connection_arguments(arguments);
	SlipwayTarget target = {.source = NULL};
	SlipwaySecretFault *stored = slipway_target_ask(&only, false, &target);
	PGconn	   *conn = NULL;

	*fault = NULL;
	if (stored != NULL)
		*fault = slipway_memory_copy(stored->text);
	else
		conn = slipway_connection_attempt(&only, &target, fault);
	slipway_secret_fault_free(stored);
	slipway_target_release(&target);
	return conn;
}

/* Bytes that a variable of the environment cannot have become one _ a letter, however many bytes it has. */
static void
add_capitals(SlipwayBuffer *prefix, const char *project)
{
	for (const char *p = project; *p != '\0'; p++)
	{
		unsigned char c = (unsigned char) *p;

		if (c >= 'a' && c <= 'z')
			slipway_buffer_add_char(prefix, (char) (c - 'a' + 'A'));
		else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')
			slipway_buffer_add_char(prefix, (char) c);
		else if ((c & 0xC0) != 0x80)
			slipway_buffer_add_char(prefix, '_');
	}
}

char *
slipway_credential_terms_prefix(const SlipwayCredentialTerms *terms, const char *project)
{
	SlipwayBuffer prefix = {0};

	for (const char *p = terms->prefix; *p != '\0'; p++)
		switch (read_letter(p))
		{
			case 'p':
				slipway_buffer_add(&prefix, project);
				p++;
				break;
			case 'P':
				add_capitals(&prefix, project);
				p++;
				break;
			default:
				slipway_buffer_add_char(&prefix, *p);
				break;
		}
	return slipway_buffer_take(&prefix);
}

char *
slipway_credential_terms_url(const char *pattern, const char *project)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	SlipwayBuffer url = {0};

	for (const char *p = pattern; *p != '\0'; p++)
		if (p[0] == '%' && p[1] == 'p')
		{
			for (const char *letter = project; *letter != '\0'; letter++)
				if (strchr(plain, *letter) != NULL)
					slipway_buffer_add_char(&url, *letter);
				else
					slipway_buffer_format(&url, "%%%02X", (unsigned int) (unsigned char) *letter);
			p++;
		}
		else
			slipway_buffer_add_char(&url, *p);
	return slipway_buffer_take(&url);
}
