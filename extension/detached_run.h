/*
 * detached_run.h
 *	  The row that a detached deploy has in slipway.detached_run.
 */
#ifndef SLIPWAY_DETACHED_RUN_H
#define SLIPWAY_DETACHED_RUN_H

#include "project.h"

/*
 * Adds the row of a deploy whose worker is this process, and returns its
 * number. Opens a scope of spi.h; takes effect with the caller's commit, up to
 * which others wait for their number.
 */
extern int64 slipway_detached_run_add(const SlipwayProject *project);

/* How a deploy ended. */
typedef struct SlipwayDetachedEnd
{
	const ErrorData *error;		/* NULL: well */
	int			stopped_unit;	/* at which a migration stopped part way; 0: none did */
	int			units;			/* of that migration */
} SlipwayDetachedEnd;

/* Writes that into its row. Opens a scope. */
extern void slipway_detached_run_end(const char *project, int64 number, const SlipwayDetachedEnd *end);

/* The pids of the workers of a project that go on, as a list of int. Opens a scope. */
extern List *slipway_detached_run_pids(const char *project);

#endif							/* SLIPWAY_DETACHED_RUN_H */
