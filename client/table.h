/*
 * table.h
 *	  Tables for people.
 */
#ifndef SLIPWAY_TABLE_H
#define SLIPWAY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "output.h"

typedef struct SlipwayColumn
{
	const char *title;
	bool		right;			/* numbers */
	bool		flexible;		/* may be wrapped to fit a terminal */
} SlipwayColumn;

typedef struct SlipwayTable SlipwayTable;

/* A table of so many columns, which are borrowed, as are all texts. */
SlipwayTable *slipway_table_new(const SlipwayColumn *columns, size_t count);

/*
 * Adds a row; cells has one text per column, NULL for nothing. One cell can
 * be coloured (color NONE: none).
 */
void		slipway_table_add(SlipwayTable *table, const char *const *cells, size_t colored,
							  SlipwayColor color);

/* Adds a line of its own, indented, below the last row. */
void		slipway_table_note(SlipwayTable *table, const char *text);

/*
 * Prints the table, unless it has no rows, and releases it. On a terminal
 * (or with COLUMNS) flexible columns are wrapped so that it fits; a program
 * that reads it gets one line a row.
 */
void		slipway_table_print(SlipwayTable *table, FILE *stream);

/*
 * Prints the rows so far likewise and forgets them; those that are added
 * later go below them, in columns at least as wide.
 */
void		slipway_table_flush(SlipwayTable *table, FILE *stream);

#endif
