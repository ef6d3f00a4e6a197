/*
 * utf8_form.c
 *	  Text that has a form in UTF-8, as records have it.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "common/string.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "utf8_form.h"

char *
slipway_utf8_form(char *text)
{
	int			encoding = GetDatabaseEncoding();
	int			len = text ? strlen(text) : 0;
	int			room = len * MAX_CONVERSION_GROWTH + 1;
	char	   *copy;
	unsigned char *utf8;

	if (len == 0 || pg_is_ascii(text) || (encoding == PG_UTF8 && pg_encoding_verifymbstr(PG_UTF8, text, len) == len))
		return text;
	copy = pstrdup(text);
	utf8 = palloc(room);
	for (int good = 0; good < len;)
	{
		if (encoding == PG_SQL_ASCII || encoding == PG_UTF8)
			good += pg_encoding_verifymbstr(PG_UTF8, copy + good, len - good);
		else
			good = pg_do_encoding_conversion_buf(FindDefaultConversionProc(encoding, PG_UTF8),
												 encoding, PG_UTF8, (unsigned char *) copy, len,
												 utf8, room, true);
		if (good < len)
			copy[good] = '?';
	}
	pfree(utf8);
	return copy;
}
