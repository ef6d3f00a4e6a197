/*
 * whole_file.c
 *	  A file that is written whole or not at all.
 *
 * It is written under another name beside the one it gets, which has to be in
 * the same file system. A symbolic link stays one: its target is replaced.
 */
#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"

static _Noreturn void
die_unwritable(SlipwayExitCode code, const char *path, int error)
{
	slipway_die(code, NULL, "could not write \"%s\": %s", path, strerror(error));
}

char *
slipway_whole_file_resolve(const char *path)
{
	char	   *real = realpath(path, NULL);

	return real != NULL ? real : slipway_memory_copy(path);
}

char *
slipway_whole_file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return slipway_memory_copy(".");
	return slipway_memory_copy_bytes(path, slash == path ? 1 : (size_t) (slash - path));
}

/*
 * The kernel follows no such link, as a rule (fs.protected_symlinks), for who opens it. To replace the file that it leads to, this is
 * not asked.
 */
static void
refuse_trap(SlipwayExitCode code, const char *path)
{
	char	   *folder = slipway_whole_file_folder(path);
	struct stat link;
	struct stat around;

	if (lstat(path, &link) == 0 && S_ISLNK(link.st_mode) && stat(folder, &around) == 0 &&
		(around.st_mode & S_ISVTX) != 0 && (around.st_mode & S_IWOTH) != 0 &&
		link.st_uid != geteuid() && link.st_uid != around.st_uid)
		slipway_die(code, "Name another file, or remove the link.",
					"could not write \"%s\": it is a symbolic link of somebody else's, in a folder where everybody may write", path);
	free(folder);
}

void
slipway_whole_file_check(const char *path)
{
	char	   *real = slipway_whole_file_resolve(path);
	char	   *folder = slipway_whole_file_folder(real);
	struct stat status;

	refuse_trap(SLIPWAY_EXIT_USAGE, path);
	if (stat(real, &status) == 0 && S_ISDIR(status.st_mode))
		die_unwritable(SLIPWAY_EXIT_USAGE, path, EISDIR);
	if (stat(real, &status) == 0 && !S_ISREG(status.st_mode))
	{
		if (access(real, W_OK) != 0)
			die_unwritable(SLIPWAY_EXIT_USAGE, path, errno);
	}
	else if (stat(folder, &status) == 0 && !S_ISDIR(status.st_mode))
		die_unwritable(SLIPWAY_EXIT_USAGE, path, ENOTDIR);
	else if (access(folder, W_OK | X_OK) != 0)
		die_unwritable(SLIPWAY_EXIT_USAGE, path, errno);
	free(folder);
	free(real);
}

bool
slipway_whole_file_put(int file, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(file, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes += written;
		length -= (size_t) written;
	}
	return true;
}

void
slipway_whole_file_sync_folder(const char *path)
{
	char	   *folder = slipway_whole_file_folder(path);
	int			file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (file >= 0)
	{
		/* not every file system can; what is in the file is safe anyhow */
		(void) fsync(file);
		(void) close(file);
	}
	free(folder);
}

/* What the file may be read by: who could before, or whom the umask allows. */
static mode_t
choose_mode(const char *real)
{
	struct stat status;
	mode_t		mask;

	if (stat(real, &status) == 0)
		return status.st_mode & 07777;
	mask = umask(0);
	(void) umask(mask);
	return 0666 & ~mask;
}

static void
remove_file(void *name)
{
	(void) unlink(name);
}

static void
write_beside(const char *path, char *real, const char *bytes, size_t length)
{
	char	   *name = slipway_memory_format("%s.XXXXXX", real);
	int			file = mkstemp(name);

	if (file < 0)
		die_unwritable(SLIPWAY_EXIT_ERROR, path, errno);
	slipway_die_push(remove_file, name);
	if (!slipway_whole_file_put(file, bytes, length) || fchmod(file, choose_mode(real)) != 0 ||
		fsync(file) != 0 || close(file) != 0 || rename(name, real) != 0)
		die_unwritable(SLIPWAY_EXIT_ERROR, path, errno);
	slipway_die_pop();
	free(name);
}

/* A pipe, a terminal or the like cannot be replaced, and has no half-written state that stays. */
static void
write_into(const char *path, const char *bytes, size_t length)
{
	int			file = open(path, O_WRONLY | O_CLOEXEC);

	if (file < 0 || !slipway_whole_file_put(file, bytes, length) || close(file) != 0)
		die_unwritable(SLIPWAY_EXIT_ERROR, path, errno);
}

void
slipway_whole_file_write(const char *path, const char *bytes, size_t length)
{
	char	   *real = slipway_whole_file_resolve(path);
	struct stat status;

	refuse_trap(SLIPWAY_EXIT_ERROR, path);
	if (stat(real, &status) == 0 && !S_ISREG(status.st_mode))
		write_into(path, bytes, length);
	else
		write_beside(path, real, bytes, length);
	free(real);
}
