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

/* U+0080 to U+009F, and what turns the direction; 0: it is none of these. */
static unsigned
harmful(const char *text, size_t bytes)
{
	const unsigned char *c = (const unsigned char *) text;
	unsigned	code;

	if (bytes == 1)
		return (c[0] < 0x20 && c[0] != '\n' && c[0] != '\t') || c[0] == 0x7f ? c[0] : 0;
	code = bytes == 2 ? (c[0] & 0x1fu) << 6 | (c[1] & 0x3fu)
		: bytes == 3 ? (c[0] & 0x0fu) << 12 | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu) : 0;
	if (code < 0xa0 || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069))
		return code;
	return 0;
}

/* A byte that is no part of a character: of another encoding, which a script may have set for its messages. */
static bool
is_broken(const char *text, size_t bytes)
{
	return bytes == 1 && (unsigned char) *text >= 0x80;
}

/* Services that run deploys take such lines of their output for commands: those at its beginning, or anywhere. */
static bool
is_command(const char *text, bool begins)
{
	return (begins && strncmp(text, "::", 2) == 0) || strncmp(text, "##[", 3) == 0 || strncmp(text, "##vso[", 6) == 0;
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
	width = is_broken(text, bytes) || harmful(text, bytes) != 0 ? -1 : PQdsplen(copy, utf8());
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

char *
slipway_display_tame(const char *text)
{
	SlipwayBuffer result = {0};
	size_t		length = strlen(text);
	bool		begins = false; /* only blanks were before it in its line, which is not the first */

	slipway_buffer_add(&result, "");
	for (size_t i = 0; i < length;)
	{
		size_t		bytes = slipway_display_bytes(text + i, length - i);
		unsigned	code = harmful(text + i, bytes);

		if (code != 0 && bytes > 1)
			slipway_buffer_format(&result, "\\u%04x", code);
		else if (code != 0 || is_broken(text + i, bytes) || is_command(text + i, begins))
			slipway_buffer_format(&result, "\\x%02x", (unsigned char) text[i]);
		else
			slipway_buffer_add_bytes(&result, text + i, bytes);
		begins = text[i] == '\n' || (begins && (text[i] == ' ' || text[i] == '\t'));
		i += bytes;
	}
	return slipway_buffer_take(&result);
}
