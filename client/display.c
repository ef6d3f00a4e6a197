/*
 * display.c
 *	  How text takes up the columns of a terminal. libpq knows the widths of
 *	  characters as psql shows them, whatever the locale.
 */
#include "display.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <string.h>

#define MAX_SHOWN 16			/* "\\u202e", or a character of UTF-8 */
#define CHUNK_SIZE 4096

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
	width = is_broken(text, bytes) || harmful(text, bytes) != 0 || is_command(text, false) ? -1 : PQdsplen(copy, utf8());
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

/*
 * What is shown in the place of the character at text, which shall take up to so many bytes; returns how many it has. Its line
 * begins here, or only blanks were before it.
 */
static size_t
tame_character(const char *text, size_t length, bool begins, char shown[MAX_SHOWN])
{
	size_t		bytes = slipway_display_bytes(text, length);
	unsigned	code = harmful(text, bytes);

	if (code != 0 && bytes > 1)
		(void) snprintf(shown, MAX_SHOWN, "\\u%04x", code);
	else if (code != 0 || is_broken(text, bytes) || is_command(text, begins))
		(void) snprintf(shown, MAX_SHOWN, "\\x%02x", (unsigned char) *text);
	else
	{
		memcpy(shown, text, bytes);
		shown[bytes] = '\0';
	}
	return bytes;
}

/* Does what follows that character begin its line? */
static bool
still_begins(bool begins, char c)
{
	return c == '\n' || (begins && (c == ' ' || c == '\t'));
}

char *
slipway_display_tame(const char *text)
{
	SlipwayBuffer result = {0};
	size_t		length = strlen(text);
	bool		begins = false; /* the first line is behind something of ours */

	slipway_buffer_add(&result, "");
	for (size_t i = 0; i < length;)
	{
		char		shown[MAX_SHOWN];
		size_t		bytes = tame_character(text + i, length - i, begins, shown);

		slipway_buffer_add(&result, shown);
		begins = still_begins(begins, text[i]);
		i += bytes;
	}
	return slipway_buffer_take(&result);
}

/* Text on its way to a stream that may have no buffer. */
typedef struct Chunk
{
	FILE	   *stream;
	char		bytes[CHUNK_SIZE];
	size_t		length;
} Chunk;

static void
add_to_chunk(Chunk *chunk, const char *text, size_t length)
{
	if (chunk->length + length > CHUNK_SIZE)
	{
		(void) fwrite(chunk->bytes, 1, chunk->length, chunk->stream);
		chunk->length = 0;
	}
	memcpy(chunk->bytes + chunk->length, text, length);
	chunk->length += length;
}

void
slipway_display_print(FILE *stream, const char *text, bool begins, const char *after)
{
	Chunk		chunk = {.stream = stream};
	size_t		length = strlen(text);

	for (size_t i = 0; i < length;)
	{
		char		shown[MAX_SHOWN];
		size_t		bytes = tame_character(text + i, length - i, begins, shown);

		add_to_chunk(&chunk, shown, strlen(shown));
		begins = still_begins(begins, text[i]);
		i += bytes;
	}
	add_to_chunk(&chunk, after, strlen(after));
	(void) fwrite(chunk.bytes, 1, chunk.length, stream);
}

void
slipway_display_print_json(FILE *stream, const char *json)
{
	Chunk		chunk = {.stream = stream};
	size_t		length = strlen(json);

	for (size_t i = 0; i < length;)
	{
		size_t		bytes = slipway_display_bytes(json + i, length - i);
		unsigned	code = is_command(json + i, false) ? (unsigned char) json[i] : harmful(json + i, bytes);
		char		escaped[MAX_SHOWN];

		(void) snprintf(escaped, sizeof(escaped), "\\u%04x", code);
		if (code != 0)
			add_to_chunk(&chunk, escaped, strlen(escaped));
		else
			add_to_chunk(&chunk, json + i, bytes);
		i += bytes;
	}
	add_to_chunk(&chunk, "\n", 1);
	(void) fwrite(chunk.bytes, 1, chunk.length, stream);
}
