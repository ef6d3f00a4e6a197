/*
 * env_move.h
 *	  What of a file of settings, a .env, belongs into a store of secrets.
 */
#ifndef SLIPWAY_ENV_MOVE_H
#define SLIPWAY_ENV_MOVE_H

#include <stdbool.h>
#include <stddef.h>

#include "env_file.h"
#include "secret_store.h"

/* The settings of connections that a store may have. */
typedef enum SlipwayEnvSetting
{
	SLIPWAY_ENV_APP_STRING,		/* DB_CONN_STRING */
	SLIPWAY_ENV_URL,			/* DATABASE_URL */
	SLIPWAY_ENV_HOST,
	SLIPWAY_ENV_PORT,
	SLIPWAY_ENV_DATABASE,
	SLIPWAY_ENV_USERNAME,		/* DB_USERNAME */
	SLIPWAY_ENV_USER,			/* DB_USER */
	SLIPWAY_ENV_PASSWORD,
	SLIPWAY_ENV_ADMIN_STRING,	/* DB_ADMIN_CONN_STRING */
	SLIPWAY_ENV_ADMIN_USERNAME,
	SLIPWAY_ENV_ADMIN_USER,
	SLIPWAY_ENV_ADMIN_PASSWORD,
	SLIPWAY_ENV_SETTINGS
} SlipwayEnvSetting;

/* Which of two that disagree counts. */
typedef enum SlipwayEnvPreference
{
	SLIPWAY_ENV_PREFER_NEITHER,
	SLIPWAY_ENV_PREFER_URL,
	SLIPWAY_ENV_PREFER_PARAMETERS
} SlipwayEnvPreference;

/* Part of a connection in which its string and the single parameters disagree. */
typedef struct SlipwayEnvDifference
{
	const char *part;			/* "host" */
	const char *in_string;		/* NULL: it is the password */
	const char *in_parameters;
} SlipwayEnvDifference;

#define SLIPWAY_ENV_MAX_DIFFERENCES 8

typedef struct SlipwayEnvMove
{
	const SlipwayEnvFile *file;
	const char *prefix;
	const SlipwayDotenvEntry *found[SLIPWAY_ENV_SETTINGS];	/* the one that counts, or NULL */
	bool		is_stored[SLIPWAY_ENV_SETTINGS];
	SlipwayEnvDifference differences[SLIPWAY_ENV_MAX_DIFFERENCES];
	size_t		difference_count;
	const char *string_name;	/* that they are about, "DATABASE_URL" */
} SlipwayEnvMove;

/* Its name, as a store has it behind the prefix. */
const char *slipway_env_setting_name(SlipwayEnvSetting setting);

/*
 * Finds what is to be moved, names with the prefix being the same as those without it, and in what string and
 * parameters disagree. A value that cannot be told, is not UTF-8 or no connection string ends the program with
 * SLIPWAY_EXIT_USAGE.
 */
void		slipway_env_move_plan(const SlipwayEnvFile *file, const char *prefix, SlipwayEnvMove *move);
void		slipway_env_move_release(SlipwayEnvMove *move);

/* Settles what is stored where they disagree. */
void		slipway_env_move_settle(SlipwayEnvMove *move, SlipwayEnvPreference preference);

/* How much is there to take out of the file, and to store? */
size_t		slipway_env_move_count(const SlipwayEnvMove *move);

/* Does what is stored say all that a connection needs? Does it say something of the administrator's? */
bool		slipway_env_move_is_whole(const SlipwayEnvMove *move);
bool		slipway_env_move_has_admin(const SlipwayEnvMove *move);

/* Is the entry, or comment, one of those that leave the file? A SlipwayDotenvChoice, with the move. */
bool		slipway_env_move_leaves(void *move, const SlipwayDotenvEntry *entry);

/* Does an entry that stays look like a secret, by its name or by a password in a URL? */
bool		slipway_env_move_is_suspicious(const SlipwayEnvMove *move, const SlipwayDotenvEntry *entry);

/* The name of a setting whose password stands in what stays, too, as in a comment; or NULL. */
const char *slipway_env_move_left_behind(const SlipwayEnvMove *move);

#endif
