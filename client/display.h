/*
 * display.h
 *	  How text takes up the columns of a terminal: wide characters two,
 *	  combining ones none, tabs and control characters made harmless.
 */
#ifndef SLIPWAY_DISPLAY_H
#define SLIPWAY_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "buffer.h"

/* Bytes of the UTF-8 character at text, at most the given length; at least 1. */
size_t		slipway_display_bytes(const char *text, size_t length);

/*
 * Adds the character of so many bytes at text to buffer in the form in which
 * it is shown when it begins at a column (from 0), and returns the columns
 * taken. Tabs become blanks up to the next multiple of 8; control characters,
 * and what begins "##[" or "##vso[", a question mark. With a NULL buffer it only
 * measures. There is a NUL somewhere behind the character.
 */
int			slipway_display_add(SlipwayBuffer *buffer, const char *text, size_t bytes, int column);

/* Columns that a string takes. */
int			slipway_display_width(const char *text);

/*
 * Adds a string as it is shown, all of it if that takes at most so many
 * columns, else what fits of it with "..." at its end.
 */
void		slipway_display_fit(SlipwayBuffer *buffer, const char *text, int width);

/*
 * A copy of text that others have written, of one or more lines, that leaves a terminal alone: control characters, but for line feeds and
 * tabs, those that turn the direction of what follows, what is no UTF-8, and what services such as GitHub Actions would
 * take for commands, stand there as escapes. The first line has something of ours before it.
 */
char	   *slipway_display_tame(const char *text);

/*
 * Prints it likewise, without memory. The text stands at the beginning of a line, or behind something of ours; what follows is
 * printed as it is, and is short. For all that is said, as a server, a file or its name may have a part in it.
 */
void		slipway_display_print(FILE *stream, const char *text, bool begins, const char *after);

/* Prints a line of JSON, which stays the same for programs: in it, too, such characters are escapes. */
void		slipway_display_print_json(FILE *stream, const char *json);

#endif
