/*
 * call.c
 *	  A long statement that can be interrupted.
 */
#include "call.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "connection_error.h"
#include "die.h"
#include "interrupt.h"
#include "output.h"
#include "server.h"

#define LEFT "left before the server answered"
#define LEFT_HINT "Run \"slipway status\" to see the state of things."

static void
cancel_statement(PGconn *conn)
{
	PGcancel   *cancel = PQgetCancel(conn);
	char		message[256] = "";

	slipway_output_begin_talk();
	(void) fprintf(stderr, "slipway: interrupted, cancelling (interrupt again to leave at once)\n");
	/* this connects, and waits for that */
	slipway_interrupt_leave("slipway: error: " LEFT "\nhint: " LEFT_HINT "\n");
	if (cancel == NULL || PQcancel(cancel, message, sizeof(message)) == 0)
		slipway_output_warn(NULL, "could not cancel: %s", message);
	(void) slipway_interrupt_watch();
	PQfreeCancel(cancel);
}

static void
handle_signal(PGconn *conn, bool *interrupted)
{
	if (!slipway_interrupt_arrived())
		return;
	if (*interrupted)
		slipway_die(SLIPWAY_EXIT_ERROR, LEFT_HINT, LEFT);
	*interrupted = true;
	cancel_statement(conn);
}

/* Waits until an answer is complete or the connection is gone. */
static void
wait_for_answer(PGconn *conn, int signals, const SlipwayCallTicker *ticker, bool *interrupted)
{
	while (PQisBusy(conn))
	{
		struct pollfd files[2] = {
			{.fd = PQsocket(conn), .events = POLLIN},
			{.fd = signals, .events = POLLIN},
		};

		if (poll(files, 2, ticker->tick != NULL ? ticker->interval_ms : -1) < 0 && errno != EINTR)
			slipway_die(SLIPWAY_EXIT_ERROR, slipway_connection_error_hint(), "could not wait for the server: %s", strerror(errno));
		handle_signal(conn, interrupted);
		if (ticker->tick != NULL)
			ticker->tick(ticker->context);
		if ((files[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && PQconsumeInput(conn) == 0)
			return;
	}
}

PGresult *
slipway_call_run(PGconn *conn, const char *sql, int count, const char *const *values,
				 const SlipwayCallTicker *ticker, bool *interrupted)
{
	PGresult   *answer = NULL;
	PGresult   *next;
	int			signals = slipway_interrupt_watch();

	*interrupted = false;
	if (PQsendQueryParams(conn, sql, count, NULL, values, NULL, NULL, 0) == 0)
		slipway_connection_error_die(conn);
	for (;;)
	{
		wait_for_answer(conn, signals, ticker, interrupted);
		next = PQgetResult(conn);
		if (next == NULL)
			break;
		slipway_server_check_copy(next);
		if (answer == NULL || PQresultStatus(answer) != PGRES_FATAL_ERROR)
		{
			PQclear(answer);
			answer = next;
		}
		else
			PQclear(next);
	}
	slipway_interrupt_unwatch();
	return answer;
}
