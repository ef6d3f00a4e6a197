/*
 * pipeline.c
 *	  One statement many times, in one exchange with the server.
 *
 * If both sides only wrote, both would block as soon as the buffers between
 * them are full: so the connection is non-blocking and answers are read
 * whenever there are any. Each statement is flushed before the next one is
 * queued, so that libpq's buffer holds one of them.
 *
 * The statement is prepared under the empty name: it is parsed once, and a
 * pooler finds no name left behind in its server connection.
 */
#include "pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "die.h"
#include "server_error.h"

typedef struct Progress
{
	PGconn	   *conn;
	const SlipwayPipeline *pipeline;
	size_t		queued;			/* statements, PREPARE among them */
	size_t		answered;
	bool		synced;			/* the Sync's own answer has arrived */
} Progress;

static _Noreturn void
die_of_connection(PGconn *conn)
{
	slipway_die(SLIPWAY_EXIT_CONNECTION, NULL, "%s", PQerrorMessage(conn));
}

static void
take_result(Progress *progress, PGresult *result)
{
	const SlipwayPipeline *pipeline = progress->pipeline;

	switch (PQresultStatus(result))
	{
		case PGRES_TUPLES_OK:
			pipeline->take(pipeline->context, progress->answered - 1, result);
			break;
		case PGRES_COMMAND_OK:
			break;
		case PGRES_PIPELINE_SYNC:
			progress->synced = true;
			break;
		default:
			slipway_server_error_die(progress->conn, result, NULL);
	}
	PQclear(result);
}

/* Takes the answers that have arrived, without waiting. */
static void
read_answers(Progress *progress)
{
	if (PQconsumeInput(progress->conn) == 0)
		die_of_connection(progress->conn);
	while (progress->answered < progress->queued && !PQisBusy(progress->conn))
	{
		PGresult   *result = PQgetResult(progress->conn);

		if (result == NULL)
			progress->answered++;	/* the end of one statement's answer */
		else
			take_result(progress, result);
	}
}

static void
wait_for_socket(PGconn *conn, short events)
{
	struct pollfd socket = {.fd = PQsocket(conn), .events = events};

	while (poll(&socket, 1, -1) < 0)
		if (errno != EINTR)
			die_of_connection(conn);
}

static void
flush_output(Progress *progress)
{
	int			state;

	while ((state = PQflush(progress->conn)) == 1)
	{
		wait_for_socket(progress->conn, POLLIN | POLLOUT);
		read_answers(progress);
	}
	if (state < 0)
		die_of_connection(progress->conn);
}

static void
queue_statement(Progress *progress, size_t index)
{
	const SlipwayPipeline *pipeline = progress->pipeline;
	const char *values[SLIPWAY_PIPELINE_MAX_VALUES] = {NULL};
	int			sent;

	pipeline->fill(pipeline->context, index, values);
	sent = PQsendQueryPrepared(progress->conn, "", pipeline->value_count, values, NULL, NULL, 0);
	if (pipeline->release != NULL)
		pipeline->release(pipeline->context, index);
	if (sent == 0)
		die_of_connection(progress->conn);
	progress->queued++;
	flush_output(progress);
	read_answers(progress);
}

void
slipway_pipeline_run(PGconn *conn, const SlipwayPipeline *pipeline)
{
	Progress	progress = {.conn = conn, .pipeline = pipeline};

	if (pipeline->count == 0)
		return;
	if (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) == 0 ||
		PQsendPrepare(conn, "", pipeline->sql, pipeline->value_count, NULL) == 0)
		die_of_connection(conn);
	progress.queued = 1;
	for (size_t i = 0; i < pipeline->count; i++)
		queue_statement(&progress, i);
	if (PQpipelineSync(conn) == 0)
		die_of_connection(conn);
	flush_output(&progress);
	while (progress.answered < progress.queued)
	{
		read_answers(&progress);
		if (progress.answered < progress.queued)
			wait_for_socket(conn, POLLIN);
	}
	if (PQsetnonblocking(conn, 0) != 0)
		die_of_connection(conn);
	while (!progress.synced)
	{
		PGresult   *result = PQgetResult(conn);

		if (result != NULL)
			take_result(&progress, result);
		else if (PQstatus(conn) == CONNECTION_BAD)
			die_of_connection(conn);
	}
	if (PQexitPipelineMode(conn) == 0)
		die_of_connection(conn);
}
