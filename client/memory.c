/*
 * memory.c
 *	  Allocation that cannot fail.
 */
#include "memory.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"

static _Noreturn void
die_of_memory(void)
{
	slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
}

void *
slipway_memory_new(size_t size)
{
	void	   *result = calloc(1, size > 0 ? size : 1);

	if (result == NULL)
		die_of_memory();
	return result;
}

void
slipway_memory_use_for_json(void)
{
	json_set_alloc_funcs(slipway_memory_new, free);
}

void *
slipway_memory_resize(void *old, size_t count, size_t size)
{
	void	   *result;

	if (size != 0 && count > SIZE_MAX / size)
		die_of_memory();
	result = realloc(old, count * size > 0 ? count * size : 1);
	if (result == NULL)
		die_of_memory();
	return result;
}

char *
slipway_memory_copy_bytes(const char *bytes, size_t length)
{
	char	   *result = slipway_memory_new(length + 1);

	memcpy(result, bytes, length);
	return result;
}

char *
slipway_memory_copy(const char *text)
{
	return slipway_memory_copy_bytes(text, strlen(text));
}

void
slipway_memory_wipe(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

char *
slipway_memory_format_list(const char *format, va_list arguments)
{
	va_list		again;
	char	   *result;
	int			length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, arguments);
	if (length < 0)
		die_of_memory();
	result = slipway_memory_new((size_t) length + 1);
	(void) vsnprintf(result, (size_t) length + 1, format, again);
	va_end(again);
	return result;
}

char *
slipway_memory_format(const char *format,...)
{
	va_list		arguments;
	char	   *result;

	va_start(arguments, format);
	result = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	return result;
}
