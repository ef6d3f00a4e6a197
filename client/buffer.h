/*
 * buffer.h
 *	  A string that grows.
 */
#ifndef SLIPWAY_BUFFER_H
#define SLIPWAY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}; data is NULL until something was added, then NUL-terminated. */
typedef struct SlipwayBuffer
{
	char	   *data;
	size_t		length;
	size_t		capacity;
	bool		is_secret;		/* what it leaves behind as it grows is wiped */
} SlipwayBuffer;

void		slipway_buffer_add_bytes(SlipwayBuffer *buffer, const char *bytes, size_t length);
void		slipway_buffer_add(SlipwayBuffer *buffer, const char *text);
void		slipway_buffer_add_char(SlipwayBuffer *buffer, char c);

/* Adds what printf() would. */
void		slipway_buffer_format(SlipwayBuffer *buffer, const char *format,...)
			__attribute__((format(printf, 2, 3)));

/* Adds a character count times. */
void		slipway_buffer_fill(SlipwayBuffer *buffer, char c, size_t count);

/* The string, never NULL, which the caller frees; the buffer is empty again. */
char	   *slipway_buffer_take(SlipwayBuffer *buffer);

#endif
