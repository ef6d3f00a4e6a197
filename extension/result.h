/*
 * result.h
 *	  How running a task, or some in one transaction, went.
 */
#ifndef SLIPWAY_RESULT_H
#define SLIPWAY_RESULT_H

#include "run.h"
#include "script_error.h"

typedef struct SlipwayResult
{
	ErrorData  *error;			/* NULL: all of it is committed */
	const SlipwayTask *task;	/* whose error it is */
	SlipwayPosition position;	/* of the error */
	int			location;		/* of the statement that failed, in bytes of the script; -1: of none */
	bool		advanced;		/* it has come further than the try before */
	bool		part_way;		/* something of it is committed, also by that */
	bool		untold;			/* the statement that failed has committed something, nobody knows what */
	int			unit;			/* at which it stopped, from 1; 0: not stepwise */
	TimestampTz started_at;
} SlipwayResult;

/* In PG_CATCH: takes the error, into run->context; the caller recovers. */
extern void slipway_result_catch(SlipwayResult *result, const SlipwayRun *run, const SlipwayPlace *place);

#endif							/* SLIPWAY_RESULT_H */
