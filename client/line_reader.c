/*
 * line_reader.c
 *	  Lines of a file that configures the program.
 */
#include "line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "script_text.h"

bool
slipway_line_reader_open(SlipwayLineReader *reader, const char *path)
{
	*reader = (SlipwayLineReader) {.path = path,.file = fopen(path, "re")};
	return reader->file != NULL;
}

void
slipway_line_reader_close(SlipwayLineReader *reader)
{
	(void) fclose(reader->file);
	free(reader->buffer);
}

char *
slipway_line_reader_next(SlipwayLineReader *reader)
{
	ssize_t		got;
	size_t		length,
				offset;

	/* a directory is opened like a file and only fails here */
	errno = 0;
	got = getline(&reader->buffer, &reader->size, reader->file);
	if (got < 0 && errno != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not read \"%s\": %s", reader->path,
					strerror(errno));
	if (got < 0)
		return NULL;
	length = (size_t) got;
	reader->number++;
	if (slipway_script_text_check(reader->buffer, length, &offset) != SLIPWAY_TEXT_GOOD)
		slipway_die(SLIPWAY_EXIT_USAGE, "Save it as UTF-8 text.", "%s:%d: not UTF-8 text",
					reader->path, reader->number);
	if (length > 0 && reader->buffer[length - 1] == '\n')
		length--;
	if (length > 0 && reader->buffer[length - 1] == '\r')
		length--;
	reader->buffer[length] = '\0';
	return reader->number == 1 ? slipway_script_text_skip_mark(reader->buffer) : reader->buffer;
}
