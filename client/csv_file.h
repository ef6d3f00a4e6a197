/*
 * csv_file.h
 *	  A table in a file of the user's. Whatever is wrong with it ends the program with SLIPWAY_EXIT_USAGE, and names file and line.
 */
#ifndef SLIPWAY_CSV_FILE_H
#define SLIPWAY_CSV_FILE_H

#include "csv.h"

/* Reads it, stdin for "-". Its first record names the columns, each differently; the others have as many fields. slipway_csv_free() releases it. */
SlipwayCsv *slipway_csv_file_read(const char *path);

/* Which column has that name, or another one (or NULL) in its place; there has to be one. */
size_t		slipway_csv_file_column(const SlipwayCsv *csv, const char *path, const char *name, const char *other);

#endif
