/*
 * memory_file.h
 *	  Files that are on no disk: for libraries that want the path of a file with a secret in it.
 */
#ifndef SLIPWAY_MEMORY_FILE_H
#define SLIPWAY_MEMORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* All zeroes: there is none. */
typedef struct SlipwayMemoryFile
{
	char	   *path;			/* good in this process, and in what it becomes once it is handed on */
	int			descriptor;
} SlipwayMemoryFile;

/*
 * Makes one with that content, which nobody can change any more and which only this user's
 * processes can read. The name is for people who look at what is open. An error ends the
 * program with SLIPWAY_EXIT_ERROR.
 */
SlipwayMemoryFile slipway_memory_file_new(const char *name, const void *bytes, size_t length);

/* Do both have the same content, or is neither there? */
bool		slipway_memory_file_is_same(const SlipwayMemoryFile *a, const SlipwayMemoryFile *b);

/* Leaves it open for the program that this one becomes. */
void		slipway_memory_file_hand_on(const SlipwayMemoryFile *file);

/* Ends it, if there is one: the system forgets the content once nobody has it open. */
void		slipway_memory_file_close(SlipwayMemoryFile *file);

#endif
