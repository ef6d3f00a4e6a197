/*
 * result.c
 *	  How running a task, or some in one transaction, went.
 */
#include "postgres.h"

#include "result.h"
#include "secret.h"

void
slipway_result_catch(SlipwayResult *result, const SlipwayRun *run, const SlipwayPlace *place)
{
	MemoryContextSwitchTo(run->context);
	result->error = CopyErrorData();
	result->position = slipway_place_last();
	result->location = place->in_statement ? place->statement.location : -1;
	FlushErrorState();
	slipway_secret_scrub(result->error, slipway_place_last_in_secret());
}
