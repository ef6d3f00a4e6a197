/*
 * load.h
 *	  What many connections at a time feel: how long each takes to get, and a query on it.
 */
#ifndef SLIPWAY_LOAD_H
#define SLIPWAY_LOAD_H

#include <stdbool.h>

#include "target.h"

/* Milliseconds that so many percent of all did not exceed. */
typedef struct SlipwayPercentiles
{
	double		p50;
	double		p95;
	double		p99;
} SlipwayPercentiles;

typedef struct SlipwayLoad
{
	int			connections;	/* at a time */
	double		duration;		/* ms */
	long		count;			/* how often one was had and used */
	long		failures;		/* how often not */
	char	   *fault;			/* the first of them, or NULL; without passwords */
	SlipwayPercentiles acquire;
	SlipwayPercentiles query;
} SlipwayLoad;

/*
 * So many workers connect, query every 10 ms and disconnect, ten times in so long (ms). The target is
 * used by all of them at once. slipway_load_free() releases what is in the result.
 */
SlipwayLoad slipway_load_run(const SlipwayTarget *target, int connections, double duration);
void		slipway_load_free(SlipwayLoad *load);

/*
 * Writes the figures into a file as a baseline for later, or reads them; errors end the program
 * with SLIPWAY_EXIT_ERROR, a malformed file with SLIPWAY_EXIT_USAGE.
 */
void		slipway_load_save(const SlipwayLoad *load, const char *path);
SlipwayLoad slipway_load_read(const char *path);

#endif
