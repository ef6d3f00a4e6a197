/*
 * folder.h
 *	  The native folder: NAME.sql, or NAME.up.sql, each with NAME.down.sql and
 *	  NAME.verify.sql at will; before_migrate.sql and the like are hooks.
 */
#ifndef SLIPWAY_FOLDER_H
#define SLIPWAY_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "script_file.h"

/* In the order of a manifest; what is repeatable is known once the scripts were hashed. */
typedef enum SlipwayKind
{
	SLIPWAY_HOOK,
	SLIPWAY_REPEATABLE,
	SLIPWAY_VERSIONED
} SlipwayKind;

/* The scripts of a migration. */
typedef enum SlipwayScriptPart
{
	SLIPWAY_PART_UP,
	SLIPWAY_PART_DOWN,
	SLIPWAY_PART_VERIFY
} SlipwayScriptPart;

typedef struct SlipwayMigration
{
	SlipwayKind kind;
	char	   *name;
	SlipwayScriptFile up;
	SlipwayScriptFile down;		/* path is NULL when there is none */
	SlipwayScriptFile verify;
} SlipwayMigration;

typedef struct SlipwayFolder
{
	char	   *path;
	SlipwayMigration *migrations;	/* by name, in byte order */
	size_t		count;
} SlipwayFolder;

/*
 * Where the folder is: the value of --dir unless NULL, else MIGRATIONS_PATH,
 * else "./migrations".
 */
const char *slipway_folder_locate(const char *option);

/* Is MIGRATIONS_PATH set? */
bool		slipway_folder_is_set(void);

/*
 * Lists a folder; reads no script. Says what it leaves out (see skipped.h).
 * Symbolic links are followed. Ends the program with SLIPWAY_EXIT_USAGE when
 * it is no folder, may not be listed or has a bad .slipwayignore,
 * SLIPWAY_EXIT_ERROR when something in it cannot be a script file, and
 * SLIPWAY_EXIT_INVALID for duplicate or invalid names and for a down or
 * verify script without its up. slipway_folder_free() releases the result.
 */
SlipwayFolder *slipway_folder_read(const char *path);
void		slipway_folder_free(SlipwayFolder *folder);

/*
 * Path of a migration's script, for people, whether or not the folder is
 * there: of the up script the file that exists, else NAME.sql. The caller frees it.
 */
char	   *slipway_folder_guess_path(const char *folder, const char *name, SlipwayScriptPart part);

/* "up", "down" or "verify". */
const char *slipway_folder_part_name(SlipwayScriptPart part);

/* The migration of that name, or NULL. */
SlipwayMigration *slipway_folder_find(const SlipwayFolder *folder, const char *name);

/* Ends the program with SLIPWAY_EXIT_USAGE unless the folder has the migration of --to. */
void		slipway_folder_require(const SlipwayFolder *folder, const char *name);

#endif
