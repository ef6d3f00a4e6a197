/*
 * attempt.h
 *	  An attempt to connect that goes on beside other work.
 */
#ifndef SLIPWAY_ATTEMPT_H
#define SLIPWAY_ATTEMPT_H

#include <libpq-fe.h>

#include "buffer.h"

/* All zeroes: none is under way. */
typedef struct SlipwayAttempt
{
	PGconn	   *conn;
	PostgresPollingStatusType wants;	/* what it waits for, or how it ended */
	double		begun_at;
	SlipwayBuffer notices;		/* what the server said meanwhile */
	PQnoticeProcessor process_notice;	/* libpq's own */
} SlipwayAttempt;

/* Begins with a connection of PQconnectStartParams(), which may have failed. */
void		slipway_attempt_begin(SlipwayAttempt *attempt, PGconn *conn);

/*
 * Goes on as far as that is possible without waiting for the server (but
 * looking up the name of a further host takes its time). Prints nothing. Does
 * nothing, and at little cost, without an attempt or once it has ended.
 */
void		slipway_attempt_advance(SlipwayAttempt *attempt);

/*
 * Ends the attempt: waits for what lacks and returns the connection as
 * PQconnectdbParams() would. NULL without an attempt, or with one that began
 * so long ago that the server may be about to lose patience.
 */
PGconn	   *slipway_attempt_finish(SlipwayAttempt *attempt);

/* Ends it, if there is one, so that the server sees nothing to complain of. */
void		slipway_attempt_abandon(SlipwayAttempt *attempt);

#endif
