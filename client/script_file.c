/*
 * script_file.c
 *	  One script on disk. Bodies are read once to be hashed and again to be
 *	  uploaded, because a folder may be larger than the memory.
 */
#include "script_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "script_text.h"

/* The longest text PostgreSQL stores, less its header. */
#define MAX_SCRIPT (0x3fffffff - 1024)

static _Noreturn void
die_of_read(const char *path)
{
	slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not read \"%s\": %s", path, strerror(errno));
}

static char *
read_bytes(const char *path, size_t *length)
{
	struct stat status;
	int			fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t		capacity;
	size_t		size = 0;
	char	   *bytes;

	if (fd < 0 || fstat(fd, &status) != 0)
		die_of_read(path);
	if (!S_ISREG(status.st_mode))
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "\"%s\" is not a file", path);
	if (status.st_size > MAX_SCRIPT)
		slipway_die(SLIPWAY_EXIT_INVALID, "Split it into several migrations.",
					"\"%s\" is larger than 1 GB", path);
	capacity = (size_t) status.st_size + 2;
	bytes = slipway_memory_new(capacity);
	for (;;)
	{
		/* one byte more than the size, to see the end without another round */
		ssize_t		got = read(fd, bytes + size, capacity - size - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			die_of_read(path);
		if (got == 0)
			break;
		size += (size_t) got;
		if (size + 1 == capacity)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "\"%s\" grew while it was read", path);
	}
	(void) close(fd);
	bytes[size] = '\0';
	*length = size;
	return bytes;
}

static void
check_text(const char *path, const char *bytes, size_t length)
{
	size_t		offset;
	int			line,
				column;
	SlipwayTextFault fault = slipway_script_text_check(bytes, length, &offset);
	bool		utf16 = length >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);

	if (fault == SLIPWAY_TEXT_GOOD)
		return;
	slipway_script_text_locate(bytes, offset, &line, &column);
	slipway_die(SLIPWAY_EXIT_INVALID,
				utf16 ? "It looks like UTF-16; save it as UTF-8." : "Scripts are UTF-8 text.",
				"%s:%d:%d: %s at byte offset %zu", path, line, column,
				fault == SLIPWAY_TEXT_NUL ? "NUL byte" : "invalid UTF-8", offset);
}

char *
slipway_script_file_read(const SlipwayScriptFile *file, size_t *length)
{
	char	   *text = read_bytes(file->path, length);

	check_text(file->path, text, *length);
	*length = slipway_script_text_normalise(text, *length);
	text[*length] = '\0';
	return text;
}

void
slipway_script_file_hash(SlipwayScriptFile *file)
{
	size_t		length;
	char	   *text = slipway_script_file_read(file, &length);

	slipway_hash_bytes(text, length, file->hash);
	free(text);
}

char *
slipway_script_file_read_again(const SlipwayScriptFile *file, size_t *length)
{
	char	   *text = slipway_script_file_read(file, length);
	char		hash[SLIPWAY_HASH_SIZE];

	slipway_hash_bytes(text, *length, hash);
	if (strcmp(hash, file->hash) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "Run it again.", "\"%s\" changed while it was read", file->path);
	return text;
}
