/*
 * script_file.h
 *	  One script on disk.
 */
#ifndef SLIPWAY_SCRIPT_FILE_H
#define SLIPWAY_SCRIPT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "hash.h"
#include "script_reader.h"

typedef struct SlipwayScriptFile
{
	char	   *path;			/* NULL: there is none */
	char		hash[SLIPWAY_HASH_SIZE];	/* "" until slipway_script_file_hash() */
	bool		repeatable;		/* has that directive; known from then on, too */
} SlipwayScriptFile;

/*
 * Reads a script in its normal form, NUL-terminated; the caller frees it. A
 * file that cannot be read ends the program with SLIPWAY_EXIT_ERROR, one
 * whose text PostgreSQL could not store with SLIPWAY_EXIT_INVALID.
 */
char	   *slipway_script_file_read(const SlipwayScriptFile *file, size_t *length);

/* Reads it and sets its hash; errors as above. */
void		slipway_script_file_hash(SlipwayScriptFile *file, SlipwayScriptReader *reader);

/*
 * Reads a script again, as above, and ends the program with
 * SLIPWAY_EXIT_ERROR if it is not the text that was hashed.
 */
char	   *slipway_script_file_read_again(const SlipwayScriptFile *file, size_t *length);

/* Ends the program with SLIPWAY_EXIT_ERROR unless this is the hash that the script had. */
void		slipway_script_file_check(const SlipwayScriptFile *file, const char *hash);

#endif
