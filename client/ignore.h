/*
 * ignore.h
 *	  The file .slipwayignore of a folder: names that are no scripts.
 *
 * One pattern of fnmatch() on each line; the last one that matches a file
 * counts, and "!" in front of it takes the file back. Lines that are empty or
 * begin with "#" are comments; a backslash takes the meaning off "#", "!" and
 * a blank at the end.
 */
#ifndef SLIPWAY_IGNORE_H
#define SLIPWAY_IGNORE_H

#include <stdbool.h>

#define SLIPWAY_IGNORE_FILE ".slipwayignore"

typedef struct SlipwayIgnore SlipwayIgnore;

/*
 * Reads the file of a folder; without one nothing is ignored. A line that
 * cannot be a pattern for the name of a file, or a file that cannot be read,
 * ends the program with SLIPWAY_EXIT_USAGE.
 */
SlipwayIgnore *slipway_ignore_read(const char *folder);
void		slipway_ignore_free(SlipwayIgnore *ignore);

/* Is a file of that name to be ignored? */
bool		slipway_ignore_matches(const SlipwayIgnore *ignore, const char *file);

#endif
