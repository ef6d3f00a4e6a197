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
	const SlipwayCurrentRun *run =
		after->number != NULL && strcmp(before->number, after->number) == 0 ? after : before;

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
		slipway_output_say("run %s of project %s cancelled at %s; %ld %s before it",
						   run->number, run->project,
						   run->migration != NULL ? run->migration : "?", run->applied,
						   slipway_current_run_verb(run));
}

/* The deploy of that number once it is over, or as it is when patience is; NULL: not on record any more. */
static SlipwayDetached *
wait_for_deploy(PGconn *conn, const char *project, const char *number, double until)
{
	const struct timespec pause = {.tv_nsec = PERIOD_MS * 1000000L};
	SlipwayDetached *deploy;

	while ((deploy = slipway_detached_read(conn, project, number)) != NULL &&
		   slipway_detached_goes_on(deploy) && slipway_clock_now() < until)
	{
		slipway_detached_free(deploy);
		(void) nanosleep(&pause, NULL);
	}
	return deploy;
}

static void
say_deploy(const SlipwayDetached *deploy, bool dry_run)
{
	if (!dry_run && slipway_detached_goes_on(deploy))
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway watch\".",
					"detached deploy %s of project %s was told to end, but still goes on",
					deploy->number, deploy->project);
	slipway_detached_say(deploy, dry_run ? "would cancel" : "cancelled");
}

/* There is no run; detached deploys may be about to begin one: all of them are meant. */
static void
cancel_without_run(PGconn *conn, const SlipwayCurrentRun *run, bool dry_run)
{
	PGresult   *waiting = slipway_detached_list(conn, run->project);
	double		until = slipway_clock_now() + (dry_run ? 0 : PATIENCE_MS);

	if (PQntuples(waiting) == 0)
		slipway_current_run_say_idle(run);
	else if (!dry_run)
		(void) send_cancel(conn, run->project);
	for (int row = 0; row < PQntuples(waiting); row++)
	{
		SlipwayDetached *deploy = wait_for_deploy(conn, run->project, PQgetvalue(waiting, row, 0), until);

		if (deploy != NULL)
			say_deploy(deploy, dry_run);
		slipway_detached_free(deploy);
	}
	PQclear(waiting);
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
