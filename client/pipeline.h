/*
 * pipeline.h
 *	  One statement many times, in one exchange with the server.
 */
#ifndef SLIPWAY_PIPELINE_H
#define SLIPWAY_PIPELINE_H

#include <libpq-fe.h>
#include <stddef.h>

#define SLIPWAY_PIPELINE_MAX_VALUES 4

typedef struct SlipwayPipeline
{
	const char *sql;
	int			value_count;
	size_t		count;			/* how many times */
	void	   *context;
	/* sets the values of the index-th time; they stay valid until release */
	void		(*fill) (void *context, size_t index, const char *values[SLIPWAY_PIPELINE_MAX_VALUES]);
	void		(*release) (void *context, size_t index);
	/* gets each good result, in order; it is cleared afterwards */
	void		(*take) (void *context, size_t index, const PGresult *result);
} SlipwayPipeline;

/*
 * Runs it in one implicit transaction. Memory stays bounded by the largest
 * values of one time. The first error ends the program.
 */
void		slipway_pipeline_run(PGconn *conn, const SlipwayPipeline *pipeline);

#endif
