/*
 * cmd_watch.c
 *	  slipway watch
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "current_run.h"
#include "detached.h"
#include "folder.h"
#include "follow.h"
#include "interrupt.h"
#include "output.h"
#include "release.h"
#include "server.h"

static void
show_head(const SlipwayCurrentRun *run)
{
	char	   *description = slipway_current_run_describe(run);

	if (slipway_output_is_json())
		slipway_output_json(slipway_current_run_json(run, "watch"));
	else
		slipway_output_say("%s", description);
	free(description);
}

static SlipwayExitCode
watch_run(const SlipwayFollowed *followed, const SlipwayCurrentRun *run)
{
	SlipwayDetached *deploy = slipway_detached_of_run(followed->conn, followed->project, run->number);
	SlipwayExitCode code;

	/* From its first word on, who interrupts it is told what goes on. */
	(void) slipway_interrupt_watch();
	show_head(run);
	code = deploy != NULL ? slipway_follow_detached(followed, deploy->number)
		: slipway_follow_run(followed, run->number);
	slipway_detached_free(deploy);
	return code;
}

/*
 * A detached deploy may have no run yet. If it was the last thing that happened
 * here, nobody else may have been told how it ended.
 */
static SlipwayExitCode
watch_without_run(const SlipwayFollowed *followed, const SlipwayCurrentRun *run)
{
	SlipwayDetached *deploy = slipway_detached_oldest(followed->conn, followed->project);
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;

	if (deploy != NULL)
	{
		(void) slipway_interrupt_watch();
		slipway_detached_say(deploy, "detached");
		code = slipway_follow_detached(followed, deploy->number);
	}
	else
	{
		deploy = slipway_detached_last(followed->conn, followed->project);
		slipway_current_run_say_idle(run);
		if (deploy != NULL && deploy->newest && strcmp(deploy->outcome, "succeeded") != 0)
		{
			slipway_detached_say(deploy, deploy->outcome);
			code = slipway_follow_finish(followed, deploy);
		}
	}
	slipway_detached_free(deploy);
	return code;
}

SlipwayExitCode
slipway_cmd_watch(const SlipwayArguments *arguments)
{
	SlipwayFollowed followed = {
		.project = slipway_release_project(arguments),
		.dir = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR)),
	};
	SlipwayCurrentRun *run;
	SlipwayExitCode code;

	followed.conn = slipway_connection_open(arguments);
	(void) slipway_server_greet(followed.conn, NULL, 0, NULL);
	run = slipway_current_run_read(followed.conn, followed.project);
	code = slipway_current_run_goes_on(run) ? watch_run(&followed, run)
		: watch_without_run(&followed, run);
	slipway_current_run_free(run);
	return code;
}
