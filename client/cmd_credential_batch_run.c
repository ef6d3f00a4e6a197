/*
 * cmd_credential_batch_run.c
 *	  slipway credential batch run, resume and stop
 */
#include <stdlib.h>
#include <string.h>

#include "batch_command.h"
#include "batch_notice.h"
#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"

/* What would end each worker ends the program before there is one. */
static void
check(const SlipwayArguments *arguments)
{
	SlipwayCredentialTerms terms;

	slipway_batch_notice_check(arguments, NULL);
	slipway_credential_terms_read(arguments, true, &terms);
	slipway_credential_terms_release(&terms);
}

SlipwayExitCode
slipway_cmd_credential_batch_run(const SlipwayArguments *arguments)
{
	SlipwayBatchTerms terms = slipway_batch_command_terms(arguments);
	SlipwayBatch batch;
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	PGconn	   *conn;
	char	   *number;

	check(arguments);
	conn = slipway_credential_connect(arguments);
	slipway_batch_read(conn, arguments->words[1], &batch);
	number = slipway_memory_copy(batch.number);
	if (slipway_batch_left(&batch.counts) == 0)
	{
		slipway_output_say("batch %s is done", number);
		code = slipway_batch_command_code(&batch.counts);
	}
	else if (batch.stopped_at != NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway credential batch resume\".", "batch %s was stopped by %s at %s UTC%s%s", number,
					batch.stopped_by, batch.stopped_at, batch.stop_reason != NULL ? ": " : "", batch.stop_reason != NULL ? batch.stop_reason : "");
	else if (batch.failures_left == 0 && batch.counts.running == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway credential batch resume\".", "batch %s was stopped, as %ld of it have failed", number,
					batch.counts.failed + batch.counts.rolled_back);
	else if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_batch_command_print_plan(conn, &batch, false);
	else
	{
		slipway_batch_release(&batch);
		code = slipway_batch_command_work(arguments, conn, number, &terms);
	}
	free(number);
	return code;
}

SlipwayExitCode
slipway_cmd_credential_batch_resume(const SlipwayArguments *arguments)
{
	SlipwayBatchTerms terms = slipway_batch_command_terms(arguments);
	SlipwayBatch batch;
	PGconn	   *conn;
	PGresult   *result;
	char	   *number;
	bool		nothing;
	SlipwayExitCode code;

	check(arguments);
	conn = slipway_credential_connect(arguments);
	slipway_batch_read(conn, arguments->words[1], &batch);
	number = slipway_memory_copy(batch.number);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
	{
		slipway_batch_command_print_plan(conn, &batch, slipway_option_flag(arguments, SLIPWAY_OPTION_RETRY_FAILED));
		return SLIPWAY_EXIT_DONE;
	}
	result = slipway_server_query(conn, "SELECT slipway.resume_batch($1, $2, $3)", 3, (const char *const[]) {
		number, slipway_option_flag(arguments, SLIPWAY_OPTION_RETRY_FAILED) ? "true" : "false",
		slipway_option_flag(arguments, SLIPWAY_OPTION_FORCE) ? "true" : "false"
	});
	nothing = strcmp(PQgetvalue(result, 0, 0), "0") == 0;
	PQclear(result);
	if (!nothing)
	{
		slipway_batch_release(&batch);
		code = slipway_batch_command_work(arguments, conn, number, &terms);
		free(number);
		return code;
	}
	slipway_output_say(batch.counts.running > 0 ? "others work on what is left of batch %s" : "nothing is left of batch %s", number);
	code = batch.counts.running > 0 ? SLIPWAY_EXIT_LOCKED : slipway_batch_command_code(&batch.counts);
	if (code != SLIPWAY_EXIT_DONE && code != SLIPWAY_EXIT_LOCKED)
		slipway_output_say("hint: with --retry-failed, what has failed is tried again");
	return code;
}

SlipwayExitCode
slipway_cmd_credential_batch_stop(const SlipwayArguments *arguments)
{
	PGconn	   *conn = slipway_credential_connect(arguments);
	SlipwayBatch batch;
	PGresult   *result;

	slipway_batch_read(conn, arguments->words[1], &batch);
	result = slipway_server_query(conn, "SELECT slipway.stop_batch($1, $2)", 2, (const char *const[]) {
		batch.number, slipway_option_text(arguments, SLIPWAY_OPTION_REASON)
	});
	slipway_output_say(PQgetvalue(result, 0, 0)[0] == 't' ? "batch %s: no project is begun any more" : "batch %s was stopped already",
					   batch.number);
	PQclear(result);
	return SLIPWAY_EXIT_DONE;
}
