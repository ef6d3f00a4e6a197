/*
 * script_reader.c
 *	  Reads scripts in parts.
 *
 * A part ends where a character does, and not between CR and LF, so that each
 * can be checked and brought into its normal form by itself.
 */
#include "script_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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

void
slipway_script_reader_open(SlipwayScriptReader *reader, const char *path)
{
	if (reader->buffer == NULL)
		reader->buffer = slipway_memory_new(SLIPWAY_PART_SIZE);
	reader->path = path;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (reader->fd < 0)
		die_of_read(path);
	reader->before = reader->taken = reader->filled = 0;
	reader->at_end = false;
}

/* Fills the buffer up behind what is in it; sees the end of the file. */
static void
fill_buffer(SlipwayScriptReader *reader)
{
	while (!reader->at_end && reader->filled < SLIPWAY_PART_SIZE)
	{
		ssize_t		got = read(reader->fd, reader->buffer + reader->filled, SLIPWAY_PART_SIZE - reader->filled);

		if (got < 0 && errno != EINTR)
			die_of_read(reader->path);
		if (got > 0)
			reader->filled += (size_t) got;
		reader->at_end = got == 0;
	}
	if (reader->before + reader->filled > MAX_SCRIPT)
		slipway_die(SLIPWAY_EXIT_INVALID, "Split it into several migrations.",
					"\"%s\" is larger than 1 GB", reader->path);
}

/* How much of a full buffer ends where a character and a line end do; 0 if there is no such place. */
static size_t
find_border(const char *bytes, size_t length)
{
	size_t		border = length;

	/* a character has at most three bytes that continue it */
	while (border > 0 && length - border < 3 && ((unsigned char) bytes[border - 1] & 0xc0) == 0x80)
		border--;
	if (border > 0 && (unsigned char) bytes[border - 1] >= 0xc0)
		border--;
	else
		border = length;
	while (border > 0 && bytes[border - 1] == '\r')
		border--;
	return border;
}

/* Counts lines and columns from the beginning of the file, which is rare. */
static void
locate(const char *path, size_t offset, int *line, int *column)
{
	char	   *text = slipway_memory_new(offset + 1);
	int			fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t		size = 0;

	while (fd >= 0 && size < offset)
	{
		ssize_t		got = read(fd, text + size, offset - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t) got;
	}
	if (fd >= 0)
		(void) close(fd);
	slipway_script_text_locate(text, size, line, column);
	free(text);
}

static void
check_part(const SlipwayScriptReader *reader, size_t length)
{
	size_t		offset;
	int			line,
				column;
	const char *bytes = reader->buffer;
	SlipwayTextFault fault = slipway_script_text_check(bytes, length, &offset);
	bool		utf16 = reader->before == 0 && length >= 2 &&
		(memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0);

	if (fault == SLIPWAY_TEXT_GOOD)
		return;
	offset += reader->before;
	locate(reader->path, offset, &line, &column);
	slipway_die(SLIPWAY_EXIT_INVALID,
				utf16 ? "It looks like UTF-16; save it as UTF-8." : "Scripts are UTF-8 text.",
				"%s:%d:%d: %s at byte offset %zu", reader->path, line, column,
				fault == SLIPWAY_TEXT_NUL ? "NUL byte" : "invalid UTF-8", offset);
}

const char *
slipway_script_reader_next(SlipwayScriptReader *reader, size_t *length)
{
	if (reader->taken > 0 && reader->idle != NULL)
		reader->idle();
	reader->before += reader->taken;
	reader->filled -= reader->taken;
	memmove(reader->buffer, reader->buffer + reader->taken, reader->filled);
	fill_buffer(reader);
	reader->taken = reader->at_end ? reader->filled : find_border(reader->buffer, reader->filled);
	/* whether they stay depends on what comes behind them */
	if (reader->taken == 0 && reader->filled > 0)
		slipway_die(SLIPWAY_EXIT_INVALID, "Scripts are UTF-8 text with lines.", "\"%s\" has more than %zu carriage returns in a row",
					reader->path, SLIPWAY_PART_SIZE);
	check_part(reader, reader->taken);
	*length = slipway_script_text_normalise(reader->buffer, reader->taken, reader->before == 0);
	return reader->buffer;
}

void
slipway_script_reader_close(SlipwayScriptReader *reader)
{
	(void) close(reader->fd);
	reader->fd = -1;
}

void
slipway_script_reader_release(SlipwayScriptReader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}
