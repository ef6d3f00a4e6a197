/*
 * position.c
 *	  Places in the text of a script.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "position.h"

/* Bytes that do not continue a character of UTF-8, eight at a time. */
static int
count_characters(const char *text, int nbytes)
{
	int			continued = 0;
	int			i = 0;

	for (; i + (int) sizeof(uint64) <= nbytes; i += sizeof(uint64))
	{
		uint64		word;

		/* A bit for each byte that has the first bit set and not the second; their sum. */
		memcpy(&word, text + i, sizeof(word));
		word = (word >> 7) & (~word >> 6) & UINT64CONST(0x0101010101010101);
		continued += (word * UINT64CONST(0x0101010101010101)) >> 56;
	}
	for (; i < nbytes; i++)
		continued += (text[i] & 0xC0) == 0x80;
	return nbytes - continued;
}

/* Counts bytes, or characters where each byte that does not continue one begins one. */
static SlipwayPosition
advance_lines(SlipwayPosition from, const char *text, int nbytes, bool bytes)
{
	const char *end = text + nbytes;

	while (text < end)
	{
		const char *newline = memchr(text, '\n', end - text);
		const char *stop = newline ? newline + 1 : end;
		int			characters = bytes ? stop - text : count_characters(text, stop - text);

		from.position += characters;
		from.column += characters;
		if (newline)
		{
			from.line++;
			from.column = 1;
		}
		text = stop;
	}
	return from;
}

SlipwayPosition
slipway_position_advance(SlipwayPosition from, const char *text, int nbytes)
{
	/* A server without encodings holds UTF-8 as well: it was checked. */
	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
		return advance_lines(from, text, nbytes, false);
	if (pg_database_encoding_max_length() == 1)
		return advance_lines(from, text, nbytes, true);
	for (int i = 0; i < nbytes; i += pg_mblen(text + i))
	{
		from.position++;
		from.column++;
		if (text[i] == '\n')
		{
			from.line++;
			from.column = 1;
		}
	}
	return from;
}
