/*
 * config.h
 *	  slipway.conf: named environments, each with its connections, folder,
 *	  project and order, and whether it may be rehearsed on.
 *
 * An INI file: sections in brackets, "key = value", whole lines of comments
 * behind "#" or ";". ${NAME} in a value is an environment variable, $${NAME}
 * is not. A library for INI files is not used: the usual one cuts lines at
 * 200 bytes without a word, which URLs reach, and takes " ;" in a password
 * for a comment.
 */
#ifndef SLIPWAY_CONFIG_H
#define SLIPWAY_CONFIG_H

#include <stdbool.h>

#define SLIPWAY_CONFIG_FILE "slipway.conf"

typedef enum SlipwayConfigKey
{
	SLIPWAY_CONFIG_URL,
	SLIPWAY_CONFIG_APP_URL,
	SLIPWAY_CONFIG_DIR,
	SLIPWAY_CONFIG_PROJECT,
	SLIPWAY_CONFIG_ORDER,
	SLIPWAY_CONFIG_REHEARSE,
	SLIPWAY_CONFIG_SNAPSHOT,
	SLIPWAY_CONFIG_IGNORE,
	SLIPWAY_CONFIG_COUNT
} SlipwayConfigKey;

/* A section. */
typedef struct SlipwayEnvironment SlipwayEnvironment;

/*
 * Reads a file and returns the section of that name; with NULL for a name it
 * only checks the file, and returns NULL. A file that cannot be read, a
 * malformed line, an unknown key or section ends the program with
 * SLIPWAY_EXIT_USAGE.
 */
SlipwayEnvironment *slipway_config_read(const char *path, const char *name);
void		slipway_config_free(SlipwayEnvironment *environment);

/* "section [prod] of slipway.conf" */
const char *slipway_config_source(const SlipwayEnvironment *environment);

/*
 * A value with variables filled in, which the caller frees, or NULL when the
 * section has none. A variable that is not set ends the program with
 * SLIPWAY_EXIT_USAGE. A folder is relative to that of the file. Warns of a
 * password in the file that others may read.
 */
char	   *slipway_config_value(const SlipwayEnvironment *environment, SlipwayConfigKey key);

/* Does a URL hold a password, in a file that others may read? */
bool		slipway_config_exposes_password(const SlipwayEnvironment *environment,
											SlipwayConfigKey key);

#endif
