/*
 * batch_command.c
 *	  What the commands that work on a batch have in common.
 */
#include "batch_command.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch_notice.h"
#include "batch_report.h"
#include "batch_run.h"
#include "clock.h"
#include "connection.h"
#include "credential_terms.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "secret_store.h"
#include "server.h"

#define DEFAULT_PARALLEL 4

/* A session that is gone may take a moment to be noticed by the server, and its item is free only then. */
#define MAX_ROUNDS 10
#define ROUND_PAUSE_MS 1000

/* How long a server may take to come back, to be asked how all has ended. */
#define PATIENCE_MS 60000.0

SlipwayBatchTerms
slipway_batch_command_terms(const SlipwayArguments *arguments)
{
	SlipwayBatchTerms terms = {
		.parallel = slipway_option_integer(arguments, SLIPWAY_OPTION_PARALLEL, DEFAULT_PARALLEL),
		.max_failures = slipway_option_integer(arguments, SLIPWAY_OPTION_MAX_FAILURES, 0),
		.max_duration = slipway_option_duration(arguments, SLIPWAY_OPTION_MAX_DURATION, 0),
	};

	if (terms.parallel < 1 || terms.parallel > SLIPWAY_BATCH_MAX_PARALLEL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "--parallel is from 1 to %d", SLIPWAY_BATCH_MAX_PARALLEL);
	return terms;
}

SlipwayExitCode
slipway_batch_command_code(const SlipwayBatchCounts *counts)
{
	if (counts->failed > 0)
		return SLIPWAY_EXIT_ERROR;
	return counts->rolled_back > 0 ? SLIPWAY_EXIT_ROLLED_BACK : SLIPWAY_EXIT_DONE;
}

void
slipway_batch_command_print_plan(PGconn *conn, const SlipwayBatch *batch, bool with_failed)
{
	const char *const values[] = {batch->number, with_failed ? "true" : "false"};
	PGresult   *result = slipway_server_query(conn, "SELECT i.project, i.outcome, c.role, c.preset, c.status\n"
											  "  FROM slipway.batch_item i JOIN slipway.project_credential c ON c.project = i.project\n"
											  " WHERE i.batch = $1 AND (i.outcome IN ('waiting', 'running', 'interrupted')\n"
											  "                          OR $2 AND i.outcome IN ('failed', 'rolled_back')) ORDER BY i.item", 2, values);

	for (int row = 0; row < PQntuples(result); row++)
		if (slipway_output_is_json())
			slipway_output_json(json_pack("{s:s, s:o, s:s, s:o, s:s, s:s}", "event", "planned",
										  "project", slipway_output_json_text(PQgetvalue(result, row, 0)), "outcome", PQgetvalue(result, row, 1),
										  "role", slipway_output_json_text(PQgetvalue(result, row, 2)), "preset", PQgetvalue(result, row, 3),
										  "status", PQgetvalue(result, row, 4)));
		else
			(void) printf("%s: role %s, %s, now %s\n", PQgetvalue(result, row, 0), PQgetvalue(result, row, 2), PQgetvalue(result, row, 3),
						  PQgetvalue(result, row, 4));
	PQclear(result);
}

/*
 * Workers must ask for no password: they get what was typed for us, in the memory of the process only. And they
 * share no connection, neither to the server nor to a store.
 */
static void
let_go(PGconn *conn)
{
	if (PQconnectionUsedPassword(conn) && getenv("PGPASSWORD") == NULL)
		(void) setenv("PGPASSWORD", PQpass(conn), 1);
	slipway_connection_close(conn);
	slipway_secret_store_forget();
}

/* NULL if the server does not come back. */
static PGconn *
connect_again(const SlipwayArguments *arguments)
{
	const struct timespec pause = {.tv_nsec = 500000000L};
	double		until = slipway_clock_now() + PATIENCE_MS;

	for (;;)
	{
		char	   *fault;
		PGconn	   *conn = slipway_credential_reconnect(arguments, &fault);

		if (conn != NULL || slipway_clock_now() > until)
		{
			if (conn == NULL)
				slipway_output_warn(NULL, "could not connect: %s", fault);
			free(fault);
			return conn;
		}
		free(fault);
		(void) nanosleep(&pause, NULL);
	}
}

static void
add_counts(SlipwayBatchCounts *all, const SlipwayBatchCounts *counts)
{
	all->succeeded += counts->succeeded;
	all->failed += counts->failed;
	all->rolled_back += counts->rolled_back;
}

static const char *
describe_stop(const SlipwayBatchRun *run, const SlipwayBatch *batch)
{
	switch (run->stop)
	{
		case SLIPWAY_BATCH_INTERRUPTED:
			return "interrupted";
		case SLIPWAY_BATCH_TOO_MANY_FAILURES:
			return "stopped, as too many have failed";
		case SLIPWAY_BATCH_OUT_OF_TIME:
			return "the time is over";
		case SLIPWAY_BATCH_FAULT:
			return "nobody could go on";
		default:
			if (batch->counts.waiting + batch->counts.interrupted > 0 && batch->stopped_at != NULL)
				return "stopped by somebody";
			if (batch->counts.waiting + batch->counts.interrupted > 0 && batch->failures_left == 0)
				return "stopped, as too many of the batch have failed";
			return "finished";
	}
}

static void
say_end(const SlipwayBatchRun *run, const SlipwayBatch *batch)
{
	char	   *title = slipway_batch_title(batch);
	char	   *counts = slipway_batch_describe(&batch->counts);
	char	   *duration = slipway_output_duration(run->duration);
	long		left = slipway_batch_left(&batch->counts);

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:I, s:s, s:f, s:I, s:I, s:I, s:I}", "event", "batch", "batch", (json_int_t) atoll(batch->number),
									  "stop", describe_stop(run, batch), "duration_ms", run->duration,
									  "succeeded", (json_int_t) run->counts.succeeded, "rolled_back", (json_int_t) run->counts.rolled_back,
									  "failed", (json_int_t) run->counts.failed, "left", (json_int_t) left));
	slipway_output_say("batch %s: %s after %s: %s", title, describe_stop(run, batch), duration, counts);
	if (left > 0)
		slipway_output_say("hint: \"slipway credential batch resume %s\" goes on", batch->number);
	free(duration);
	free(counts);
	free(title);
}

static void
report(const SlipwayArguments *arguments, PGconn *conn, const SlipwayBatch *batch, const SlipwayBatchTerms *terms)
{
	SlipwayBatchReport found;

	if (slipway_option_text(arguments, SLIPWAY_OPTION_EMAIL) == NULL && slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK) == NULL &&
		terms->addresses == NULL)
		return;
	slipway_batch_report_read(conn, batch, &found);
	slipway_batch_notice_send(arguments, terms->addresses, "batch_finished", &found);
	slipway_batch_report_release(&found);
}

static SlipwayExitCode
choose_code(const SlipwayBatchRun *run, const SlipwayBatch *batch)
{
	SlipwayExitCode code = slipway_batch_command_code(&run->counts);

	if (run->fault != NULL && slipway_batch_left(&batch->counts) > 0)
		return run->fault_code;
	if (code != SLIPWAY_EXIT_DONE)
		return code;
	/* that it ends in time is what was asked for */
	return slipway_batch_left(&batch->counts) > 0 && run->stop != SLIPWAY_BATCH_OUT_OF_TIME ? SLIPWAY_EXIT_STOPPED : SLIPWAY_EXIT_DONE;
}

/*
 * Is there anything that a further round could do? What was lost here may still belong to a session that the server
 * believes to be alive.
 */
static bool
is_worth_while(const SlipwayBatchRun *run, const SlipwayBatch *batch)
{
	long		left = batch->counts.waiting + batch->counts.interrupted + (run->lost_some ? batch->counts.running : 0);

	return left > 0 && run->stop == SLIPWAY_BATCH_NOT_STOPPED && run->fault == NULL && batch->stopped_at == NULL &&
		batch->failures_left != 0;
}

/* Until nothing is left, or it is stopped. Returns a new connection, and the batch as it is then. */
static PGconn *
run_rounds(SlipwayBatchRun *run, SlipwayBatch *batch)
{
	const struct timespec pause = {.tv_sec = ROUND_PAUSE_MS / 1000, .tv_nsec = ROUND_PAUSE_MS % 1000 * 1000000L};
	SlipwayBatchCounts all = {.items = 0};
	double		began_at = slipway_clock_now();
	double		max_duration = run->max_duration;
	PGconn	   *conn;

	for (int round = 1;; round++)
	{
		run->counts = (SlipwayBatchCounts) {.items = 0};
		slipway_batch_run(run);
		add_counts(&all, &run->counts);
		conn = connect_again(run->arguments);
		if (conn == NULL)
			slipway_die(SLIPWAY_EXIT_CONNECTION, "\"slipway credential batch resume\" goes on.", "it is not known how the batch has ended");
		slipway_batch_read(conn, run->batch, batch);
		run->total = batch->counts.waiting + batch->counts.interrupted;
		if (round == MAX_ROUNDS || !is_worth_while(run, batch))
			break;
		if (max_duration > 0)
			run->max_duration = max_duration - (slipway_clock_now() - began_at) > 1 ? max_duration - (slipway_clock_now() - began_at) : 1;
		/* without having come to that many yet */
		if (run->max_failures > 0)
			run->max_failures -= run->counts.failed + run->counts.rolled_back;
		slipway_batch_release(batch);
		let_go(conn);
		(void) nanosleep(&pause, NULL);
	}
	run->counts = all;
	run->duration = slipway_clock_now() - began_at;
	return conn;
}

SlipwayExitCode
slipway_batch_command_work(const SlipwayArguments *arguments, PGconn *conn, const char *number, const SlipwayBatchTerms *terms)
{
	SlipwayBatchRun run = {
		.arguments = arguments, .batch = number, .parallel = terms->parallel,
		.max_failures = terms->max_failures, .max_duration = terms->max_duration,
	};
	SlipwayBatch batch;
	SlipwayExitCode code;

	slipway_batch_read(conn, number, &batch);
	run.total = batch.counts.waiting + batch.counts.interrupted;
	slipway_output_say("batch %s: %ld projects to do, %d at a time", number, run.total, terms->parallel);
	slipway_batch_release(&batch);
	let_go(conn);
	conn = run_rounds(&run, &batch);
	say_end(&run, &batch);
	if (run.fault != NULL)
		slipway_output_warn(NULL, "a worker could not go on: %s", run.fault);
	report(arguments, conn, &batch, terms);
	code = choose_code(&run, &batch);
	slipway_batch_release(&batch);
	free(run.fault);
	slipway_connection_close(conn);
	return code;
}
