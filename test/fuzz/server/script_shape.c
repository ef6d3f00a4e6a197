/*
 * script_shape.c
 *	  What a script looks like, for the fuzzer.
 */
#include "script_shape.h"

#include <ctype.h>

#include "common/keywords.h"
#include "nodes/nodes.h"
#include "parser/scanner.h"
#include "parser/scansup.h"

/* Kinds of tokens; the rest of the characters are SHAPE_SIGN. */
enum
{
	SHAPE_NONE,
	SHAPE_WORD,
	SHAPE_QUOTED,				/* "name" */
	SHAPE_STRING,
	SHAPE_ESCAPES,				/* E'' */
	SHAPE_DOLLAR,
	SHAPE_UNICODE,				/* U&'', U&"" */
	SHAPE_BITS,
	SHAPE_NUMBER,
	SHAPE_SEMICOLON,
	SHAPE_OPEN,
	SHAPE_CLOSE,
	SHAPE_SIGN,
	SHAPE_ATOMIC,				/* BEGIN, ATOMIC */
	SHAPE_END,					/* END, CASE */
	SHAPE_KEYWORD,
	SHAPES
};

/* What stands between two tokens. */
enum
{
	GAP_NONE,
	GAP_BLANK,
	GAP_LINE,
	GAP_COMMENT,
	GAPS
};

#define STATEMENTS 1024

/* The fuzzer looks at this section as it does at its own counters. */
static uint8 reached[SHAPES * SHAPES * GAPS + STATEMENTS] __attribute__((used, section("__libfuzzer_extra_counters")));

static int
shape_of_word(const char *word, size_t length)
{
	static const char *const ends[] = {"end", "case"};
	static const char *const atomics[] = {"begin", "atomic"};

	for (int i = 0; i < 2; i++)
	{
		if (length == strlen(ends[i]) && pg_strncasecmp(word, ends[i], length) == 0)
			return SHAPE_END;
		if (length == strlen(atomics[i]) && pg_strncasecmp(word, atomics[i], length) == 0)
			return SHAPE_ATOMIC;
	}
	return SHAPE_WORD;
}

/* By how it begins, as the scanner has found where it does. */
static int
shape_of(const char *token, size_t length, bool keyword)
{
	char		next = length > 1 ? token[1] : '\0';
	int			shape = shape_of_word(token, length);

	if (shape != SHAPE_WORD)
		return shape;
	if (keyword)
		return SHAPE_KEYWORD;
	if (next == '\'')
		switch (token[0] | 0x20)
		{
			case 'e':
				return SHAPE_ESCAPES;
			case 'b':
			case 'x':
				return SHAPE_BITS;
			default:
				break;
		}
	if (next == '&')
		return SHAPE_UNICODE;
	switch (token[0])
	{
		case '\'':
			return SHAPE_STRING;
		case '"':
			return SHAPE_QUOTED;
		case '$':
			return SHAPE_DOLLAR;
		case ';':
			return SHAPE_SEMICOLON;
		case '(':
			return SHAPE_OPEN;
		case ')':
			return SHAPE_CLOSE;
		default:
			break;
	}
	if (isdigit((unsigned char) token[0]))
		return SHAPE_NUMBER;
	return isalpha((unsigned char) token[0]) || IS_HIGHBIT_SET(token[0]) || token[0] == '_' ? SHAPE_WORD : SHAPE_SIGN;
}

/* Blanks and comments at the end of what one token has up to the next. */
static int
gap_of(const char *text, size_t length)
{
	size_t		blanks = 0;
	bool		line = false;

	if (memmem(text, length, "--", 2) || memmem(text, length, "/*", 2))
		return GAP_COMMENT;
	while (blanks < length && scanner_isspace(text[length - 1 - blanks]))
		line |= text[length - 1 - blanks++] == '\n';
	return line ? GAP_LINE : blanks > 0 ? GAP_BLANK : GAP_NONE;
}

static void
note_tokens(const char *text)
{
	core_yy_extra_type extra;
	core_yyscan_t scanner = scanner_init(text, &extra, &ScanKeywords, ScanKeywordTokens);
	core_YYSTYPE value;
	YYLTYPE		place = 0;
	int			before = -1;
	bool		keyword = false;
	int			previous = SHAPE_NONE;

	extra.escape_string_warning = false;
	for (;;)
	{
		int			token = core_yylex(&value, &place, scanner);

		if (before >= 0)
		{
			/* Up to the next one: what is behind the token itself does not change its kind. */
			size_t		length = strcspn(text + before, " \t\r\n\f;()/-,");
			int			shape = shape_of(text + before, Max(length, 1), keyword);

			reached[(previous * SHAPES + shape) * GAPS + gap_of(text + before, place - before)] = 1;
			previous = shape;
		}
		if (token == 0)
			break;
		before = place;
		/* The scanner's own tokens, and single characters, come before keywords. */
		keyword = token >= ScanKeywordTokens[0];
	}
	scanner_finish(scanner);
}

void
script_shape_note(const char *text, const List *statements)
{
	ListCell   *cell;

	foreach(cell, statements)
		reached[SHAPES * SHAPES * GAPS + nodeTag(lfirst(cell)) % STATEMENTS] = 1;
	note_tokens(text);
}
