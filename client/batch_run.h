/*
 * batch_run.h
 *	  Works on a batch, with several processes at a time, and shows how far it is.
 *
 * SIGINT and SIGTERM: no item is begun any more, those that are begun are finished. A second one has them undone, a third one
 * ends the processes at once. Whatever has ended it, the batch can be resumed.
 */
#ifndef SLIPWAY_BATCH_RUN_H
#define SLIPWAY_BATCH_RUN_H

#include <stdbool.h>

#include "batch.h"
#include "exit_code.h"
#include "option.h"

#define SLIPWAY_BATCH_MAX_PARALLEL 64

typedef enum SlipwayBatchStop
{
	SLIPWAY_BATCH_NOT_STOPPED,	/* there was nothing more to do, as far as could be seen */
	SLIPWAY_BATCH_INTERRUPTED,	/* by a signal */
	SLIPWAY_BATCH_TOO_MANY_FAILURES,
	SLIPWAY_BATCH_OUT_OF_TIME,
	SLIPWAY_BATCH_FAULT			/* no worker could go on */
} SlipwayBatchStop;

typedef struct SlipwayBatchRun
{
	const SlipwayArguments *arguments;
	const char *batch;			/* its number */
	int			parallel;		/* from 1 to SLIPWAY_BATCH_MAX_PARALLEL */
	long		max_failures;	/* of this run; 0: no limit */
	double		max_duration;	/* ms; 0: no limit */
	long		total;			/* items to do */

	SlipwayBatchStop stop;		/* is set: how it has ended */
	SlipwayBatchCounts counts;	/* of this run */
	bool		lost_some;		/* items that were begun here, and that nobody may have now */
	double		duration;
	SlipwayExitCode fault_code;
	char	   *fault;			/* NULL: there was none; the caller frees it */
} SlipwayBatchRun;

/* Nothing of the process may be connected to a server or a store: it forks. */
void		slipway_batch_run(SlipwayBatchRun *run);

#endif
