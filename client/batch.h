/*
 * batch.h
 *	  Batches of projects that are to get roles of their own, as the server has them.
 */
#ifndef SLIPWAY_BATCH_H
#define SLIPWAY_BATCH_H

#include <libpq-fe.h>
#include <stdbool.h>

/* How items have ended, or where they are. */
typedef struct SlipwayBatchCounts
{
	long		items;
	long		waiting;
	long		running;
	long		interrupted;	/* whoever worked on them has died */
	long		succeeded;
	long		failed;
	long		rolled_back;
	long		skipped;
} SlipwayBatchCounts;

/* A row of slipway.batch. Strings may be NULL. */
typedef struct SlipwayBatch
{
	PGresult   *result;			/* owns the strings */
	const char *number;
	const char *name;
	const char *created_at;		/* UTC, for people; so the others */
	const char *created_by;
	const char *started_at;
	const char *finished_at;
	const char *stopped_at;
	const char *stopped_by;
	const char *stop_reason;
	const char *schedule;		/* that it was made for */
	long		failures_left;	/* before it stops; negative: there is no limit */
	SlipwayBatchCounts counts;
} SlipwayBatch;

/* The batch of that number or name; if there is none the program ends. */
void		slipway_batch_read(PGconn *conn, const char *word, SlipwayBatch *batch);
void		slipway_batch_release(SlipwayBatch *batch);

/* All of them, oldest first. The caller releases each, and frees the list. */
SlipwayBatch *slipway_batch_list(PGconn *conn, size_t *count);

/* "4", or "4 (night)"; the caller frees it. */
char	   *slipway_batch_title(const SlipwayBatch *batch);

/* Those that have not ended: waiting, running, interrupted. */
long		slipway_batch_left(const SlipwayBatchCounts *counts);

/* "done", "running", "waiting", "stopped", "interrupted": where it is as a whole. */
const char *slipway_batch_state(const SlipwayBatch *batch);

/* "12 succeeded, 1 rolled back, 3 waiting"; the caller frees it. */
char	   *slipway_batch_describe(const SlipwayBatchCounts *counts);

/* Texts as an array of text, for a parameter; the caller frees it. */
char	   *slipway_batch_array(const char *const *texts, size_t count);

#endif
