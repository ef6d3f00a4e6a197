/*
 * pipeline.h
 *	  Many statements in one exchange with the server.
 */
#ifndef SLIPWAY_PIPELINE_H
#define SLIPWAY_PIPELINE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define SLIPWAY_PIPELINE_MAX_VALUES 4

/* Gets each good result, in order; it is cleared afterwards. */
typedef void (*SlipwayPipelineTake) (void *context, size_t index, const PGresult *result);

typedef struct SlipwayPipeline
{
	PGconn	   *conn;
	SlipwayPipelineTake take;
	void	   *context;
	const char *sql;			/* what the unnamed statement is prepared for */
	size_t		queued;			/* statements, preparations among them */
	size_t		answered;
	size_t		results;		/* that were taken */
	bool		synced;			/* the Sync's own answer has arrived */
} SlipwayPipeline;

/* A parameter: text that ends in a NUL (length 0), or length bytes in binary form. */
typedef struct SlipwayValue
{
	const char *bytes;			/* NULL: null */
	size_t		length;
	bool		binary;
} SlipwayValue;

/*
 * Begins an implicit transaction that holds everything up to the close. The
 * first error, there or later, ends the program.
 */
void		slipway_pipeline_open(SlipwayPipeline *pipeline, PGconn *conn, SlipwayPipelineTake take,
								  void *context);

/*
 * Sends a statement; the same text as before is not parsed again. The values
 * may be freed afterwards: memory is bounded by the largest of them.
 */
void		slipway_pipeline_send(SlipwayPipeline *pipeline, const char *sql,
								  const SlipwayValue *values, int count);

/* Waits for the rest of the answers, and with them for the commit. */
void		slipway_pipeline_close(SlipwayPipeline *pipeline);

#endif
