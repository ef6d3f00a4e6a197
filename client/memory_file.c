/*
 * memory_file.c
 *	  Files that are on no disk.
 *
 * They have no name in any folder; the path is that of the descriptor, which /proc has for
 * every process. Whoever may open that is who may read the memory of this process anyway.
 */
#include "memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"

static _Noreturn void
die_of_file(const char *name, int error)
{
	slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not keep %s in memory: %s", name, strerror(error));
}

static void
write_bytes(int descriptor, const char *name, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t		written = write(descriptor, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			die_of_file(name, errno);
		bytes += written;
		length -= (size_t) written;
	}
}

SlipwayMemoryFile
slipway_memory_file_new(const char *name, const void *bytes, size_t length)
{
	int			descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	SlipwayMemoryFile file = {.descriptor = descriptor};

	/* libpq refuses a key that others may read */
	if (descriptor < 0 || fchmod(descriptor, S_IRUSR | S_IWUSR) != 0)
		die_of_file(name, errno);
	write_bytes(descriptor, name, bytes, length);
	if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		die_of_file(name, errno);
	file.path = slipway_memory_format("/proc/self/fd/%d", descriptor);
	if (access(file.path, R_OK) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Is /proc there?", "could not keep %s in memory: %s: %s", name,
					file.path, strerror(errno));
	return file;
}

bool
slipway_memory_file_is_same(const SlipwayMemoryFile *a, const SlipwayMemoryFile *b)
{
	char		one[4096];
	char		other[sizeof(one)];
	off_t		offset = 0;
	bool		same = true;
	ssize_t		got;

	if (a->path == NULL || b->path == NULL)
		return a->path == b->path;
	do
	{
		got = pread(a->descriptor, one, sizeof(one), offset);
		same = pread(b->descriptor, other, sizeof(other), offset) == got && (got <= 0 || memcmp(one, other, (size_t) got) == 0);
		offset += got;
	} while (same && got > 0);
	explicit_bzero(one, sizeof(one));
	explicit_bzero(other, sizeof(other));
	return same;
}

void
slipway_memory_file_hand_on(const SlipwayMemoryFile *file)
{
	if (file->path != NULL && fcntl(file->descriptor, F_SETFD, 0) != 0)
		die_of_file(file->path, errno);
}

void
slipway_memory_file_close(SlipwayMemoryFile *file)
{
	if (file->path == NULL)
		return;
	(void) close(file->descriptor);
	free(file->path);
	*file = (SlipwayMemoryFile) {.path = NULL};
}
