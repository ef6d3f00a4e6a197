/*
 * env_file.c
 *	  A file of settings, a .env, on disk.
 */
#include "env_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "whole_file.h"

#define MAX_LENGTH (1024 * 1024)
#define BACKUP ".backup-"
#define DRAFT ".slipway-new"

static _Noreturn void
die_unlocked(const char *folder, int error)
{
	if (error == EWOULDBLOCK)
		slipway_die(SLIPWAY_EXIT_LOCKED, "Wait until it has ended.", "another slipway changes settings in folder \"%s\"", folder);
	slipway_die(SLIPWAY_EXIT_ERROR, "Not every file system has locks.", "could not lock folder \"%s\": %s", folder, strerror(error));
}

/* The folder, because files are replaced: a lock on one would be that of another soon. */
void
slipway_env_file_lock(const char *name)
{
	char	   *path = slipway_whole_file_resolve(name);
	char	   *folder = slipway_whole_file_folder(path);
	int			file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (file < 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not open folder \"%s\": %s", folder, strerror(errno));
	else if (flock(file, LOCK_EX | LOCK_NB) != 0)
		die_unlocked(folder, errno);
	free(folder);
	free(path);
}

static _Noreturn void
die_unreadable(const char *name, int error)
{
	slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", name, strerror(error));
}

static void
parse(SlipwayEnvFile *file)
{
	size_t		line;
	const char *reason;

	file->dotenv = slipway_dotenv_parse(file->text.data, file->text.length, &line, &reason);
	if (file->dotenv == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "A line is NAME=VALUE, NAME='VALUE' or NAME=\"VALUE\".",
					"%s:%zu: %s", file->name, line, reason);
}

bool
slipway_env_file_load(const char *name, bool optional, SlipwayEnvFile *file)
{
	/* what is no file, as a pipe, must not be waited for */
	int			descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int			error;

	*file = (SlipwayEnvFile) {0};
	if (descriptor < 0 && errno == ENOENT && optional)
		return false;
	if (descriptor < 0 || fstat(descriptor, &file->status) != 0)
		die_unreadable(name, errno);
	if (!S_ISREG(file->status.st_mode))
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is not a regular file", name);
	error = slipway_secret_buffer_read(&file->text, descriptor, MAX_LENGTH);
	(void) close(descriptor);
	if (error != 0)
		die_unreadable(name, error);
	if (file->text.length > MAX_LENGTH)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "\"%s\" is too long for a file of settings", name);
	slipway_secret_buffer_add(&file->text, "");
	file->name = slipway_memory_copy(name);
	file->path = slipway_whole_file_resolve(name);
	return true;
}

bool
slipway_env_file_read(const char *name, bool optional, SlipwayEnvFile *file)
{
	if (!slipway_env_file_load(name, optional, file))
		return false;
	parse(file);
	return true;
}

void
slipway_env_file_release(SlipwayEnvFile *file)
{
	free(file->name);
	free(file->path);
	slipway_secret_buffer_release(&file->text);
	slipway_dotenv_free(file->dotenv);
	*file = (SlipwayEnvFile) {0};
}

void
slipway_env_file_check(const SlipwayEnvFile *file)
{
	char	   *folder = slipway_whole_file_folder(file->path);

	if (access(folder, W_OK | X_OK) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is replaced by a new file, which needs the right to write into its folder.",
					"could not write \"%s\": %s", file->name, strerror(errno));
	if (file->status.st_uid != geteuid() && geteuid() != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "Run this as that user.", "\"%s\" belongs to another user", file->name);
	if (file->status.st_nlink > 1)
		slipway_die(SLIPWAY_EXIT_USAGE, "The other names would keep the old content.",
					"\"%s\" has several names (hard links)", file->name);
	free(folder);
}

static void
remove_name(void *name)
{
	(void) unlink(name);
}

/* Closes it too. */
static bool
fill_new(int file, const SlipwayEnvFile *like, mode_t mode, const char *bytes, size_t length)
{
	/* a member of the owner's group may not be able to keep another group; then nobody of it gets in */
	bool		owned = fchown(file, like->status.st_uid, like->status.st_gid) == 0;

	if (!owned)
		mode &= (mode_t) ~0070;
	return (owned || like->status.st_uid == geteuid()) && slipway_whole_file_put(file, bytes, length) &&
		fchmod(file, mode) == 0 && fsync(file) == 0 && close(file) == 0;
}

/* A new file of the same owner, written to disk; it goes again if that fails. */
static void
write_new(const SlipwayEnvFile *like, char *name, mode_t mode, const char *bytes, size_t length)
{
	int			file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (file >= 0)
		slipway_die_push(remove_name, name);
	if (file < 0 || !fill_new(file, like, mode, bytes, length))
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", name, strerror(errno));
	slipway_die_pop();
}

char *
slipway_env_file_draft(const char *path)
{
	return slipway_memory_format("%s" DRAFT, path);
}

static void
replace(const SlipwayEnvFile *like, const char *name, mode_t mode, const char *bytes, size_t length)
{
	char	   *draft = slipway_env_file_draft(name);

	(void) unlink(draft);
	write_new(like, draft, mode, bytes, length);
	if (rename(draft, name) != 0)
	{
		int			error = errno;

		(void) unlink(draft);
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write \"%s\": %s", name, strerror(error));
	}
	slipway_whole_file_sync_folder(name);
	free(draft);
}

void
slipway_env_file_replace(const SlipwayEnvFile *file, const char *bytes, size_t length)
{
	replace(file, file->path, file->status.st_mode & 07777, bytes, length);
}

void
slipway_env_file_write_beside(const SlipwayEnvFile *file, const char *name, const char *bytes, size_t length)
{
	replace(file, name, 0600, bytes, length);
}

void
slipway_env_file_copy(const SlipwayEnvFile *file, const char *name)
{
	char	   *copy = slipway_memory_copy(name);

	write_new(file, copy, 0600, file->text.data, file->text.length);
	slipway_whole_file_sync_folder(name);
	free(copy);
}

void
slipway_env_file_remove(const char *name)
{
	if (unlink(name) != 0 && errno != ENOENT)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not remove \"%s\": %s", name, strerror(errno));
	slipway_whole_file_sync_folder(name);
}

char *
slipway_env_file_backup_name(const char *path)
{
	time_t		now = time(NULL);
	struct tm	broken_down;
	char		text[32];

	(void) gmtime_r(&now, &broken_down);
	(void) strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &broken_down);
	return slipway_memory_format("%s" BACKUP "%s", path, text);
}

/* "20260131T120000Z" */
static bool
is_stamp(const char *text)
{
	static const char form[] = "00000000T000000Z";

	for (size_t i = 0; i < sizeof(form); i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	return true;
}

char *
slipway_env_file_newest_backup(const char *path)
{
	char	   *folder = slipway_whole_file_folder(path);
	const char *slash = strrchr(path, '/');
	char	   *start = slipway_memory_format("%s" BACKUP, slash != NULL ? slash + 1 : path);
	char	   *newest = NULL;
	DIR		   *stream = opendir(folder);

	/* readdir_r() is deprecated, and there is one thread */
	/* cppcheck-suppress readdirCalled */
	for (struct dirent *item; stream != NULL && (item = readdir(stream)) != NULL;)
	{
		if (strncmp(item->d_name, start, strlen(start)) != 0 || !is_stamp(item->d_name + strlen(start)) ||
			(newest != NULL && strcmp(item->d_name, newest) < 0))
			continue;
		free(newest);
		newest = slipway_memory_copy(item->d_name);
	}
	if (stream != NULL)
		(void) closedir(stream);
	if (newest != NULL)
	{
		char	   *whole = slipway_memory_format("%s/%s", folder, newest);

		free(newest);
		newest = whole;
	}
	free(start);
	free(folder);
	return newest;
}
