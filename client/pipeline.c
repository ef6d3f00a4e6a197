/*
 * pipeline.c
 *	  Many statements in one exchange with the server.
 *
 * If both sides only wrote, both would block as soon as the buffers between
 * them are full: so the connection is non-blocking and answers are read
 * whenever there are any. Each statement is flushed before the next one is
 * queued, so that libpq's buffer holds one of them.
 *
 * A statement is prepared under the empty name: it is parsed once, and a
 * pooler finds no name left behind in its server connection.
 */
#include "pipeline.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "connection_error.h"
#include "die.h"
#include "server_error.h"

static void
take_result(SlipwayPipeline *pipeline, PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_TUPLES_OK:
			pipeline->take(pipeline->context, pipeline->results++, result);
			break;
		case PGRES_COMMAND_OK:
			break;
		case PGRES_PIPELINE_SYNC:
			pipeline->synced = true;
			break;
		default:
			slipway_server_error_die(pipeline->conn, result, NULL);
	}
	PQclear(result);
}

/* Takes the answers that have arrived, without waiting. */
static void
read_answers(SlipwayPipeline *pipeline)
{
	if (PQconsumeInput(pipeline->conn) == 0)
		slipway_connection_error_die(pipeline->conn);
	while (pipeline->answered < pipeline->queued && !PQisBusy(pipeline->conn))
	{
		PGresult   *result = PQgetResult(pipeline->conn);

		if (result == NULL)
			pipeline->answered++;	/* the end of one statement's answer */
		else
			take_result(pipeline, result);
	}
}

static void
wait_for_socket(PGconn *conn, short events)
{
	struct pollfd socket = {.fd = PQsocket(conn), .events = events};

	while (poll(&socket, 1, -1) < 0)
		if (errno != EINTR)
			slipway_die(SLIPWAY_EXIT_ERROR, slipway_connection_error_hint(), "could not wait for the server: %s", strerror(errno));
}

static void
flush_output(SlipwayPipeline *pipeline)
{
	int			state;

	while ((state = PQflush(pipeline->conn)) == 1)
	{
		wait_for_socket(pipeline->conn, POLLIN | POLLOUT);
		read_answers(pipeline);
	}
	if (state < 0)
		slipway_connection_error_die(pipeline->conn);
}

void
slipway_pipeline_open(SlipwayPipeline *pipeline, PGconn *conn, SlipwayPipelineTake take,
					  void *context)
{
	*pipeline = (SlipwayPipeline) {.conn = conn, .take = take, .context = context};
	if (PQsetnonblocking(conn, 1) != 0 || PQenterPipelineMode(conn) == 0)
		slipway_connection_error_die(conn);
}

static void
prepare(SlipwayPipeline *pipeline, const char *sql, int count)
{
	if (pipeline->sql != NULL && strcmp(pipeline->sql, sql) == 0)
		return;
	if (PQsendPrepare(pipeline->conn, "", sql, count, NULL) == 0)
		slipway_connection_error_die(pipeline->conn);
	pipeline->sql = sql;
	pipeline->queued++;
}

void
slipway_pipeline_send(SlipwayPipeline *pipeline, const char *sql, const SlipwayValue *values,
					  int count)
{
	const char *bytes[SLIPWAY_PIPELINE_MAX_VALUES];
	int			lengths[SLIPWAY_PIPELINE_MAX_VALUES];
	int			formats[SLIPWAY_PIPELINE_MAX_VALUES];

	for (int i = 0; i < count; i++)
	{
		bytes[i] = values[i].bytes;
		lengths[i] = (int) values[i].length;
		formats[i] = values[i].binary ? 1 : 0;
	}
	prepare(pipeline, sql, count);
	if (PQsendQueryPrepared(pipeline->conn, "", count, bytes, lengths, formats, 0) == 0)
		slipway_connection_error_die(pipeline->conn);
	pipeline->queued++;
	flush_output(pipeline);
	read_answers(pipeline);
}

void
slipway_pipeline_close(SlipwayPipeline *pipeline)
{
	PGconn	   *conn = pipeline->conn;

	if (PQpipelineSync(conn) == 0)
		slipway_connection_error_die(conn);
	flush_output(pipeline);
	while (pipeline->answered < pipeline->queued)
	{
		read_answers(pipeline);
		if (pipeline->answered < pipeline->queued)
			wait_for_socket(conn, POLLIN);
	}
	if (PQsetnonblocking(conn, 0) != 0)
		slipway_connection_error_die(conn);
	while (!pipeline->synced)
	{
		PGresult   *result = PQgetResult(conn);

		/* nothing ends but statements, and those have */
		if (result == NULL)
			slipway_connection_error_die(conn);
		take_result(pipeline, result);
	}
	if (PQexitPipelineMode(conn) == 0)
		slipway_connection_error_die(conn);
}
