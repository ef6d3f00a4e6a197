/*
 * whole_file.h
 *	  A file that is written whole or not at all.
 */
#ifndef SLIPWAY_WHOLE_FILE_H
#define SLIPWAY_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Where a file really is, or will be, and the folder that it is in. The caller frees both. */
char	   *slipway_whole_file_resolve(const char *path);
char	   *slipway_whole_file_folder(const char *path);

/* Writes all of it to an open file; false, and errno says why. */
bool		slipway_whole_file_put(int file, const char *bytes, size_t length);

/* After a rename: a power failure must not bring the old name back. */
void		slipway_whole_file_sync_folder(const char *path);

/*
 * Can it be written, as far as that can be known before? Else the program
 * ends with SLIPWAY_EXIT_USAGE: before what is to be written about was done.
 */
void		slipway_whole_file_check(const char *path);

/*
 * Writes it: readers see what was there before, or all of the new. An error
 * ends the program with SLIPWAY_EXIT_ERROR, and what was there stays. What is
 * no regular file, as a pipe or a terminal, is written to as it is.
 */
void		slipway_whole_file_write(const char *path, const char *bytes, size_t length);

#endif
