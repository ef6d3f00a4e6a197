/*
 * display.c
 *	  How text takes up the columns of a terminal. libpq knows the widths of
 *	  characters as psql shows them, whatever the locale.
 */
#include "display.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

static int
utf8(void)
{
	static int	encoding = -1;

	if (encoding < 0)
		encoding = pg_char_to_encoding("UTF8");
	return encoding;
}

size_t
slipway_display_bytes(const char *text, size_t length)
{
	unsigned char c = (unsigned char) *text;
	size_t		wanted = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 1;
	size_t		bytes = 1;

	/* stop at a byte that cannot continue, for text that was not validated */
	while (bytes < wanted && bytes < length && ((unsigned char) text[bytes] & 0xc0) == 0x80)
		bytes++;
	return bytes == wanted ? bytes : 1;
}

int
slipway_display_add(SlipwayBuffer *buffer, const char *text, size_t bytes, int column)
{
	unsigned char c = (unsigned char) *text;
	char		copy[8] = {0};
	int			width;

	if (c == '\t')
	{
		width = 8 - column % 8;
		if (buffer != NULL)
			slipway_buffer_fill(buffer, ' ', (size_t) width);
		return width;
	}
	memcpy(copy, text, bytes);
	width = bytes == 1 && c >= 0x80 ? -1 : PQdsplen(copy, utf8());
	if (width < 0)
	{
		if (buffer != NULL)
			slipway_buffer_add_char(buffer, '?');
		return 1;
	}
	if (buffer != NULL)
		slipway_buffer_add_bytes(buffer, text, bytes);
	return width;
}

int
slipway_display_width(const char *text)
{
	size_t		length = strlen(text);
	int			column = 0;

	while (length > 0)
	{
		size_t		bytes = slipway_display_bytes(text, length);

		column += slipway_display_add(NULL, text, bytes, column);
		text += bytes;
		length -= bytes;
	}
	return column;
}

void
slipway_display_fit(SlipwayBuffer *buffer, const char *text, int width)
{
	static const char ellipsis[] = "...";
	bool		whole = slipway_display_width(text) <= width;
	int			room = whole ? width : width - (int) strlen(ellipsis);
	size_t		length = strlen(text);
	int			column = 0;

	while (length > 0)
	{
		size_t		bytes = slipway_display_bytes(text, length);

		if (column + slipway_display_add(NULL, text, bytes, column) > room)
			break;
		column += slipway_display_add(buffer, text, bytes, column);
		text += bytes;
		length -= bytes;
	}
	for (int i = 0; !whole && ellipsis[i] != '\0' && column < width; i++, column++)
		slipway_buffer_add_char(buffer, ellipsis[i]);
}
