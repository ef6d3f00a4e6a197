/*
 * secret_buffer.h
 *	  Memory for what nobody else may see.
 *
 * It is wiped before it is given back, before it grows, and, whatever is still there, when the
 * program ends, by slipway_die() too. Threads may use it at the same time.
 */
#ifndef SLIPWAY_SECRET_BUFFER_H
#define SLIPWAY_SECRET_BUFFER_H

#include <stddef.h>

/*
 * Blocks: zeroed, and never NULL; out of memory ends the program. They are for slipway_secret_free() or
 * slipway_secret_resize(), not for free() or realloc(); both take NULL.
 */
void	   *slipway_secret_new(size_t size);
void	   *slipway_secret_resize(void *block, size_t size);
void		slipway_secret_free(void *block);

/* Copies of a string, or of its first length bytes with a NUL added. */
char	   *slipway_secret_copy(const char *text);
char	   *slipway_secret_copy_bytes(const char *bytes, size_t length);

/* Starts as {0}; data is NULL until something was added, then has a NUL behind its last byte. */
typedef struct SlipwaySecretBuffer
{
	char	   *data;
	size_t		length;
	size_t		capacity;
} SlipwaySecretBuffer;

void		slipway_secret_buffer_add_bytes(SlipwaySecretBuffer *buffer, const char *bytes, size_t length);
void		slipway_secret_buffer_add(SlipwaySecretBuffer *buffer, const char *text);

/* Reads a file descriptor to its end, or until there are more than limit bytes; returns errno, or 0. */
int			slipway_secret_buffer_read(SlipwaySecretBuffer *buffer, int file, size_t limit);

/* Wipes what is in it and makes it {0} again. */
void		slipway_secret_buffer_release(SlipwaySecretBuffer *buffer);

#endif
