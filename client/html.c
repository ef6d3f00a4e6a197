/*
 * html.c
 *	  A page for a browser.
 */
#include "html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "html_style.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

/* Should an escape be missing somewhere, the browser has still nothing to run or to fetch. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

void
slipway_html_begin(SlipwayBuffer *page, const char *title)
{
	slipway_html_add(page,
					 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
					 "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
					 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
					 "<meta name=\"color-scheme\" content=\"light dark\">\n"
					 "<meta name=\"generator\" content=\"slipway " SLIPWAY_VERSION "\">\n"
					 "<title>%s</title>\n<style>\n", title);
	slipway_buffer_add(page, slipway_html_style);
	slipway_buffer_add(page, "</style>\n</head>\n<body>\n");
}

void
slipway_html_end(SlipwayBuffer *page)
{
	slipway_buffer_add(page, "</body>\n</html>\n");
}

/*
 * The code point of the UTF-8 sequence at text, and its bytes; 0 if there is
 * none, or one of a kind that RFC 3629 forbids.
 */
static uint32_t
decode(const unsigned char *text, size_t length, size_t *bytes)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t		count = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint32_t	code = text[0] & (0xffU >> (count + 1));

	*bytes = 1;
	if (text[0] < 0xc2 || text[0] > 0xf4 || count > length)
		return 0;
	for (size_t i = 1; i < count; i++)
	{
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3fU);
	}
	if (code < smallest[count] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*bytes = count;
	return code;
}

/* Would people not see that it is there, or see what stands around it otherwise? */
static bool
is_deceptive(uint32_t code)
{
	return code < 0xa0 || code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
		(code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
		code == 0xfeff || (code >= 0xfff0 && code <= 0xfffb) || (code >= 0xe0000 && code <= 0xe0fff);
}

/* Adds a character of one byte. */
static void
add_plain(SlipwayBuffer *page, unsigned char c)
{
	if (c == '&')
		slipway_buffer_add(page, "&amp;");
	else if (c == '<')
		slipway_buffer_add(page, "&lt;");
	else if (c == '>')
		slipway_buffer_add(page, "&gt;");
	else if (c == '"')
		slipway_buffer_add(page, "&quot;");
	else if (c == '\'')
		slipway_buffer_add(page, "&#39;");
	else if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f))
		slipway_buffer_add_char(page, (char) c);
	else
	{
		/* the picture that Unicode has of it */
		const char	picture[] = {'\xe2', '\x90', (char) (0x80 + (c == 0x7f ? 0x21 : c)), '\0'};

		slipway_buffer_add(page, picture);
	}
}

void
slipway_html_text(SlipwayBuffer *page, const char *text, size_t length)
{
	for (size_t i = 0, bytes; i < length; i += bytes)
	{
		const unsigned char *at = (const unsigned char *) text + i;
		uint32_t	code;
		char		name[16];

		bytes = 1;
		if (*at < 0x80)
		{
			add_plain(page, *at);
			continue;
		}
		code = decode(at, length - i, &bytes);
		if (code == 0)
			slipway_buffer_add(page, REPLACEMENT);
		else if (is_deceptive(code))
		{
			(void) snprintf(name, sizeof(name), "[U+%04X]", (unsigned int) code);
			slipway_buffer_add(page, name);
		}
		else
			slipway_buffer_add_bytes(page, text + i, bytes);
	}
}

/* Adds what the conversion at the percent sign stands for, and returns what follows it. */
static const char *
add_value(SlipwayBuffer *page, const char *conversion, va_list *values)
{
	char		number[64];

	if (strncmp(conversion, "%s", 2) == 0)
	{
		const char *text = va_arg(*values, const char *);

		slipway_html_text(page, text, strlen(text));
		return conversion + 2;
	}
	if (strncmp(conversion, "%%", 2) == 0)
	{
		slipway_buffer_add_char(page, '%');
		return conversion + 2;
	}
	if (strncmp(conversion, "%d", 2) == 0)
		(void) snprintf(number, sizeof(number), "%d", va_arg(*values, int));
	else if (strncmp(conversion, "%ld", 3) == 0)
		(void) snprintf(number, sizeof(number), "%ld", va_arg(*values, long));
	else if (strncmp(conversion, "%zu", 3) == 0)
		(void) snprintf(number, sizeof(number), "%zu", va_arg(*values, size_t));
	else if (strncmp(conversion, "%.2f", 4) == 0)
		(void) snprintf(number, sizeof(number), "%.2f", va_arg(*values, double));
	else
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "unknown conversion in markup: %s", conversion);
	slipway_buffer_add(page, number);
	return conversion + 1 + strcspn(conversion, "duf");
}

void
slipway_html_add(SlipwayBuffer *page, const char *markup,...)
{
	va_list		values;

	va_start(values, markup);
	while (*markup != '\0')
	{
		size_t		plain = strcspn(markup, "%");

		slipway_buffer_add_bytes(page, markup, plain);
		markup += plain;
		if (*markup == '%')
			markup = add_value(page, markup, &values);
	}
	va_end(values);
}
