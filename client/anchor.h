/*
 * anchor.h
 *	  The head of the history, kept outside of the database: what shows that somebody has cut off
 *	  the history's end, or written all of it anew.
 *
 * A file has any number of anchors, as JSON:
 *		{"slipway-anchors": 1, "anchors": [{"system": "7710861476461688001", "database": "shop",
 *		 "project": "default", "entry": 12, "head": "<64 digits>", "at": "2026-11-22T05:30:00.000Z"}]}
 * each for a project of a database of a cluster, which is known by its system identifier.
 */
#ifndef SLIPWAY_ANCHOR_H
#define SLIPWAY_ANCHOR_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "exit_code.h"
#include "option.h"

typedef struct SlipwayAnchor SlipwayAnchor;

/*
 * Reads the file of --anchor; NULL without that option. A file that is not there has no
 * anchors; one that is no such file, or (to_write) could not be written, ends the
 * program with SLIPWAY_EXIT_USAGE.
 */
SlipwayAnchor *slipway_anchor_read(const SlipwayArguments *arguments, bool to_write);

/* What is wrong with the history of a project; NULL: nothing. Sets *hint. The caller frees it. */
char	   *slipway_anchor_problem(SlipwayAnchor *anchor, PGconn *conn, const char *project, const char **hint);

/*
 * Before a run, with anchor NULL nothing: ends the program with SLIPWAY_EXIT_INVALID if the history is not the one of the
 * anchor, with more entries at most. Warns if there is no anchor for it yet.
 */
void		slipway_anchor_require(SlipwayAnchor *anchor, PGconn *conn, const char *project);

/*
 * After it, which has ended with that code: makes the newest entry the anchor, unless the file has a later one, and frees anchor.
 * The history is compared once more: if it is not that of the anchor any more, the file stays as it is, and the program ends, with
 * SLIPWAY_EXIT_INVALID or the code of a run that has failed. Others may write the file at the same time. Does nothing without a connection.
 */
void		slipway_anchor_update(SlipwayAnchor *anchor, PGconn *conn, const char *project, SlipwayExitCode code);

void		slipway_anchor_free(SlipwayAnchor *anchor);

#endif
