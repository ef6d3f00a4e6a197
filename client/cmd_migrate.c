/*
 * cmd_migrate.c
 *	  slipway migrate
 */
#include <stdlib.h>
#include <string.h>

#include "anchor.h"
#include "clock.h"
#include "command.h"
#include "connection.h"
#include "connection_error.h"
#include "detached.h"
#include "die.h"
#include "follow.h"
#include "label.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "report.h"
#include "run_options.h"
#include "server.h"
#include "server_error.h"
#include "upload.h"
#include "variable.h"
#include "webhook.h"

/* The options of CALL slipway.migrate(); the caller frees them. Takes labels, which may be NULL. */
static char *
make_options(const SlipwayArguments *arguments, const SlipwayManifest *manifest, json_t *labels,
			 const char *variables_key)
{
	json_t	   *options = json_object();
	const char *mode = slipway_option_text(arguments, SLIPWAY_OPTION_MODE);

	slipway_run_options_add_plan(options, arguments, manifest, variables_key);
	slipway_run_options_add(options, arguments);
	if (mode != NULL)
		(void) json_object_set_new(options, "mode", json_string(mode));
	if (labels != NULL)
		(void) json_object_set_new(options, "labels", labels);
	return slipway_run_options_text(options);
}

/* The run did not end well: says how, and chooses the exit code. */
static SlipwayExitCode
report_failure(const PGresult *result, const SlipwayReport *report, const SlipwayFolder *folder,
			   bool interrupted)
{
	SlipwayServerError *error = slipway_server_error_read(report->conn, result);
	SlipwayExitCode code;

	if (interrupted && strcmp(error->sqlstate, "57014") == 0)
	{
		error->exit_code = SLIPWAY_EXIT_ERROR;
		error->problem.hint = error->place == SLIPWAY_ERROR_ELSEWHERE && report->applied == 0
			? "Nothing was applied. Run \"slipway migrate\" again to go on."
			: "Run \"slipway migrate\" again to go on.";
	}
	if (report->stopped_at > 0 && error->exit_code != SLIPWAY_EXIT_CONNECTION)
		error->exit_code = SLIPWAY_EXIT_STOPPED;
	code = error->exit_code;
	slipway_report_error(report, error, folder);
	slipway_server_error_free(error);
	return code;
}

static SlipwayExitCode
run_migrate(SlipwayReport *report, PGconn *conn, const char *options, const SlipwayFolder *folder)
{
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	PGresult   *result;
	bool		interrupted;

	slipway_connection_error_set_stage(SLIPWAY_STAGE_RUN);
	result = slipway_report_call(report, conn, "CALL slipway.migrate($1, $2::jsonb)", options,
								 &interrupted);
	if (result != NULL)
		code = report_failure(result, report, folder, interrupted);
	PQclear(result);
	return code;
}

/* A worker of the server does it; this only looks on, or not even that. */
static SlipwayExitCode
run_detached(const SlipwayReport *report, PGconn *conn, const char *options,
			 const SlipwayFolder *folder, bool wait)
{
	const SlipwayFollowed followed = {
		.conn = conn,.project = report->project,.folder = folder,
	};
	char	   *number = slipway_detached_start(conn, report->project, options);
	SlipwayDetached *deploy = slipway_detached_read(conn, report->project, number);
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;

	if (deploy != NULL)
		slipway_detached_say(deploy, "detached");
	slipway_webhook_started(0, -1);
	slipway_webhook_mute(true);
	slipway_detached_free(deploy);
	slipway_connection_error_set_stage(SLIPWAY_STAGE_DETACHED);
	if (wait)
		code = slipway_follow_detached(&followed, number);
	else
		slipway_output_detail("run \"slipway watch\" to watch it, \"slipway cancel\" to cancel it");
	free(number);
	return code;
}

/* Who does not wait for the end does not know the head that it leaves. */
static SlipwayAnchor *
read_anchor(const SlipwayArguments *arguments)
{
	SlipwayAnchor *anchor = slipway_anchor_read(arguments, true);

	if (anchor != NULL && slipway_option_flag(arguments, SLIPWAY_OPTION_NO_WAIT))
		slipway_die(SLIPWAY_EXIT_USAGE, "The anchor is brought up to date at the end of the run.",
					"options \"--anchor\" and \"--no-wait\" do not go together");
	return anchor;
}

static void
begin_upload(PGconn *conn, void *report)
{
	slipway_upload_begin(conn, ((const SlipwayReport *) report)->project);
}

SlipwayExitCode
slipway_cmd_migrate(const SlipwayArguments *arguments)
{
	SlipwayReport report = {
		.project = slipway_release_project(arguments),
		.started_at = slipway_clock_now(),
	};
	SlipwayManifest *manifest;
	PGconn	   *conn;
	SlipwayUpload upload;
	SlipwayAnchor *anchor;
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;

	if (slipway_option_flag(arguments, SLIPWAY_OPTION_NO_WAIT) && arguments->sources[SLIPWAY_OPTION_NO_WAIT] == NULL &&
		!slipway_option_flag(arguments, SLIPWAY_OPTION_DETACH))
		slipway_die(SLIPWAY_EXIT_USAGE, "Without --detach the run ends with this program.",
					"option \"--no-wait\" needs \"--detach\"");
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		return slipway_cmd_plan(arguments);
	json_decref(slipway_label_json(arguments));
	slipway_variable_check(arguments);
	anchor = read_anchor(arguments);
	slipway_webhook_prepare(arguments, "migrate");
	manifest = slipway_release_load(arguments, begin_upload, &report);
	conn = slipway_connection_open(arguments);
	slipway_connection_error_set_stage(SLIPWAY_STAGE_UPLOAD);
	upload = slipway_upload_run(conn, manifest, report.project);
	slipway_output_detail("%zu %s uploaded", upload.scripts,
						  upload.scripts == 1 ? "script" : "scripts");
	slipway_anchor_require(anchor, conn, report.project);
	/* of a target the server may have more to say */
	if (upload.settled && slipway_option_text(arguments, SLIPWAY_OPTION_TO) == NULL)
		slipway_report_done(&report, NULL, upload.head);
	else
	{
		char		variables_key[SLIPWAY_VARIABLE_KEY_SIZE] = "";
		char	   *options;

		slipway_variable_send(conn, arguments, variables_key);
		options = make_options(arguments, manifest, slipway_label_json(arguments), variables_key);
		code = slipway_option_flag(arguments, SLIPWAY_OPTION_DETACH)
			? run_detached(&report, conn, options, manifest->folder,
						   !slipway_option_flag(arguments, SLIPWAY_OPTION_NO_WAIT))
			: run_migrate(&report, conn, options, manifest->folder);
		free(options);
	}
	slipway_anchor_update(anchor, conn, report.project, code);
	free(upload.head);
	slipway_release_free(manifest);
	return code;
}
