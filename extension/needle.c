/*
 * needle.c
 *	  Finds what a text shows of a value, however that is quoted, escaped or cut off.
 *
 * A value comes back in messages as a literal, a literal within a literal, a member of an array, a row or a JSON
 * object, a field of CSV, ...: all these double quotes or backslashes, or put a backslash before them. So
 * these characters do not count, neither in the value nor in the text.
 *
 * The server cuts what it shows of data and JSON, and says so by "..."; names it cuts
 * without a word.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "needle.h"

#define QUOTES "'\"\\"
#define CUT "..."

/* A part of a value as long as this, at an end that is cut off, is one. */
#define PART_MIN 4

/* The beginning of a value as long as this stands nowhere by chance. */
#define BEGIN_MIN 16

struct SlipwayNeedle
{
	char	   *text;
	int			length;
	const char *tail;			/* the quotes that the value ends with */
	bool		exact;			/* there is little in it but quotes */
};

/* What is escaped by a letter. */
static const struct
{
	char		character;
	char		letter;
}			escapes[] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\b', 'b'}, {'\f', 'f'}, {'\v', 'v'}};

static bool
is_quote(char c)
{
	return c != '\0' && strchr(QUOTES, c) != NULL;
}

SlipwayNeedle *
slipway_needle_make(const char *value)
{
	SlipwayNeedle *needle = palloc0(sizeof(SlipwayNeedle));
	const char *tail = value + strlen(value);

	while (tail > value && is_quote(tail[-1]))
		tail--;
	needle->tail = pstrdup(tail);
	needle->text = palloc(strlen(value) + 1);
	for (const char *p = value; *p; p++)
		if (!is_quote(*p))
			needle->text[needle->length++] = *p;
	needle->text[needle->length] = '\0';
	if (needle->length >= PART_MIN)
		return needle;
	needle->exact = true;
	needle->tail = "";
	needle->length = strlen(value);
	memcpy(needle->text, value, needle->length + 1);
	return needle;
}

static bool
same_character(char a, char b)
{
	return a == b || pg_tolower((unsigned char) a) == pg_tolower((unsigned char) b);
}

static bool
is_escaped(char letter, char character)
{
	for (int i = 0; i < lengthof(escapes); i++)
		if (escapes[i].character == character)
			return escapes[i].letter == letter;
	return false;
}

/*
 * How many bytes of the text, from its beginning, are those of the needle from byte from on; sets how
 * many of the needle that is.
 */
static int
match(const char *text, const SlipwayNeedle *needle, int from, int *matched)
{
	int			n = from;
	int			i = 0;

	*matched = 0;
	while (n < needle->length)
	{
		int			at = i;

		while (!needle->exact && n > from && is_quote(text[at]))
			at++;
		if (text[at] == '\0' ||
			(!same_character(text[at], needle->text[n]) &&
			 (at == i || text[at - 1] != '\\' || !is_escaped(text[at], needle->text[n]))))
			break;
		i = at + 1;
		n++;
	}
	*matched = n - from;
	return i;
}

static bool
is_cut(const char *text)
{
	return strncmp(text, CUT, strlen(CUT)) == 0;
}

/* Of which languages have many. */
static bool
may_quote(char c)
{
	return c == '"' || IS_HIGHBIT_SET(c);
}

/* Does a name end here that was cut off, perhaps before a character of several bytes? */
static bool
is_end_of_name(const char *begin, const char *end)
{
	if (!may_quote(*end))
		return false;
	for (int size = NAMEDATALEN - MAX_MULTIBYTE_CHAR_LEN; size < NAMEDATALEN; size++)
		if (end - begin > size && may_quote(end[-size - 1]))
			return true;
	return false;
}

/* How many bytes of the text are those quotes, each perhaps doubled. */
static int
match_tail(const char *text, const SlipwayNeedle *needle)
{
	int			length = 0;

	for (const char *p = needle->tail; *p; p++)
		for (int i = 0; i < 2 && text[length] == *p; i++)
			length++;
	return length;
}

/* How many bytes of a text, at that place, begin with the needle, or with what shall count for it. */
static int
match_begin(const char *begin, const char *text, const SlipwayNeedle *needle)
{
	int			matched;
	int			length = match(text, needle, 0, &matched);

	if (matched == needle->length)
		return length + match_tail(text + length, needle);
	if (matched >= BEGIN_MIN ||
		(matched >= PART_MIN && (is_cut(text + length + strspn(text + length, QUOTES)) ||
								 is_end_of_name(begin, text + length))))
		return length;
	return 0;
}

/* The same of a text whose beginning was cut off. */
static int
match_rest(const char *text, const SlipwayNeedle *needle)
{
	int			longest = 0;

	for (int from = 0; from + PART_MIN <= needle->length; from++)
	{
		int			matched;
		int			length = match(text, needle, from, &matched);

		if (matched >= PART_MIN && (from + matched == needle->length || is_cut(text + length)))
			longest = Max(longest, length);
	}
	return longest;
}

/* To the next character: what begins in the middle of one is none. */
static int
step(const char *text, int left)
{
	if (pg_database_encoding_max_length() == 1 || GetDatabaseEncoding() == PG_UTF8)
		return 1;
	return Min(pg_mblen(text), left);
}

bool *
slipway_needle_find(const char *text, const List *needles)
{
	int			length = strlen(text);
	bool	   *found = NULL;
	bool		wanted[256] = {false};
	ListCell   *cell;

	foreach(cell, needles)
	{
		unsigned char first = *((const SlipwayNeedle *) lfirst(cell))->text;

		wanted[first] = wanted[pg_tolower(first)] = wanted[pg_toupper(first)] = true;
	}
	for (int at = 0; at < length; at += step(text + at, length - at))
	{
		bool		rest = at >= strlen(CUT) && is_cut(text + at - strlen(CUT));

		if (!rest && !wanted[(unsigned char) text[at]])
			continue;
		foreach(cell, needles)
		{
			const SlipwayNeedle *needle = lfirst(cell);
			int			n = match_begin(text, text + at, needle);

			if (rest)
				n = Max(n, match_rest(text + at, needle));
			if (n > 0 && found == NULL)
				found = palloc0(length);
			if (n > 0)
				memset(found + at, true, n);
		}
	}
	return found;
}
