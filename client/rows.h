/*
 * rows.h
 *	  The answer to a query, printed as it is: as a table, as CSV, or as JSON.
 */
#ifndef SLIPWAY_ROWS_H
#define SLIPWAY_ROWS_H

#include <libpq-fe.h>

#include "option.h"

typedef enum SlipwayRowsFormat
{
	SLIPWAY_ROWS_TABLE,
	SLIPWAY_ROWS_CSV,
	SLIPWAY_ROWS_JSON			/* an object for each row, a line each */
} SlipwayRowsFormat;

/* What --format and --json say; what is not possible here ends the program with SLIPWAY_EXIT_USAGE. */
SlipwayRowsFormat slipway_rows_format(const SlipwayArguments *arguments);

/*
 * Columns are called as in the answer; in a table with blanks for underscores. In JSON booleans and numbers are such, and there is a
 * member "event".
 */
void		slipway_rows_print(const PGresult *result, SlipwayRowsFormat format, const char *event);

#endif
