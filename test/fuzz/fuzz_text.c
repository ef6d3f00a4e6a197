/*
 * fuzz_text.c
 *	  Texts that others have written, as they are hashed, compared and shown.
 *
 * A form feed in the input stands between two texts, whose lines are compared.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "excerpt.h"
#include "fuzz.h"
#include "html.h"
#include "line_diff.h"
#include "script_reader.h"
#include "script_text.h"

typedef struct Input
{
	const char *path;
	const char *bytes;
	size_t		size;
} Input;

/* What a terminal or a browser would obey: C0, DEL, C1, what turns the direction. */
static bool
is_obeyed(const char *text)
{
	const unsigned char *c = (const unsigned char *) text;

	if ((c[0] < ' ' && c[0] != '\n' && c[0] != '\t') || c[0] == 0x7f)
		return true;
	if (c[0] == 0xc2)
		return c[1] >= 0x80 && c[1] < 0xa0;
	return c[0] == 0xe2 && ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) || (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9));
}

static void
check_harmless(const char *text)
{
	for (; *text != '\0'; text++)
		fuzz_check(!is_obeyed(text));
}

static void
check_shown(const char *text)
{
	SlipwayBuffer page = {0};
	char	   *tame = slipway_display_tame(text);
	char	   *again = slipway_display_tame(tame);
	size_t		offset;

	check_harmless(tame);
	fuzz_check(strcmp(tame, again) == 0);
	slipway_html_text(&page, text, strlen(text));
	if (page.length > 0)
	{
		check_harmless(page.data);
		fuzz_check(strpbrk(page.data, "<>\"'") == NULL || strstr(page.data, "<script") == NULL);
		fuzz_check(slipway_script_text_check(page.data, page.length, &offset) == SLIPWAY_TEXT_GOOD);
	}
	free(slipway_buffer_take(&page));
	free(again);
	free(tame);
}

static void
check_fit(const char *text)
{
	for (int width = 3; width < 40; width += 6)
	{
		SlipwayBuffer shown = {0};

		slipway_display_fit(&shown, text, width);
		fuzz_check(shown.length == 0 || slipway_display_width(shown.data) <= width);
		free(slipway_buffer_take(&shown));
	}
}

static void
check_excerpt(const char *text, size_t length)
{
	for (int line = 1; line < 4; line++)
		for (int column = -1; column < 60; column += 15)
		{
			char	   *excerpt = slipway_excerpt_render(text, length, line, column, 40);
			const char *start;
			size_t		size;

			fuzz_check((excerpt != NULL) == slipway_script_text_line(text, length, line, &start, &size));
			if (excerpt == NULL)
				return;
			fuzz_check(excerpt[strlen(excerpt) - 1] == '\n');
			free(excerpt);
		}
}

static void
check_places(const char *text, size_t length)
{
	int			line = 1;

	for (size_t i = 0; i < length && i < 300; i++)
	{
		int			found;
		int			column;

		slipway_script_text_locate(text, i, &found, &column);
		fuzz_check(found == line && column >= 1);
		line += text[i] == '\n';
	}
}

/* Lines of one side put together again are that text. */
static void
check_side(const SlipwayLineDiff *diff, const char *text, SlipwayLineChange other)
{
	const char *at = text;

	for (size_t i = 0; i < diff->count; i++)
	{
		const SlipwayLine *line = &diff->lines[i];

		fuzz_check(line->change != SLIPWAY_LINE_GAP);
		if (line->change == other)
			continue;
		fuzz_check(strncmp(at, line->text, line->length) == 0);
		at += line->length;
		fuzz_check(*at == '\n' || *at == '\0');
		at += *at == '\n';
	}
	fuzz_check(*at == '\0');
}

static void
check_difference(const char *text)
{
	char	   *before = strdup(text);
	char	   *after = strchr(before, '\f');
	SlipwayLineDiff *diff;

	if (after != NULL)
	{
		*after++ = '\0';
		diff = slipway_line_diff_make(before, after, 100000);
		if (diff->count > 0)
		{
			check_side(diff, before, SLIPWAY_LINE_ADDED);
			check_side(diff, after, SLIPWAY_LINE_REMOVED);
		}
		slipway_line_diff_free(diff);
		diff = slipway_line_diff_make(before, after, 1);
		slipway_line_diff_free(diff);
	}
	free(before);
}

/* A part of nothing else stays as it is: then the client's hash is not the server's, which refuses the script. */
static bool
fills_part(const char *text, const char *what)
{
	size_t		size = strlen(what);
	size_t		run = 0;

	for (; *text != '\0' && run < SLIPWAY_PART_SIZE; text++)
		if (strncmp(text, what, size) == 0)
		{
			run += size;
			text += size - 1;
		}
		else
			run = 0;
	return run >= SLIPWAY_PART_SIZE;
}

/* In parts it has the same normal form as at once. */
static void
read_script(void *argument)
{
	const Input *input = argument;
	char	   *whole = fuzz_text((const uint8_t *) input->bytes, input->size);
	size_t		length = slipway_script_text_normalise(whole, input->size, true);
	SlipwayScriptReader reader = {.idle = NULL};
	size_t		at = 0;

	slipway_script_reader_open(&reader, input->path);
	do
	{
		size_t		size;
		const char *part = slipway_script_reader_next(&reader, &size);

		fuzz_check(at + size <= length && (size == 0 || memcmp(whole + at, part, size) == 0));
		at += size;
	} while (!reader.at_end);
	fuzz_check(at == length);
	slipway_script_reader_close(&reader);
	slipway_script_reader_release(&reader);
	fuzz_check(slipway_script_text_normalise(whole, length, true) == length);
	free(whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {.path = fuzz_file(data, size),.bytes = (const char *) data,.size = size};
	char	   *text = fuzz_text(data, size);
	size_t		offset;
	SlipwayTextFault fault = slipway_script_text_check(text, size, &offset);

	fuzz_check(fault == SLIPWAY_TEXT_GOOD || offset < size);
	if (!fills_part(text, "\r") && !fills_part(text, "\xef\xbb\xbf"))
		fuzz_check(fuzz_try(read_script, &input) == (fault != SLIPWAY_TEXT_GOOD));
	check_shown(text);
	check_fit(text);
	if (fault == SLIPWAY_TEXT_GOOD)
	{
		check_excerpt(text, size);
		check_places(text, size);
		check_difference(text);
	}
	free(text);
	return 0;
}
