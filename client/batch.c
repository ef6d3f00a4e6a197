/*
 * batch.c
 *	  Batches of projects, as the server has them.
 */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "die.h"
#include "memory.h"
#include "server.h"

#define COLUMNS \
	"SELECT b.batch, b.name, b.options OPERATOR(pg_catalog.->>) 'schedule', b.failures_left,\n" \
	"       " SLIPWAY_SERVER_UTC("b.created_at") ", b.created_by, " SLIPWAY_SERVER_UTC("b.started_at") ",\n" \
	"       " SLIPWAY_SERVER_UTC("b.finished_at") ", " SLIPWAY_SERVER_UTC("b.stopped_at") ", b.stopped_by, b.stop_reason,\n" \
	"       b.items, b.waiting, b.running, b.interrupted, b.succeeded, b.failed, b.rolled_back, b.skipped\n" \
	"  FROM slipway.batch b\n"

enum
{
	NUMBER, NAME, SCHEDULE, FAILURES_LEFT, CREATED_AT, CREATED_BY, STARTED_AT, FINISHED_AT, STOPPED_AT, STOPPED_BY, STOP_REASON,
	ITEMS, WAITING, RUNNING, INTERRUPTED, SUCCEEDED, FAILED, ROLLED_BACK, SKIPPED
};

static long
read_count(const PGresult *result, int row, int column)
{
	return (long) slipway_server_number(result, row, column, 0);
}

/* The result stays somebody else's. */
static SlipwayBatch
read_row(const PGresult *result, int row)
{
	return (SlipwayBatch) {
		.number = PQgetvalue(result, row, NUMBER),
		.name = slipway_server_text(result, row, NAME),
		.schedule = slipway_server_text(result, row, SCHEDULE),
		.failures_left = (long) slipway_server_number(result, row, FAILURES_LEFT, -1),
		.created_at = PQgetvalue(result, row, CREATED_AT),
		.created_by = PQgetvalue(result, row, CREATED_BY),
		.started_at = slipway_server_text(result, row, STARTED_AT),
		.finished_at = slipway_server_text(result, row, FINISHED_AT),
		.stopped_at = slipway_server_text(result, row, STOPPED_AT),
		.stopped_by = slipway_server_text(result, row, STOPPED_BY),
		.stop_reason = slipway_server_text(result, row, STOP_REASON),
		.counts = {
			.items = read_count(result, row, ITEMS),
			.waiting = read_count(result, row, WAITING),
			.running = read_count(result, row, RUNNING),
			.interrupted = read_count(result, row, INTERRUPTED),
			.succeeded = read_count(result, row, SUCCEEDED),
			.failed = read_count(result, row, FAILED),
			.rolled_back = read_count(result, row, ROLLED_BACK),
			.skipped = read_count(result, row, SKIPPED),
		},
	};
}

void
slipway_batch_read(PGconn *conn, const char *word, SlipwayBatch *batch)
{
	const char *const values[] = {word};
	PGresult   *result = slipway_server_query(conn, COLUMNS " WHERE b.batch::text = $1 OR b.name = $1\n"
											  " ORDER BY b.batch::text = $1 DESC", 1, values);

	if (PQntuples(result) == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway credential batch list\".", "there is no batch \"%s\"", word);
	*batch = read_row(result, 0);
	batch->result = result;
}

void
slipway_batch_release(SlipwayBatch *batch)
{
	PQclear(batch->result);
	*batch = (SlipwayBatch) {.result = NULL};
}

SlipwayBatch *
slipway_batch_list(PGconn *conn, size_t *count)
{
	PGresult   *result = slipway_server_query(conn, COLUMNS " ORDER BY b.batch", 0, NULL);
	SlipwayBatch *list;

	*count = (size_t) PQntuples(result);
	list = slipway_memory_new((*count + 1) * sizeof(SlipwayBatch));
	for (size_t i = 0; i < *count; i++)
		list[i] = read_row(result, (int) i);
	if (*count > 0)
		list[0].result = result;
	else
		PQclear(result);
	return list;
}

char *
slipway_batch_title(const SlipwayBatch *batch)
{
	return batch->name != NULL ? slipway_memory_format("%s (%s)", batch->number, batch->name)
		: slipway_memory_copy(batch->number);
}

long
slipway_batch_left(const SlipwayBatchCounts *counts)
{
	return counts->waiting + counts->running + counts->interrupted;
}

const char *
slipway_batch_state(const SlipwayBatch *batch)
{
	const SlipwayBatchCounts *counts = &batch->counts;

	if (slipway_batch_left(counts) == 0)
		return "done";
	if (counts->running > 0)
		return "running";
	if (batch->stopped_at != NULL || batch->failures_left == 0)
		return "stopped";
	return counts->interrupted > 0 ? "interrupted" : "waiting";
}

static void
add_count(SlipwayBuffer *text, long count, const char *what)
{
	if (count > 0)
		slipway_buffer_format(text, "%s%ld %s", text->length > 0 ? ", " : "", count, what);
}

char *
slipway_batch_describe(const SlipwayBatchCounts *counts)
{
	SlipwayBuffer text = {0};

	add_count(&text, counts->succeeded, "succeeded");
	add_count(&text, counts->rolled_back, "rolled back");
	add_count(&text, counts->failed, "failed");
	add_count(&text, counts->skipped, "skipped");
	add_count(&text, counts->running, "running");
	add_count(&text, counts->interrupted, "interrupted");
	add_count(&text, counts->waiting, "waiting");
	if (text.length == 0)
		slipway_buffer_add(&text, "nothing");
	return slipway_buffer_take(&text);
}

char *
slipway_batch_array(const char *const *texts, size_t count)
{
	SlipwayBuffer array = {0};

	slipway_buffer_add_char(&array, '{');
	for (size_t i = 0; i < count; i++)
	{
		slipway_buffer_add(&array, i > 0 ? ",\"" : "\"");
		for (const char *at = texts[i]; *at != '\0'; at++)
		{
			if (*at == '"' || *at == '\\')
				slipway_buffer_add_char(&array, '\\');
			slipway_buffer_add_char(&array, *at);
		}
		slipway_buffer_add_char(&array, '"');
	}
	slipway_buffer_add_char(&array, '}');
	return slipway_buffer_take(&array);
}
