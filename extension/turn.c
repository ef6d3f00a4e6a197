/*
 * turn.c
 *	  The turn of a run.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "journal.h"
#include "pause.h"
#include "transaction.h"
#include "turn.h"

/* Lets runs that lost their lock to us write their end, a few seconds at most. */
static void
wait_for_others(SlipwayRun *run)
{
	for (int i = 0; i < SLIPWAY_RUN_END_POLLS && slipway_run_others_alive(run->project); i++)
	{
		slipway_transaction_next();
		slipway_pause(SLIPWAY_RUN_END_POLL_MS);
	}
	slipway_transaction_next();
}

/* Has the history grown since *head, its last hash, was read? Reads it again. */
static bool
has_moved(const SlipwayRun *run, char **head)
{
	char	   *seen = *head;

	*head = slipway_history_head(run->project);
	return (seen == NULL) != (*head == NULL) || (seen && strcmp(seen, *head) != 0);
}

bool
slipway_turn_wait(SlipwayRun *run, char **head)
{
	slipway_transaction_next();
	slipway_lock_acquire(&run->lock, run->options->lock_wait);
	wait_for_others(run);
	MemoryContextSwitchTo(run->context);
	return has_moved(run, head) || slipway_journal_is_open(run->project->name);
}
