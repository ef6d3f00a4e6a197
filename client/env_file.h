/*
 * env_file.h
 *	  A file of settings, a .env, on disk: read, changed in one moment, kept a copy of.
 *
 * What fails ends the program; no message shows a value.
 */
#ifndef SLIPWAY_ENV_FILE_H
#define SLIPWAY_ENV_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "dotenv.h"
#include "secret_buffer.h"

typedef struct SlipwayEnvFile
{
	char	   *name;			/* as it was given */
	char	   *path;			/* where it really is, without symbolic links */
	struct stat status;
	SlipwaySecretBuffer text;
	SlipwayDotenv *dotenv;
} SlipwayEnvFile;

/*
 * Keeps others who change files of settings in the folder of this one from doing so, until the program ends. If
 * somebody does that now, the program ends with SLIPWAY_EXIT_LOCKED.
 */
void		slipway_env_file_lock(const char *name);

/*
 * Reads a regular file; SLIPWAY_EXIT_USAGE if it cannot be read or makes no sense. With optional returns
 * false if there is none.
 */
bool		slipway_env_file_read(const char *name, bool optional, SlipwayEnvFile *file);

/* The same without taking it apart: it need not make sense, and dotenv is NULL. */
bool		slipway_env_file_load(const char *name, bool optional, SlipwayEnvFile *file);
void		slipway_env_file_release(SlipwayEnvFile *file);

/* Can it be replaced, by one of the same owner? SLIPWAY_EXIT_USAGE if not. */
void		slipway_env_file_check(const SlipwayEnvFile *file);

/*
 * Writes other content in its place, with its mode and owner. Readers see what was there before, or all of the new, and it is
 * on disk when this returns. What an interruption leaves is slipway_env_file_draft(), which the caller frees.
 */
void		slipway_env_file_replace(const SlipwayEnvFile *file, const char *bytes, size_t length);
char	   *slipway_env_file_draft(const char *path);

/* Writes a file of that name in one moment, of the same owner, who alone can read it. */
void		slipway_env_file_write_beside(const SlipwayEnvFile *file, const char *name, const char *bytes, size_t length);

/* Writes its content into a new file of this name, of the same owner, who alone can read it. It is on disk then. */
void		slipway_env_file_copy(const SlipwayEnvFile *file, const char *name);

/* Removes a file, if it is there, for good. */
void		slipway_env_file_remove(const char *name);

/* "FILE.backup-20260131T120000Z" for now, and the newest such of a file, or NULL. The caller frees both. */
char	   *slipway_env_file_backup_name(const char *path);
char	   *slipway_env_file_newest_backup(const char *path);

#endif
