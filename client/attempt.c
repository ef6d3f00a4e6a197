/*
 * attempt.c
 *	  An attempt to connect that goes on beside other work.
 *
 * libpq is driven here as its blocking functions drive it themselves, but for
 * connect_timeout, which only those keep: see head_start.h.
 */
#include "attempt.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "die.h"
#include "server.h"

/*
 * Servers end connections that do not log in (authentication_timeout) or that
 * do nothing (idle_session_timeout). When the other work took that long, there
 * was nothing to be gained.
 */
#define MAX_AGE_MS 1000

/* How long a server may need until it can be left without a word in its log. */
#define LEAVE_MS 1000

/* People are to read it where the connection is wanted, not amid the other work. */
static void
keep_notice(void *context, const char *message)
{
	slipway_buffer_add(context, message);
}

void
slipway_attempt_begin(SlipwayAttempt *attempt, PGconn *conn, SlipwayAttemptReady ready,
					  void *context)
{
	*attempt = (SlipwayAttempt) {
		.conn = conn,
		.wants = PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING,
		.begun_at = slipway_clock_now(),
		.ready = ready,
		.context = context,
	};
	attempt->process_notice = PQsetNoticeProcessor(conn, keep_notice, &attempt->notices);
}

static bool
goes_on(const SlipwayAttempt *attempt)
{
	return attempt->conn != NULL && attempt->wants != PGRES_POLLING_OK &&
		attempt->wants != PGRES_POLLING_FAILED;
}

/*
 * Goes on by one step as soon as the socket is ready, which may be another one
 * each time; false if it is not within so many milliseconds (-1: any number).
 */
static bool
take_step(SlipwayAttempt *attempt, int timeout)
{
	struct pollfd socket = {
		.fd = PQsocket(attempt->conn),
		.events = attempt->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT,
	};
	int			ready = poll(&socket, 1, timeout);

	if (ready < 0 && errno != EINTR)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not wait for the server: %s", strerror(errno));
	if (ready > 0)
		attempt->wants = PQconnectPoll(attempt->conn);
	return ready > 0;
}

void
slipway_attempt_advance(SlipwayAttempt *attempt)
{
	SlipwayAttemptReady ready = attempt->ready;

	while (goes_on(attempt) && take_step(attempt, 0))
		;
	if (ready == NULL || attempt->conn == NULL || attempt->wants != PGRES_POLLING_OK)
		return;
	attempt->ready = NULL;
	ready(attempt->conn, attempt->context);
}

/* Hands out the connection, as libpq's blocking functions would have left it. */
static PGconn *
let_go(SlipwayAttempt *attempt)
{
	PGconn	   *conn = attempt->conn;

	(void) PQsetNoticeProcessor(conn, attempt->process_notice, NULL);
	free(slipway_buffer_take(&attempt->notices));
	*attempt = (SlipwayAttempt) {.conn = NULL};
	return conn;
}

PGconn *
slipway_attempt_finish(SlipwayAttempt *attempt)
{
	if (attempt->conn == NULL)
		return NULL;
	if (slipway_clock_now() - attempt->begun_at > MAX_AGE_MS)
	{
		slipway_attempt_abandon(attempt);
		return NULL;
	}
	while (goes_on(attempt))
		(void) take_step(attempt, -1);
	if (attempt->notices.length > 0)
		attempt->process_notice(NULL, attempt->notices.data);
	return let_go(attempt);
}

/* Has the server been sent something that it may be about to answer? */
static bool
is_talking(const SlipwayAttempt *attempt)
{
	ConnStatusType status = PQstatus(attempt->conn);

	return goes_on(attempt) && status != CONNECTION_STARTED && status != CONNECTION_MADE;
}

/* Reads answers that have come; false if more is to come before the server wants to hear something. */
static bool
read_answers(PGconn *conn)
{
	while (PQisBusy(conn) == 0)
	{
		PGresult   *result = PQgetResult(conn);

		/* what is a COPY has no end */
		bool		over = PQresultStatus(result) == PGRES_PIPELINE_SYNC || slipway_server_is_copy(result) || PQstatus(conn) == CONNECTION_BAD;

		PQclear(result);
		if (over)
			return true;
	}
	return false;
}

/* Waits for the answers to what was sent when the login was complete. */
static void
hear_out(PGconn *conn, double until)
{
	while (!read_answers(conn))
	{
		struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
		double		left = until - slipway_clock_now();

		if (left <= 0 || poll(&socket, 1, (int) left + 1) <= 0 || PQconsumeInput(conn) == 0)
			return;
	}
}

/*
 * A server that finds nobody to answer complains of it. When the login is
 * complete, it can be told of the end; before it has begun, it need not be.
 */
void
slipway_attempt_abandon(SlipwayAttempt *attempt)
{
	double		until = slipway_clock_now() + LEAVE_MS;

	if (attempt->conn == NULL)
		return;
	while (is_talking(attempt))
	{
		double		left = until - slipway_clock_now();

		if (left <= 0)
			break;
		(void) take_step(attempt, (int) left + 1);
	}
	if (PQpipelineStatus(attempt->conn) == PQ_PIPELINE_ON)
		hear_out(attempt->conn, until);
	PQfinish(let_go(attempt));
}
