/*
 * script_reader.h
 *	  Reads scripts of any size in parts, so that memory does not grow with
 *	  them.
 */
#ifndef SLIPWAY_SCRIPT_READER_H
#define SLIPWAY_SCRIPT_READER_H

#include <stdbool.h>
#include <stddef.h>

/* The largest part, in bytes. That of the fuzzer is small. */
#ifndef SLIPWAY_PART_SIZE
#define SLIPWAY_PART_SIZE ((size_t) 256 * 1024)
#endif

/* Work that goes on beside the reading; called from time to time. */
typedef void (*SlipwayScriptReaderIdle) (void);

/* One for many files, one after the other; starts as {0}. */
typedef struct SlipwayScriptReader
{
	SlipwayScriptReaderIdle idle;	/* called between parts; may be NULL */
	const char *path;
	char	   *buffer;			/* kept from file to file */
	int			fd;
	size_t		before;			/* bytes of the file in earlier parts */
	size_t		taken;			/* bytes of the buffer in the last part */
	size_t		filled;			/* bytes in it */
	bool		at_end;			/* the last part was that of the file */
} SlipwayScriptReader;

/*
 * Opens a file; the path must outlive its reading. These functions end the
 * program with SLIPWAY_EXIT_ERROR if the file cannot be read, and with
 * SLIPWAY_EXIT_INVALID for text that PostgreSQL could not store.
 */
void		slipway_script_reader_open(SlipwayScriptReader *reader, const char *path);

/*
 * The next part of it in its normal form, valid until the next call; after
 * the last one reader->at_end is true. The last part may be empty.
 */
const char *slipway_script_reader_next(SlipwayScriptReader *reader, size_t *length);

void		slipway_script_reader_close(SlipwayScriptReader *reader);

/* Frees what is kept from file to file. */
void		slipway_script_reader_release(SlipwayScriptReader *reader);

#endif
