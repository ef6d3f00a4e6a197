/*
 * output.h
 *	  What users see: talk on stderr, data on stdout, colour on terminals.
 */
#ifndef SLIPWAY_OUTPUT_H
#define SLIPWAY_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum SlipwayColor
{
	SLIPWAY_COLOR_NONE,			/* back to normal */
	SLIPWAY_COLOR_RED,
	SLIPWAY_COLOR_GREEN,
	SLIPWAY_COLOR_YELLOW,
	SLIPWAY_COLOR_BOLD
} SlipwayColor;

typedef struct SlipwayOutputMode
{
	bool		json;			/* data as JSON lines */
	bool		quiet;			/* no talk but errors and warnings */
	bool		verbose;
	bool		no_color;
} SlipwayOutputMode;

/* Sets how the other functions behave; until then all of it is false. */
void		slipway_output_set_mode(SlipwayOutputMode mode);
bool		slipway_output_is_json(void);
bool		slipway_output_is_verbose(void);
bool		slipway_output_is_quiet(void);

/* A line of talk on stderr; say() unless quiet, detail() only if verbose. */
void		slipway_output_say(const char *format,...)
			__attribute__((format(printf, 1, 2)));
void		slipway_output_detail(const char *format,...)
			__attribute__((format(printf, 1, 2)));

/* Writes out what stdout holds back. Returns why that did not work, now or before, else NULL. */
const char *slipway_output_flush(void);

/* To be called before anything is written to stderr otherwise. */
void		slipway_output_begin_talk(void);

/* "slipway: warning: ..." on stderr, in quiet runs too; hint may be NULL. */
void		slipway_output_warn(const char *hint, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* Prints a hint below an error or a warning; NULL: there is none. */
void		slipway_output_hint(const char *hint);

/* One JSON object as one line on stdout, at once. Releases the object. */
void		slipway_output_json(json_t *object);

/* A JSON string; bytes that are no UTF-8 become question marks. NULL: null. */
json_t	   *slipway_output_json_text(const char *text);

/*
 * Escape sequence that starts a colour on a stream, or "" where colour is
 * not wanted: not a terminal, NO_COLOR, TERM=dumb, --no-color.
 */
const char *slipway_output_color(FILE *stream, SlipwayColor color);

/* Columns of the stream's terminal, or of COLUMNS; 0 when neither is known. */
int			slipway_output_width(FILE *stream);

/* "3.1 ms", "2.40 s", "3 min 20 s", "2 h 5 min". The caller frees it. */
char	   *slipway_output_duration(double milliseconds);

#endif
