/*
 * memory.h
 *	  Allocation that cannot fail: out of memory ends the program.
 */
#ifndef SLIPWAY_MEMORY_H
#define SLIPWAY_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/* Zeroed memory of at least one byte; released with free(). */
void	   *slipway_memory_new(size_t size);

/* As that is what the JSON library asks for memory, too, it never answers with less than was meant. */
void		slipway_memory_use_for_json(void);

/* realloc() to count elements of size bytes, refusing an overflow. */
void	   *slipway_memory_resize(void *old, size_t count, size_t size);

/* Copies of a string, or of its first length bytes with a NUL added. */
char	   *slipway_memory_copy(const char *text);
char	   *slipway_memory_copy_bytes(const char *bytes, size_t length);

/* Wipes a string, which may be NULL, and frees it. */
void		slipway_memory_wipe(char *text);

/* A new string made as printf() would, or vprintf(). */
char	   *slipway_memory_format(const char *format,...)
			__attribute__((format(printf, 1, 2)));
char	   *slipway_memory_format_list(const char *format, va_list arguments)
			__attribute__((format(printf, 1, 0)));

#endif
