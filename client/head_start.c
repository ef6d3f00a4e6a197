/*
 * head_start.c
 *	  Whether a connection may be begun before it is needed.
 */
#include "head_start.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conninfo.h"
#include "memory.h"

/* What speaks against it, also when it is empty: libpq complains of some of that. */
static const struct
{
	const char *keyword;
	const char *variable;
}			obstacles[] = {
	{"connect_timeout", "PGCONNECT_TIMEOUT"},
	/* its file may say any of these */
	{"service", "PGSERVICE"},
	/* OpenSSL asks for the password of a key */
	{"sslcert", "PGSSLCERT"},
	{"sslkey", "PGSSLKEY"},
	/* people are shown where to log in */
	{"oauth_issuer", NULL},
};

/* The value of a keyword of the string, or NULL. */
static const char *
find_value(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val;
	return NULL;
}

static bool
has_obstacle(const PQconninfoOption *options)
{
	for (size_t i = 0; i < sizeof(obstacles) / sizeof(obstacles[0]); i++)
		if ((obstacles[i].variable != NULL && getenv(obstacles[i].variable) != NULL) ||
			find_value(options, obstacles[i].keyword) != NULL)
			return true;
	return false;
}

/* Will libpq take a passfile as it is, without a warning? */
static bool
is_good_passfile(const char *path)
{
	struct stat status;

	return stat(path, &status) != 0 ||
		(S_ISREG(status.st_mode) && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0);
}

/* The same for those of the home, and there is no certificate whose key may be locked. */
static bool
is_good_home(const char *home, bool needs_passfile)
{
	char	   *passfile = slipway_memory_format("%s/.pgpass", home);
	char	   *certificate = slipway_memory_format("%s/.postgresql/postgresql.crt", home);
	bool		good = (!needs_passfile || is_good_passfile(passfile)) &&
		access(certificate, F_OK) != 0;

	free(passfile);
	free(certificate);
	return good;
}

bool
slipway_head_start_is_safe(const SlipwayTarget *target)
{
	const char *given = target->conninfo;
	bool		is_string = given != NULL && slipway_conninfo_is_string(given);
	PQconninfoOption *options = is_string ? PQconninfoParse(given, NULL) : NULL;
	const char *passfile = find_value(options, "passfile");
	const char *home = getenv("HOME");
	bool		safe;

	if (passfile == NULL)
		passfile = getenv("PGPASSFILE");
	if (passfile != NULL && *passfile == '\0')
		passfile = NULL;
	/* without HOME libpq asks the system for it, which is not repeated here */
	safe = (options != NULL || !is_string) && !has_obstacle(options) && home != NULL && *home != '\0' &&
		(passfile == NULL || is_good_passfile(passfile)) &&
		is_good_home(home, passfile == NULL);
	slipway_conninfo_free(options);
	return safe;
}
