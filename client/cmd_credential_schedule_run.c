/*
 * cmd_credential_schedule_run.c
 *	  slipway credential schedule run
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "batch_command.h"
#include "batch_notice.h"
#include "batch_report.h"
#include "batch_run.h"
#include "batch_select.h"
#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "schedule.h"
#include "server.h"

/*
 * The batch of the schedule that is not done yet, or NULL; the caller frees it. One that somebody has stopped, or too many failures,
 * is for people to go on with.
 */
static char *
find_unfinished(PGconn *conn, const SlipwaySchedule *schedule)
{
	SlipwayBatch batch;
	char	   *number = NULL;

	if (schedule->last_batch == NULL)
		return NULL;
	slipway_batch_read(conn, schedule->last_batch, &batch);
	if (slipway_batch_left(&batch.counts) > 0)
	{
		if (batch.stopped_at != NULL)
			slipway_die(SLIPWAY_EXIT_ERROR, "It goes on with \"slipway credential batch resume\".",
						"batch %s of schedule \"%s\" was stopped by %s%s%s", batch.number, schedule->name, batch.stopped_by,
						batch.stop_reason != NULL ? ": " : "", batch.stop_reason != NULL ? batch.stop_reason : "");
		if (batch.failures_left == 0)
			slipway_die(SLIPWAY_EXIT_ERROR, "It goes on with \"slipway credential batch resume\".",
						"batch %s of schedule \"%s\" was stopped, as %ld of it have failed", batch.number, schedule->name,
						batch.counts.failed + batch.counts.rolled_back);
		number = slipway_memory_copy(batch.number);
	}
	slipway_batch_release(&batch);
	return number;
}

static char *
make_batch(PGconn *conn, const SlipwaySchedule *schedule)
{
	json_t	   *object = json_pack("{s:s}", "schedule", schedule->name);
	char	   *options = json_dumps(object, JSON_COMPACT);
	char	   *failures = schedule->max_failures > 0 ? slipway_memory_format("%d", schedule->max_failures) : NULL;
	char	   *number = slipway_batch_from_status(conn, "missing", NULL, options, failures, schedule->size);

	free(failures);
	free(options);
	json_decref(object);
	return number;
}

/* Two that run at a time work on the same batch, or there would be twice as many projects. */
static char *
take_batch(PGconn *conn, const char *name, SlipwaySchedule *schedule)
{
	char	   *number;

	slipway_batch_select_begin(conn);
	slipway_schedule_release(schedule);
	slipway_schedule_read(conn, name, schedule);
	number = find_unfinished(conn, schedule);
	if (number == NULL)
		number = make_batch(conn, schedule);
	slipway_batch_select_end(conn);
	return number;
}

static void
print_unfinished(PGconn *conn, const char *number)
{
	SlipwayBatch batch;

	slipway_batch_read(conn, number, &batch);
	slipway_output_say("batch %s would be gone on with", number);
	slipway_batch_command_print_plan(conn, &batch, false);
	slipway_batch_release(&batch);
}

/* What the next run would begin with. */
static void
print_next(PGconn *conn, const SlipwaySchedule *schedule)
{
	PGresult   *result = slipway_batch_list_status(conn, "missing", schedule->size);

	slipway_output_say("a batch of %d projects would be made", PQntuples(result));
	for (int row = 0; row < PQntuples(result); row++)
		if (slipway_output_is_json())
			slipway_output_json(json_pack("{s:s, s:o, s:o, s:s}", "event", "planned", "project", slipway_output_json_text(PQgetvalue(result, row, 0)),
										  "role", slipway_output_json_text(PQgetvalue(result, row, 1)), "preset", PQgetvalue(result, row, 2)));
		else
			(void) printf("%s: role %s, %s\n", PQgetvalue(result, row, 0), PQgetvalue(result, row, 1), PQgetvalue(result, row, 2));
	PQclear(result);
}

static void
tell_step(void *context, const SlipwaySecretStep *step)
{
	bool	   *failed = context;

	if (step->fault != NULL)
	{
		*failed = true;
		slipway_output_warn(step->fault->hint, "%s: %s", step->name, step->fault->text);
	}
	else
		slipway_output_say("%s: ok", step->name);
}

/* All that a run needs but the projects: the store, and those who would get the report. */
static SlipwayExitCode
test(const SlipwayArguments *arguments, PGconn *conn, const SlipwaySchedule *schedule)
{
	SlipwayCredentialTerms terms;
	SlipwayBatchReport report;
	bool		failed = false;

	slipway_credential_terms_read(arguments, true, &terms);
	slipway_secret_store_check(terms.store, tell_step, &failed);
	slipway_credential_terms_release(&terms);
	slipway_batch_report_read_nothing(conn, schedule->name, &report);
	slipway_batch_notice_send(arguments, schedule->email, "schedule_test", &report);
	slipway_batch_report_release(&report);
	return failed ? SLIPWAY_EXIT_ERROR : SLIPWAY_EXIT_DONE;
}

static SlipwayExitCode
work(const SlipwayArguments *arguments, PGconn *conn, const SlipwaySchedule *schedule, const char *number)
{
	/* the table may have come from somewhere else, as by a restore */
	SlipwayBatchTerms terms = {
		.parallel = schedule->parallel < SLIPWAY_BATCH_MAX_PARALLEL ? schedule->parallel : SLIPWAY_BATCH_MAX_PARALLEL,
		.max_duration = schedule->max_duration, .addresses = schedule->email
	};

	return slipway_batch_command_work(arguments, conn, number, &terms);
}

SlipwayExitCode
slipway_cmd_credential_schedule_run(const SlipwayArguments *arguments)
{
	bool		tests = slipway_option_flag(arguments, SLIPWAY_OPTION_TEST);
	PGconn	   *conn = slipway_credential_connect(arguments);
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	SlipwaySchedule schedule;
	char	   *number;

	slipway_schedule_read(conn, arguments->words[1], &schedule);
	slipway_batch_notice_check(arguments, schedule.email);
	if (tests || schedule.dry_run || slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
	{
		number = find_unfinished(conn, &schedule);
		if (number != NULL)
			print_unfinished(conn, number);
		else
			print_next(conn, &schedule);
		if (tests)
			code = test(arguments, conn, &schedule);
	}
	else
	{
		number = take_batch(conn, arguments->words[1], &schedule);
		if (number == NULL)
			slipway_output_say("schedule %s: every project that has a credential is moved, or in a batch", schedule.name);
		else
			code = work(arguments, conn, &schedule, number);
	}
	free(number);
	slipway_schedule_release(&schedule);
	return code;
}
