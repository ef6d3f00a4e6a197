/*
 * attempt.h
 *	  An attempt to connect that goes on beside other work.
 */
#ifndef SLIPWAY_ATTEMPT_H
#define SLIPWAY_ATTEMPT_H

#include <libpq-fe.h>

#include "buffer.h"

/*
 * Called once with the connection when the login is complete, if that is so
 * before it is taken: to send what need not wait for the other work, in pipeline
 * mode. Must not wait for an answer.
 */
typedef void (*SlipwayAttemptReady) (PGconn *conn, void *context);

/* All zeroes: none is under way. */
typedef struct SlipwayAttempt
{
	PGconn	   *conn;
	PostgresPollingStatusType wants;	/* what it waits for, or how it ended */
	double		begun_at;
	SlipwayBuffer notices;		/* what the server said meanwhile */
	SlipwayAttemptReady ready;	/* NULL: it was called, or there is none */
	void	   *context;
	PQnoticeProcessor process_notice;	/* libpq's own */
} SlipwayAttempt;

/* Begins with a connection of PQconnectStartParams(), which may have failed; ready may be NULL. */
void		slipway_attempt_begin(SlipwayAttempt *attempt, PGconn *conn, SlipwayAttemptReady ready,
								  void *context);

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
