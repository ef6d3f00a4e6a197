/*
 * line_reader.h
 *	  Lines of a file that configures the program.
 */
#ifndef SLIPWAY_LINE_READER_H
#define SLIPWAY_LINE_READER_H

#include <stdbool.h>
#include <stdio.h>

typedef struct SlipwayLineReader
{
	const char *path;			/* borrowed */
	int			number;			/* of the line that was read last, from 1 */
	FILE	   *file;
	char	   *buffer;
	size_t		size;
} SlipwayLineReader;

/* Opens a file; false and errno where that fails. */
bool		slipway_line_reader_open(SlipwayLineReader *reader, const char *path);
void		slipway_line_reader_close(SlipwayLineReader *reader);

/*
 * The next line without its end (LF or CRLF) and without a byte order mark,
 * valid until the next call; NULL at the end. The caller may write into it. A
 * file that cannot be read, or a line that is no UTF-8 text, ends the program
 * with SLIPWAY_EXIT_USAGE.
 */
char	   *slipway_line_reader_next(SlipwayLineReader *reader);

#endif
