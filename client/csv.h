/*
 * csv.h
 *	  Tables as text with commas, RFC 4180.
 *
 * A field may be in double quotes; then a quote in it is doubled, and commas and line ends are part of it. A record ends
 * with CRLF, LF or CR. A byte order mark is no part of the first field, and lines with nothing in them are no records.
 */
#ifndef SLIPWAY_CSV_H
#define SLIPWAY_CSV_H

#include <stddef.h>

#include "buffer.h"

typedef struct SlipwayCsvRecord
{
	size_t		line;			/* where it begins, from 1 */
	char	  **fields;			/* without quotes */
	size_t		count;
} SlipwayCsvRecord;

typedef struct SlipwayCsv
{
	SlipwayCsvRecord *records;
	size_t		count;
} SlipwayCsv;

/*
 * Takes a text apart, and copies it. Returns NULL and sets *line and *reason, a constant, where it is none: a quote in the
 * middle of a field or without its end, a byte that is NUL, bytes that are no UTF-8.
 */
SlipwayCsv *slipway_csv_parse(const char *text, size_t length, size_t *line, const char **reason);

/* Takes NULL too. */
void		slipway_csv_free(SlipwayCsv *csv);

/* Which field of the first record has that name, whatever the case of its letters; SLIPWAY_CSV_NONE if none has. */
#define SLIPWAY_CSV_NONE ((size_t) -1)
size_t		slipway_csv_find_column(const SlipwayCsv *csv, const char *name);

/*
 * A field of a record; "" where it ends before that. Blanks around it are not part of it.
 */
const char *slipway_csv_field(const SlipwayCsvRecord *record, size_t column);

/*
 * Adds fields as a line. NULL is an empty one. One that a spreadsheet would take for a formula gets an apostrophe in front.
 */
void		slipway_csv_add_line(SlipwayBuffer *text, const char *const *fields, size_t count);

#endif
