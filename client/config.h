/*
 * config.h
 *	  slipway.conf: named environments, each with its connections and with
 *	  defaults of options.
 *
 * An INI file: sections in brackets, "key = value", whole lines of comments
 * behind "#" or ";". ${NAME} in a value is an environment variable, $${NAME}
 * is not. In a connection string it is one value whatever it holds: in role,
 * password and parameters of a URI it is percent-encoded, in a keyword string
 * quoted. A library for INI files is not used: the usual one cuts lines at
 * 200 bytes without a word, which URLs reach, and takes " ;" in a password
 * for a comment.
 */
#ifndef SLIPWAY_CONFIG_H
#define SLIPWAY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "option.h"

#define SLIPWAY_CONFIG_FILE "slipway.conf"

typedef enum SlipwayConfigKey
{
	SLIPWAY_CONFIG_URL,
	SLIPWAY_CONFIG_APP_URL,
	SLIPWAY_CONFIG_SEARCH_PATH,
	SLIPWAY_CONFIG_REHEARSE,
	SLIPWAY_CONFIG_COUNT
} SlipwayConfigKey;

/* A section. */
typedef struct SlipwayEnvironment SlipwayEnvironment;

/* Name of a key; that of an option as a key, with underscores, which the caller frees. */
const char *slipway_config_key_name(SlipwayConfigKey key);
char	   *slipway_config_spell(const char *name);

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
 * section has none. A variable that is not set, and a value that is none of the key's, ends
 * the program with SLIPWAY_EXIT_USAGE. Warns of a password in the file that others may read.
 */
char	   *slipway_config_value(const SlipwayEnvironment *environment, SlipwayConfigKey key);

/*
 * The same where what the process environment lacks is looked up elsewhere: the value of a name, which stays
 * the other's, or NULL.
 */
typedef const char *(*SlipwayConfigLookup) (void *context, const char *name);

char	   *slipway_config_value_with(const SlipwayEnvironment *environment, SlipwayConfigKey key,
									  SlipwayConfigLookup lookup, void *context);

/* "slipway.conf:12", or NULL when the section has none; the caller frees it. */
char	   *slipway_config_place(const SlipwayEnvironment *environment, SlipwayConfigKey key);

/* Calls a function with the name of each variable in a value. */
void		slipway_config_each_variable(const SlipwayEnvironment *environment, SlipwayConfigKey key,
										 void (*function) (void *context, const char *name),
										 void *context);

/*
 * The defaults of options in the section, by number in the order of the file: which option; its value with variables
 * filled in, as above, which also has to be a good one; its place as above. A folder, and the file of
 * "secrets = file:PATH", is relative to that of the file.
 */
size_t		slipway_config_default_count(const SlipwayEnvironment *environment);
SlipwayOptionId slipway_config_default_option(const SlipwayEnvironment *environment, size_t number);
char	   *slipway_config_default_value(const SlipwayEnvironment *environment, size_t number);
char	   *slipway_config_default_place(const SlipwayEnvironment *environment, size_t number);

/* Does a URL hold a password, in a file that others may read? */
bool		slipway_config_exposes_password(const SlipwayEnvironment *environment,
											SlipwayConfigKey key);

#endif
