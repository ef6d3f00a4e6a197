/*
 * script_text.h
 *	  The text of a script: what makes it acceptable, its normal form (the
 *	  one that is hashed), and its lines.
 */
#ifndef SLIPWAY_SCRIPT_TEXT_H
#define SLIPWAY_SCRIPT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum SlipwayTextFault
{
	SLIPWAY_TEXT_GOOD,
	SLIPWAY_TEXT_NUL,			/* a byte 0 */
	SLIPWAY_TEXT_NOT_UTF8
} SlipwayTextFault;

/*
 * Looks for what PostgreSQL could not store as UTF-8 text: NUL, truncated or
 * overlong sequences, surrogates, anything above U+10FFFF. Sets *offset to
 * the first such byte, counted from 0.
 */
SlipwayTextFault slipway_script_text_check(const char *text, size_t length, size_t *offset);

/* The text behind a leading byte order mark, if there is one. */
char	   *slipway_script_text_skip_mark(char *text);

/*
 * Removes each CR right before an LF, in place, and byte order marks at the
 * start of a script. Returns the new length. A lone CR stays.
 */
size_t		slipway_script_text_normalise(char *text, size_t length, bool start);

/*
 * Finds a line, counted from 1; sets *start to its first byte and *size to
 * its bytes without the line feed. False when the text has fewer lines.
 */
bool		slipway_script_text_line(const char *text, size_t length, int number,
									 const char **start, size_t *size);

/*
 * Line and column, both from 1, of a byte; columns count characters, without
 * a leading byte order mark.
 */
void		slipway_script_text_locate(const char *text, size_t offset, int *line, int *column);

#endif
