/*
 * cmd_credential_batch_watch.c
 *	  slipway credential batch watch
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "batch_command.h"
#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "progress.h"
#include "server.h"

#define LOOK_MS 500

/* So long nobody may be at work before it is given up: between two items there is nobody for a moment. */
#define IDLE_LOOKS 20

/* What has been seen. */
typedef struct Watch
{
	PGconn	   *conn;
	const char *number;
	int		   *told;			/* by the number of the item: the attempt whose end was told; 0: none */
	long		items;
	SlipwayProgress *progress;
} Watch;

static void
tell_item(const PGresult *result, int row)
{
	const char *outcome = PQgetvalue(result, row, 1);
	char	   *duration = slipway_output_duration(slipway_server_number(result, row, 2, 0));

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:s, s:f, s:o}", "event", "item", "project", slipway_output_json_text(PQgetvalue(result, row, 0)),
									  "outcome", outcome, "duration_ms", slipway_server_number(result, row, 2, 0),
									  "message", slipway_output_json_text(slipway_server_text(result, row, 3))));
	else if (strcmp(outcome, "succeeded") == 0)
		slipway_output_say("%s: succeeded in %s", PQgetvalue(result, row, 0), duration);
	else
		slipway_output_warn(NULL, "%s: %s: %s", PQgetvalue(result, row, 0), strcmp(outcome, "rolled_back") == 0 ? "rolled back" : outcome,
							PQgetisnull(result, row, 3) ? "" : PQgetvalue(result, row, 3));
	free(duration);
}

/*
 * Those that have ended since; or, silently, until now. Which they are does not depend on when they have ended: what is
 * committed first need not have ended first.
 */
static void
tell_items(Watch *watch, bool silent)
{
	const char *const values[] = {watch->number};
	PGresult   *result = slipway_server_query(watch->conn, "SELECT i.project, i.outcome, pg_catalog.date_part('epoch', i.duration) OPERATOR(pg_catalog.*) 1000, i.message,\n"
											  "       i.item, i.attempt\n"
											  "  FROM slipway.batch_item i\n"
											  " WHERE i.batch = $1 AND i.outcome IN ('succeeded', 'failed', 'rolled_back', 'skipped')\n"
											  " ORDER BY i.finished_at", 1, values);

	for (int row = 0; row < PQntuples(result); row++)
	{
		long		item = (long) slipway_server_number(result, row, 4, 0);
		int			attempt = (int) slipway_server_number(result, row, 5, 0);

		if (item < 1 || item > watch->items || watch->told[item - 1] == attempt)
			continue;
		watch->told[item - 1] = attempt;
		if (!silent)
			tell_item(result, row);
	}
	PQclear(result);
}

/* The highest number of an item: whoever may not see all projects does not see all numbers. */
static long
count_items(const Watch *watch)
{
	PGresult   *result = slipway_server_query(watch->conn, "SELECT pg_catalog.max(item) FROM slipway.batch_item WHERE batch = $1", 1, &watch->number);
	long		items = (long) slipway_server_number(result, 0, 0, 0);

	PQclear(result);
	return items;
}

static void
show(const Watch *watch, const SlipwayBatch *batch)
{
	const char *const values[] = {watch->number};
	PGresult   *result;

	if (watch->progress == NULL)
		return;
	result = slipway_server_query(watch->conn, "SELECT pg_catalog.string_agg(i.project, ', ' ORDER BY i.claimed_at),\n"
								  "       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - pg_catalog.min(i.claimed_at)) OPERATOR(pg_catalog.*) 1000\n"
								  "  FROM slipway.batch_item i WHERE i.batch = $1 AND i.outcome = 'running'", 1, values);
	watch->progress->total = batch->counts.items;
	watch->progress->done = batch->counts.items - slipway_batch_left(&batch->counts);
	slipway_progress_move(watch->progress, slipway_server_text(result, 0, 0), slipway_server_number(result, 0, 1, 0));
	slipway_progress_draw(watch->progress);
	PQclear(result);
}

static bool
rest(int signal_fd)
{
	struct pollfd fd = {.fd = signal_fd, .events = POLLIN};

	return poll(&fd, 1, LOOK_MS) <= 0 || !slipway_interrupt_arrived();
}

/* Until it is done, or nobody works on it. Who interrupts it ends the looking on only. */
static SlipwayExitCode
watch_batch(Watch *watch, int signal_fd)
{
	for (int idle = 0;;)
	{
		SlipwayBatch batch;
		SlipwayExitCode code;
		long		left;

		slipway_batch_read(watch->conn, watch->number, &batch);
		tell_items(watch, false);
		left = slipway_batch_left(&batch.counts);
		idle = batch.counts.running > 0 ? 0 : idle + 1;
		code = left > 0 ? SLIPWAY_EXIT_STOPPED : slipway_batch_command_code(&batch.counts);
		if (left == 0 || (batch.counts.running == 0 && (batch.stopped_at != NULL || batch.failures_left == 0 || idle >= IDLE_LOOKS)))
		{
			char	   *counts = slipway_batch_describe(&batch.counts);

			slipway_output_say("batch %s: %s%s", batch.number, left > 0 ? "nobody works on it: " : "", counts);
			free(counts);
			slipway_batch_release(&batch);
			return code;
		}
		show(watch, &batch);
		slipway_batch_release(&batch);
		if (!rest(signal_fd))
			return SLIPWAY_EXIT_DONE;
	}
}

SlipwayExitCode
slipway_cmd_credential_batch_watch(const SlipwayArguments *arguments)
{
	Watch		watch = {.conn = slipway_credential_connect(arguments)};
	SlipwayBatch batch;
	SlipwayExitCode code;

	slipway_batch_read(watch.conn, arguments->words[1], &batch);
	watch.number = batch.number;
	watch.items = count_items(&watch);
	watch.told = slipway_memory_new((size_t) watch.items * sizeof(int));
	tell_items(&watch, true);
	watch.progress = slipway_progress_new();
	code = watch_batch(&watch, slipway_interrupt_watch());
	slipway_progress_free(watch.progress);
	slipway_interrupt_unwatch();
	slipway_batch_release(&batch);
	free(watch.told);
	return code;
}
