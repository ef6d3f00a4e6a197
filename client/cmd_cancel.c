/*
 * cmd_cancel.c
 *	  slipway cancel
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "command.h"
#include "connection.h"
#include "current_run.h"
#include "detached.h"
#include "die.h"
#include "output.h"
#include "release.h"
#include "server.h"

/* How long the run may take to end, and how often to look whether it has. */
#define PATIENCE_MS 10000
#define PERIOD_MS 100

static void
say_what_would_be(const SlipwayCurrentRun *run)
{
	char	   *description;

	if (slipway_output_is_json())
	{
		slipway_output_json(slipway_current_run_json(run, "would cancel"));
		return;
	}
	description = slipway_current_run_describe(run);
	slipway_output_say("would cancel %s", description);
	if (run->migration != NULL)
		slipway_output_say("it is at %s, with %ld applied", run->migration, run->applied);
	free(description);
}

/* False: there was nothing to cancel any more. */
static bool
send_cancel(PGconn *conn, const char *project)
{
	const char *const values[] = {project};
	PGresult   *result = slipway_server_query(conn, "SELECT slipway.cancel($1)", 1, values);
	bool		sent = strcmp(PQgetvalue(result, 0, 0), "t") == 0;

	PQclear(result);
	return sent;
}

/* The run of that number once it is over, or as it is when patience is. */
static SlipwayCurrentRun *
wait_for_end(PGconn *conn, const char *project, const char *number)
{
	const struct timespec pause = {.tv_nsec = PERIOD_MS * 1000000L};
	double		until = slipway_clock_now() + PATIENCE_MS;

	for (;;)
	{
		SlipwayCurrentRun *run = slipway_current_run_read(conn, project);

		if (!slipway_current_run_goes_on(run) || strcmp(run->number, number) != 0 ||
			slipway_clock_now() > until)
			return run;
		slipway_current_run_free(run);
		(void) nanosleep(&pause, NULL);
	}
}

static void
say_end(const SlipwayCurrentRun *before, const SlipwayCurrentRun *after)
{
	/* the next run may have begun already */
	const SlipwayCurrentRun *run = strcmp(before->number, after->number) == 0 ? after : before;

	if (run == after && slipway_current_run_goes_on(run))
		slipway_die(SLIPWAY_EXIT_ERROR,
					"Its statement may not be one that can be interrupted; see \"slipway watch\".",
					"run %s of project %s was told to end, but still goes on", run->number,
					run->project);
	if (slipway_output_is_json())
		slipway_output_json(slipway_current_run_json(run, "cancelled"));
	else if (strcmp(run->outcome, "succeeded") == 0)
		slipway_output_say("run %s of project %s ended before it could be cancelled", run->number,
						   run->project);
	else
		slipway_output_say("run %s of project %s cancelled at %s; %ld applied before it",
						   run->number, run->project,
						   run->migration != NULL ? run->migration : "?", run->applied);
}

/* One that has no run yet: it waits for its turn. */
static void
cancel_deploy(PGconn *conn, SlipwayDetached *deploy)
{
	const struct timespec pause = {.tv_nsec = PERIOD_MS * 1000000L};
	double		until = slipway_clock_now() + PATIENCE_MS;
	SlipwayDetached *after;

	(void) send_cancel(conn, deploy->project);
	while ((after = slipway_detached_read(conn, deploy->project, deploy->number)) != NULL &&
		   slipway_detached_goes_on(after) && slipway_clock_now() < until)
	{
		slipway_detached_free(after);
		(void) nanosleep(&pause, NULL);
	}
	if (after != NULL && slipway_detached_goes_on(after))
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway watch\".",
					"detached deploy %s of project %s was told to end, but still goes on",
					deploy->number, deploy->project);
	slipway_detached_say(after != NULL ? after : deploy, "cancelled");
	slipway_detached_free(after);
}

/* There is no run; a detached deploy may be about to begin one. */
static void
cancel_without_run(PGconn *conn, const SlipwayCurrentRun *run, bool dry_run)
{
	SlipwayDetached *deploy = slipway_detached_oldest(conn, run->project);

	if (deploy == NULL)
		slipway_current_run_say_idle(run);
	else if (dry_run)
		slipway_detached_say(deploy, "would cancel");
	else
		cancel_deploy(conn, deploy);
	slipway_detached_free(deploy);
}

SlipwayExitCode
slipway_cmd_cancel(const SlipwayArguments *arguments)
{
	const char *project = slipway_release_project(arguments);
	bool		dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN);
	PGconn	   *conn = slipway_connection_open(arguments);
	SlipwayCurrentRun *run;

	(void) slipway_server_greet(conn, NULL, 0, NULL);
	run = slipway_current_run_read(conn, project);
	if (slipway_current_run_goes_on(run) && dry_run)
		say_what_would_be(run);
	else if (slipway_current_run_goes_on(run) && send_cancel(conn, project))
	{
		SlipwayCurrentRun *after = wait_for_end(conn, project, run->number);

		say_end(run, after);
		slipway_current_run_free(after);
	}
	else if (!slipway_current_run_goes_on(run))
		cancel_without_run(conn, run, dry_run);
	else
		slipway_current_run_say_idle(run);
	slipway_current_run_free(run);
	return SLIPWAY_EXIT_DONE;
}
