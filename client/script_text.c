/*
 * script_text.c
 *	  The text of a script.
 */
#include "script_text.h"

#include <stdint.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* Bytes of the valid character at text, or 0. */
static size_t
character_bytes(const unsigned char *text, size_t length)
{
	unsigned char c = text[0];
	unsigned char low = 0x80,
				high = 0xbf;
	size_t		bytes;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return 0;
	bytes = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (bytes > length)
		return 0;
	/* the second byte tells overlong forms, surrogates and the top apart */
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return bytes;
}

/* Are these eight bytes ASCII without NUL? Most of a script is. */
static bool
is_plain(const unsigned char *bytes)
{
	uint64_t	word;

	memcpy(&word, bytes, sizeof(word));
	/* a byte of 0x00 borrows into its high bit, one of 0x80 and more has it set */
	return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

SlipwayTextFault
slipway_script_text_check(const char *text, size_t length, size_t *offset)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t		i = 0;

	while (i < length)
	{
		size_t		step;

		if (length - i >= 8 && is_plain(bytes + i))
		{
			i += 8;
			continue;
		}
		step = character_bytes(bytes + i, length - i);
		if (step == 0 || bytes[i] == 0)
		{
			*offset = i;
			return step == 0 ? SLIPWAY_TEXT_NOT_UTF8 : SLIPWAY_TEXT_NUL;
		}
		i += step;
	}
	return SLIPWAY_TEXT_GOOD;
}

char *
slipway_script_text_skip_mark(char *text)
{
	return strncmp(text, BYTE_ORDER_MARK, 3) == 0 ? text + 3 : text;
}

size_t
slipway_script_text_normalise(char *text, size_t length, bool start)
{
	const char *from = text;
	const char *end = text + length;
	char	   *to = text;

	while (start && end - from >= 3 && memcmp(from, BYTE_ORDER_MARK, 3) == 0)
		from += 3;
	while (from < end)
	{
		const char *found = memchr(from, '\r', (size_t) (end - from));
		const char *stop = found == NULL ? end : found;
		const char *after = stop;

		if (to != from)
			memmove(to, from, (size_t) (stop - from));
		to += stop - from;
		while (after < end && *after == '\r')
			after++;
		/* carriage returns right before a line feed go, others stay */
		if (after == end || *after != '\n')
		{
			memmove(to, stop, (size_t) (after - stop));
			to += after - stop;
		}
		from = after;
	}
	return (size_t) (to - text);
}

bool
slipway_script_text_line(const char *text, size_t length, int number,
						 const char **start, size_t *size)
{
	const char *end = text + length;
	const char *stop;

	if (number < 1)
		return false;
	for (int line = 1; line < number; line++)
	{
		const char *feed = text < end ? memchr(text, '\n', (size_t) (end - text)) : NULL;

		if (feed == NULL)
			return false;
		text = feed + 1;
	}
	stop = text < end ? memchr(text, '\n', (size_t) (end - text)) : NULL;
	*start = text;
	*size = (size_t) ((stop == NULL ? end : stop) - text);
	return true;
}

void
slipway_script_text_locate(const char *text, size_t offset, int *line, int *column)
{
	/* editors show no byte order mark, and the server never sees one */
	size_t		start = offset >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0 ? 3 : 0;

	*line = 1;
	*column = 1;
	for (size_t i = start; i < offset; i++)
	{
		if (text[i] == '\n')
		{
			(*line)++;
			*column = 1;
		}
		else if (((unsigned char) text[i] & 0xc0) != 0x80)
			(*column)++;
	}
}
