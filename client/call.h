/*
 * call.h
 *	  A long statement that can be interrupted.
 */
#ifndef SLIPWAY_CALL_H
#define SLIPWAY_CALL_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Something to do every now and then meanwhile. */
typedef struct SlipwayCallTicker
{
	void		(*tick) (void *context);	/* NULL: nothing */
	void	   *context;
	int			interval_ms;
} SlipwayCallTicker;

/*
 * Runs a statement outside pipeline mode while signals are watched: the
 * first one cancels the statement at the server, whose answer is still
 * awaited; a second one ends the program with SLIPWAY_EXIT_ERROR. Returns
 * the first result with an error, else the last one, and sets *interrupted
 * when a signal came. The caller clears the result.
 */
PGresult   *slipway_call_run(PGconn *conn, const char *sql, int count, const char *const *values,
							 const SlipwayCallTicker *ticker, bool *interrupted);

#endif
