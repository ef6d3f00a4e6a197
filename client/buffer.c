/*
 * buffer.c
 *	  A string that grows.
 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

static void
make_room(SlipwayBuffer *buffer, size_t length)
{
	size_t		needed = buffer->length + length + 1;

	if (needed <= buffer->capacity)
		return;
	buffer->capacity = needed < 128 ? 128 : needed * 2;
	if (buffer->is_secret)
	{
		char	   *data = slipway_memory_new(buffer->capacity);

		if (buffer->data != NULL)
			memcpy(data, buffer->data, buffer->length + 1);
		slipway_memory_wipe(buffer->data);
		buffer->data = data;
		return;
	}
	buffer->data = slipway_memory_resize(buffer->data, buffer->capacity, 1);
}

void
slipway_buffer_add_bytes(SlipwayBuffer *buffer, const char *bytes, size_t length)
{
	make_room(buffer, length);
	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void
slipway_buffer_add(SlipwayBuffer *buffer, const char *text)
{
	slipway_buffer_add_bytes(buffer, text, strlen(text));
}

void
slipway_buffer_add_char(SlipwayBuffer *buffer, char c)
{
	slipway_buffer_add_bytes(buffer, &c, 1);
}

void
slipway_buffer_format(SlipwayBuffer *buffer, const char *format,...)
{
	va_list		arguments;
	int			length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length <= 0)
		return;
	make_room(buffer, (size_t) length);
	va_start(arguments, format);
	(void) vsnprintf(buffer->data + buffer->length, (size_t) length + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t) length;
}

void
slipway_buffer_fill(SlipwayBuffer *buffer, char c, size_t count)
{
	make_room(buffer, count);
	memset(buffer->data + buffer->length, c, count);
	buffer->length += count;
	buffer->data[buffer->length] = '\0';
}

char *
slipway_buffer_take(SlipwayBuffer *buffer)
{
	char	   *result = buffer->data;

	if (result == NULL)
		result = slipway_memory_copy("");
	*buffer = (SlipwayBuffer) {0};
	return result;
}
