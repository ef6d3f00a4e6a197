/*
 * normal_form.c
 *	  The form in which script bodies are hashed and stored.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "normal_form.h"

size_t
slipway_normal_form_part(char *bytes, size_t length, bool start)
{
	const char *end = bytes + length;
	const char *from = bytes;
	char	   *to = bytes;
	const char *found;

	while (start && end - from >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0)
		from += 3;
	/* Each CR right before an LF goes, so that the normal form of this one is itself. */
	while ((found = memchr(from, '\r', end - from)) != NULL)
	{
		const char *after = found;

		while (after < end && *after == '\r')
			after++;
		if (after == end || *after != '\n')
			found = after;
		memmove(to, from, found - from);
		to += found - from;
		from = after;
	}
	if (to != from)
		memmove(to, from, end - from);
	return to + (end - from) - bytes;
}

void
slipway_normal_form(char *body)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
	size_t		length = strlen(body);

	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		(void) pg_verify_mbstr(PG_UTF8, body, length, false);
	body[slipway_normal_form_part(body, length, utf8)] = '\0';
}
