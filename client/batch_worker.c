/*
 * batch_worker.c
 *	  One of the processes that work on a batch.
 *
 * A claim belongs to the session that has made it. When that is lost the item is left as it is: this worker, or another one, is given it again, and
 * goes on where it was. When the store of secrets cannot be reached, or somebody else has the lock of the project, that may
 * pass: the item is tried again, after longer and longer pauses, before it counts as failed.
 */
#include "batch_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "batch.h"
#include "clock.h"
#include "connection.h"
#include "credential_move.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "server.h"
#include "whole_file.h"

/* How long a server may take to come back. */
#define PATIENCE_MS 120000.0
#define PAUSE_MS 500

/* Of an item, after what may pass. */
#define MAX_TRIES 6
#define FIRST_PAUSE_MS 1000

typedef struct Worker
{
	const SlipwayArguments *arguments;
	const char *batch;
	int			channel;
	PGconn	   *conn;			/* NULL: there is none */
	SlipwayCredentialTerms terms;
	bool		stopped;		/* by its parent */
	bool		orphaned;		/* the parent is gone */
} Worker;

/* What claim_item() has given. */
typedef struct Item
{
	PGresult   *result;
	const char *number;
	const char *project;
	const char *attempt;
} Item;

/* Releases the object. Nobody may be there any more to be told. */
static void
tell(const Worker *worker, json_t *object)
{
	char	   *text = json_dumps(object, JSON_COMPACT);
	char	   *line = slipway_memory_format("%s\n", text);

	(void) slipway_whole_file_put(worker->channel, line, strlen(line));
	free(line);
	free(text);
	json_decref(object);
}

static _Noreturn void
give_up(const Worker *worker, SlipwayExitCode code, const char *message)
{
	tell(worker, json_pack("{s:s, s:o, s:i}", "event", "fault", "message", slipway_output_json_text(message), "exit_code", (int) code));
	_exit((int) code);
}

/* Takes an order, if there is one, and notes what it says; false if there is none. */
static bool
take_order(Worker *worker, int flags, char *order)
{
	ssize_t		length;

	do
		length = recv(worker->channel, order, 1, flags);
	while (length < 0 && errno == EINTR);
	if (length == 0)
		worker->orphaned = true;
	if (length == 1 && *order == SLIPWAY_BATCH_STOP)
		worker->stopped = true;
	return length == 1;
}

static bool
is_stopped(void *context)
{
	Worker	   *worker = context;
	char		order;

	if (!worker->stopped && !worker->orphaned)
		(void) take_order(worker, MSG_DONTWAIT, &order);
	return worker->stopped;
}

/* False if it is not worth while to go on. */
static bool
rest(Worker *worker, int milliseconds)
{
	struct pollfd poll_fd = {.fd = worker->channel, .events = POLLIN};

	if (worker->orphaned)
		return false;
	if (poll(&poll_fd, 1, milliseconds) > 0)
		(void) is_stopped(worker);
	return !worker->stopped && !worker->orphaned;
}

static void
say(void *context, const char *project, const char *text)
{
	tell(context, json_pack("{s:s, s:o, s:o}", "event", "say", "project", slipway_output_json_text(project),
							"text", slipway_output_json_text(text)));
}

static void
disconnect(Worker *worker)
{
	if (worker->conn != NULL)
		slipway_connection_close(worker->conn);
	worker->conn = NULL;
}

/* A server that restarts is waited for. */
static void
connect_patiently(Worker *worker)
{
	double		until = slipway_clock_now() + PATIENCE_MS;

	while (worker->conn == NULL)
	{
		char	   *fault;

		worker->conn = slipway_credential_reconnect(worker->arguments, &fault);
		if (worker->conn != NULL)
			break;
		if (slipway_clock_now() > until || !rest(worker, PAUSE_MS))
			give_up(worker, SLIPWAY_EXIT_CONNECTION, fault);
		free(fault);
	}
}

static bool
is_transient(const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return state != NULL && strncmp(state, "40", 2) == 0;
}

/*
 * Asks the server; NULL if the connection is lost. Another error is the end of the worker, but for those of *pardoned, whose
 * result is returned.
 */
static PGresult *
ask(Worker *worker, const char *sql, int count, const char *const *values, const char *pardoned)
{
	for (;;)
	{
		PGresult   *result = PQexecParams(worker->conn, sql, count, NULL, values, NULL, NULL, 0);
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

		if (PQresultStatus(result) == PGRES_TUPLES_OK || (pardoned != NULL && state != NULL && strcmp(state, pardoned) == 0))
			return result;
		if (PQstatus(worker->conn) != CONNECTION_OK)
		{
			PQclear(result);
			return NULL;
		}
		if (!is_transient(result))
			give_up(worker, SLIPWAY_EXIT_ERROR, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
		PQclear(result);
	}
}

/* The next item, with a new connection if need be; false if there is none. */
static bool
claim(Worker *worker, Item *item)
{
	const char *const values[] = {worker->batch};

	for (;;)
	{
		connect_patiently(worker);
		item->result = ask(worker, "SELECT item, project, attempt FROM slipway.claim_item($1)", 1, values, NULL);
		if (item->result != NULL)
			break;
		disconnect(worker);
	}
	if (PQntuples(item->result) == 0)
	{
		PQclear(item->result);
		return false;
	}
	item->number = PQgetvalue(item->result, 0, 0);
	item->project = PQgetvalue(item->result, 0, 1);
	item->attempt = PQgetvalue(item->result, 0, 2);
	return true;
}

/* May the same go well a little later? */
static bool
may_pass(const SlipwayCredentialEnd *end)
{
	return end->outcome == SLIPWAY_CREDENTIAL_LOCKED ||
		((end->outcome == SLIPWAY_CREDENTIAL_FAILED || end->outcome == SLIPWAY_CREDENTIAL_ROLLED_BACK) &&
		 end->exit_code == SLIPWAY_EXIT_CONNECTION);
}

static void
work(Worker *worker, const Item *item, SlipwayCredentialEnd *end)
{
	int			pause = FIRST_PAUSE_MS;

	for (int i = 1;; i++, pause *= 2)
	{
		*end = (SlipwayCredentialEnd) {.message = NULL};
		slipway_credential_move(worker->conn, &worker->terms, item->project, end);
		if (i == MAX_TRIES || !may_pass(end) || worker->stopped)
			return;
		say(worker, item->project, end->message != NULL ? end->message : "it is tried again");
		if (!rest(worker, pause))
			return;
		slipway_credential_end_release(end);
	}
}

/* "validate: it has superfluous rights: ..."; the caller frees it. */
static char *
describe_end(const SlipwayCredentialEnd *end)
{
	const char *message = end->message != NULL ? end->message : "unknown";
	const char *step = slipway_credential_step_name(end->step);

	if (end->detail != NULL)
		return slipway_memory_format("%s: %s\n%s", step, message, end->detail);
	return slipway_memory_format("%s: %s", step, message);
}

static void
tell_left(const Worker *worker, const Item *item, const char *message)
{
	tell(worker, json_pack("{s:s, s:o, s:o}", "event", "left", "project", slipway_output_json_text(item->project),
						   "message", slipway_output_json_text(message)));
}

/* Writes down how it has ended. */
static void
finish(Worker *worker, const Item *item, const SlipwayCredentialEnd *end, double duration)
{
	const char *outcome = end->outcome == SLIPWAY_CREDENTIAL_DONE ? "succeeded"
		: end->outcome == SLIPWAY_CREDENTIAL_ROLLED_BACK ? "rolled_back" : "failed";
	char	   *message = end->outcome != SLIPWAY_CREDENTIAL_DONE ? describe_end(end) : NULL;
	const char *const values[] = {worker->batch, item->number, item->attempt, outcome, message};
	PGresult   *result = ask(worker, "SELECT slipway.finish_item($1, $2, $3, $4, $5)", 5, values, "SW045");

	if (result == NULL)
		tell_left(worker, item, "the connection was lost");
	else if (PQresultStatus(result) != PGRES_TUPLES_OK)
		tell_left(worker, item, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	else
		tell(worker, json_pack("{s:s, s:o, s:s, s:f, s:i, s:o}", "event", "done", "project", slipway_output_json_text(item->project),
							   "outcome", outcome, "duration", duration, "exit_code", (int) end->exit_code,
							   "message", slipway_output_json_text(message)));
	if (result == NULL)
		disconnect(worker);
	PQclear(result);
	free(message);
}

static void
take_item(Worker *worker)
{
	double		began_at = slipway_clock_now();
	SlipwayCredentialEnd end;
	Item		item;

	if (!claim(worker, &item))
	{
		tell(worker, json_pack("{s:s}", "event", "nothing"));
		return;
	}
	tell(worker, json_pack("{s:s, s:o}", "event", "begun", "project", slipway_output_json_text(item.project)));
	work(worker, &item, &end);
	if (end.outcome == SLIPWAY_CREDENTIAL_LOST)
	{
		tell_left(worker, &item, "the connection was lost");
		disconnect(worker);
	}
	else if ((worker->stopped && end.outcome != SLIPWAY_CREDENTIAL_DONE) || (worker->orphaned && may_pass(&end)))
		/* it has not failed: whoever resumes the batch is given it */
		tell_left(worker, &item, "it was stopped");
	else
		finish(worker, &item, &end, slipway_clock_now() - began_at);
	slipway_credential_end_release(&end);
	PQclear(item.result);
}

/* Nothing of it may get onto the terminal but by its parent. */
static void
redirect(int channel)
{
	int			nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void) dup2(nowhere, STDIN_FILENO);
	(void) dup2(nowhere, STDOUT_FILENO);
	(void) dup2(channel, STDERR_FILENO);
	(void) close(nowhere);
	slipway_output_set_mode((SlipwayOutputMode) {.no_color = true});
}

void
slipway_batch_worker_run(const SlipwayArguments *arguments, const char *batch, int channel)
{
	Worker		worker = {.arguments = arguments, .batch = batch, .channel = channel};
	char		order;

	slipway_interrupt_ignore();
	(void) signal(SIGPIPE, SIG_IGN);
	redirect(channel);
	slipway_credential_terms_read(arguments, true, &worker.terms);
	worker.terms.say = say;
	worker.terms.is_stopped = is_stopped;
	worker.terms.context = &worker;
	while (!worker.stopped && !worker.orphaned && take_order(&worker, 0, &order))
		if (order == SLIPWAY_BATCH_GO)
			take_item(&worker);
	disconnect(&worker);
	slipway_credential_terms_release(&worker.terms);
	/* what its parent would do at its end is not for it */
	_exit(SLIPWAY_EXIT_DONE);
}
