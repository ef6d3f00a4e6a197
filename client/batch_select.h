/*
 * batch_select.h
 *	  Which projects are to be in a batch.
 */
#ifndef SLIPWAY_BATCH_SELECT_H
#define SLIPWAY_BATCH_SELECT_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "option.h"

/*
 * Makes a batch of the projects of a file, at most size of them unless that is 0, and returns its number, which the caller frees. Options is
 * a JSON object that is kept with it; name and max_failures may be NULL. What is wrong with the file ends
 * the program with SLIPWAY_EXIT_USAGE, and nothing is made.
 */
char	   *slipway_batch_from_file(PGconn *conn, const char *path, const char *name, const char *options, const char *max_failures, int size);

/* Between these nobody else chooses, so that what was looked up before is still so. */
void		slipway_batch_select_begin(PGconn *conn);
void		slipway_batch_select_end(PGconn *conn);

/*
 * The same of those whose credential has that status and that no other batch has to do with, those first that were
 * registered first. NULL if there are none. Between begin and end only.
 */
char	   *slipway_batch_from_status(PGconn *conn, const char *status, const char *name, const char *options, const char *max_failures,
									  int size);

/* Those projects, each with its role and preset; the caller clears it. */
PGresult   *slipway_batch_list_status(PGconn *conn, const char *status, int size);

/* How many there would be, and how many projects have no credential that is registered. */
void		slipway_batch_count_status(PGconn *conn, const char *status, long *count, long *unregistered);

#endif
