/*
 * cmd_rollback.c
 *	  slipway rollback, and slipway redo
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor.h"
#include "clock.h"
#include "command.h"
#include "confirm.h"
#include "connection.h"
#include "connection_error.h"
#include "descent.h"
#include "die.h"
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

/* One of the two commands. */
typedef struct Rollback
{
	const SlipwayArguments *arguments;
	bool		redo;
	SlipwayReport report;
	PGconn	   *conn;
	SlipwayManifest *manifest;	/* of the folder, if that matters; or NULL */
	SlipwayScriptFile script;	/* of --script; path is NULL without */
	SlipwayDescent *descent;
	char		variables_key[SLIPWAY_VARIABLE_KEY_SIZE];	/* "": there are none */
} Rollback;

static void
check_options(const SlipwayArguments *arguments)
{
	if (slipway_option_integer(arguments, SLIPWAY_OPTION_STEPS, 1) == 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It takes a number from 1.", "option \"--steps\" is 0");
	if (slipway_option_text(arguments, SLIPWAY_OPTION_STEPS) == NULL &&
		slipway_option_text(arguments, SLIPWAY_OPTION_TO) == NULL &&
		!slipway_option_flag(arguments, SLIPWAY_OPTION_ALL) &&
		slipway_option_text(arguments, SLIPWAY_OPTION_SCRIPT) == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Give --steps N, --to NAME, --all or --script FILE.",
					"it is not said what to roll back");
}

/* Nobody is to be asked where nobody answers. */
static void
require_consent(const Rollback *rollback)
{
	if (!slipway_option_flag(rollback->arguments, SLIPWAY_OPTION_DRY_RUN) &&
		!slipway_option_flag(rollback->arguments, SLIPWAY_OPTION_YES) && !slipway_confirm_is_possible())
		slipway_die(SLIPWAY_EXIT_USAGE, "Look at it with --dry-run, then pass --yes.",
					"%s asks before it destroys anything, and this is no terminal",
					rollback->redo ? "redo" : "rollback");
}

static bool
wants_newest(const SlipwayArguments *arguments)
{
	const char *value = slipway_option_text(arguments, SLIPWAY_OPTION_DOWN_SCRIPTS);

	return value != NULL && strcmp(value, "newest") == 0;
}

/*
 * The folder is of interest only where something of it is to be run. A dry run sees what a run would, and takes
 * back what it had to store for that.
 */
static void
connect_and_upload(Rollback *rollback)
{
	const SlipwayArguments *arguments = rollback->arguments;

	if (rollback->redo || wants_newest(arguments))
		rollback->manifest = slipway_release_load(arguments, NULL, NULL);
	rollback->conn = slipway_connection_open(arguments);
	slipway_connection_error_set_stage(SLIPWAY_STAGE_UPLOAD);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		PQclear(slipway_server_query(rollback->conn, "BEGIN", 0, NULL));
	if (rollback->manifest != NULL)
	{
		SlipwayUpload upload = slipway_upload_run(rollback->conn, rollback->manifest,
												  rollback->report.project);

		free(upload.head);
	}
	else
		(void) slipway_server_greet(rollback->conn, NULL, 0, NULL);
}

/* Brings the script of --script to the server. */
static void
upload_script(Rollback *rollback)
{
	size_t		length;
	const char *values[2] = {NULL, rollback->report.project};
	char	   *text;
	PGresult   *result;

	rollback->script.path = (char *) slipway_option_text(rollback->arguments, SLIPWAY_OPTION_SCRIPT);
	if (rollback->script.path == NULL)
		return;
	text = slipway_script_file_read(&rollback->script, &length);
	values[0] = text;
	result = slipway_server_query(rollback->conn, "SELECT slipway.add_script($1, $2)", 2, values);
	memcpy(rollback->script.hash, PQgetvalue(result, 0, 0), SLIPWAY_HASH_SIZE);
	PQclear(result);
	free(text);
}

/* What goes, as the server's functions want it. */
static json_t *
make_choice(const Rollback *rollback)
{
	const SlipwayArguments *arguments = rollback->arguments;
	json_t	   *options = json_object();
	const char *to = slipway_option_text(arguments, SLIPWAY_OPTION_TO);
	int			steps = slipway_option_integer(arguments, SLIPWAY_OPTION_STEPS, 0);

	if (rollback->manifest != NULL)
		(void) json_object_set_new(options, "manifest", json_string(rollback->manifest->hash));
	if (wants_newest(arguments))
		(void) json_object_set_new(options, "down_scripts", json_string("newest"));
	if (*rollback->variables_key != '\0')
		(void) json_object_set_new(options, "variables_key", json_string(rollback->variables_key));
	if (rollback->redo)
		return options;
	if (to != NULL)
		(void) json_object_set_new(options, "to", slipway_output_json_text(to));
	if (steps > 0)
		(void) json_object_set_new(options, "steps", json_integer(steps));
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_ALL))
		(void) json_object_set_new(options, "all", json_true());
	if (rollback->script.path != NULL)
		(void) json_object_set_new(options, "script", json_string(rollback->script.hash));
	return options;
}

static SlipwayDescentSource
get_source(const Rollback *rollback)
{
	return (SlipwayDescentSource) {
		.dir = slipway_folder_locate(slipway_option_text(rollback->arguments, SLIPWAY_OPTION_DIR)),
		.script = &rollback->script,
	};
}

/* Finds out what goes, with the data if somebody is to see that. */
static void
look(Rollback *rollback)
{
	const SlipwayArguments *arguments = rollback->arguments;
	bool		shown = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN) ||
		slipway_option_flag(arguments, SLIPWAY_OPTION_DELAY) || !slipway_option_flag(arguments, SLIPWAY_OPTION_YES);
	json_t	   *choice = make_choice(rollback);
	SlipwayDescentSource source = get_source(rollback);
	char	   *options;

	if (rollback->redo)
		(void) json_object_set_new(choice, "steps", json_integer(1));
	options = slipway_run_options_text(choice);
	rollback->descent = slipway_descent_read(rollback->conn, rollback->report.project, options, &source);
	if (shown && slipway_descent_count(rollback->descent) > 0)
		slipway_descent_read_losses(rollback->descent, rollback->conn, rollback->report.project, options);
	free(options);
}

/* False: they would rather not. */
static bool
get_consent(const Rollback *rollback)
{
	size_t		count = slipway_descent_count(rollback->descent);
	int			delay = slipway_option_integer(rollback->arguments, SLIPWAY_OPTION_DELAY, 0);
	bool		asks = !slipway_option_flag(rollback->arguments, SLIPWAY_OPTION_YES);
	char	   *question;
	bool		yes = true;

	slipway_webhook_mute(true);
	if (asks || delay > 0)
		slipway_descent_say(rollback->descent, rollback->report.project);
	if (asks)
	{
		question = slipway_memory_format("Roll back %zu %s%s?", count, count == 1 ? "migration" : "migrations",
										 rollback->redo ? ", and apply it again" : "");
		yes = slipway_confirm_ask(question);
		free(question);
	}
	if (yes && delay > 0)
		slipway_confirm_wait(delay);
	slipway_webhook_mute(!yes);
	return yes;
}

/*
 * The file that holds the script which failed, as a folder of its own: that of --script, or the one of the
 * folder if it is what was run. Else there is none to show.
 */
static SlipwayFolder *
find_script(const Rollback *rollback, const char *migration)
{
	SlipwayDescentSource source = get_source(rollback);
	const char *hash = slipway_descent_script(rollback->descent, migration);
	SlipwayScriptFile down = rollback->script;
	SlipwayScriptReader reader = {0};

	if (down.path == NULL)
	{
		down.path = slipway_folder_guess_path(source.dir, migration, SLIPWAY_PART_DOWN);
		if (hash == NULL || access(down.path, R_OK) != 0)
			return NULL;
		slipway_script_file_hash(&down, &reader);
		slipway_script_reader_release(&reader);
		if (strcmp(down.hash, hash) != 0)
			return NULL;
	}
	return slipway_descent_folder(&source, migration, &down);
}

static SlipwayExitCode
report_failure(const Rollback *rollback, const PGresult *result, bool interrupted)
{
	const SlipwayReport *report = &rollback->report;
	SlipwayServerError *error = slipway_server_error_read(report->conn, result);
	SlipwayFolder *folder = rollback->manifest != NULL ? rollback->manifest->folder : NULL;
	SlipwayFolder *found = NULL;
	SlipwayExitCode code;

	if (interrupted && strcmp(error->sqlstate, "57014") == 0)
	{
		error->exit_code = SLIPWAY_EXIT_ERROR;
		error->problem.hint = "What was rolled back before stays so. See \"slipway status\".";
	}
	if (report->stopped_at > 0 && error->exit_code != SLIPWAY_EXIT_CONNECTION)
		error->exit_code = SLIPWAY_EXIT_STOPPED;
	if (error->migration != NULL && error->problem.part != SLIPWAY_PART_UP)
		folder = found = find_script(rollback, error->migration);
	code = error->exit_code;
	slipway_report_error(report, error, folder);
	free(found);
	slipway_server_error_free(error);
	return code;
}

static SlipwayExitCode
run(Rollback *rollback)
{
	SlipwayReport *report = &rollback->report;
	json_t	   *choice = make_choice(rollback);
	json_t	   *labels = slipway_label_json(rollback->arguments);
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	char	   *options;
	PGresult   *result;
	bool		interrupted;

	slipway_run_options_add(choice, rollback->arguments);
	if (labels != NULL)
		(void) json_object_set_new(choice, "labels", labels);
	if (rollback->descent->head != NULL)
		(void) json_object_set_new(choice, "expected_head", json_string(rollback->descent->head));
	options = slipway_run_options_text(choice);
	report->started_at = slipway_clock_now();
	slipway_connection_error_set_stage(SLIPWAY_STAGE_RUN);
	result = slipway_report_call(report, rollback->conn,
								 rollback->redo ? "CALL slipway.redo($1, $2::jsonb)"
								 : "CALL slipway.rollback($1, $2::jsonb)", options, &interrupted);
	if (result != NULL)
		code = report_failure(rollback, result, interrupted);
	PQclear(result);
	free(options);
	return code;
}

static SlipwayExitCode
roll_back(const SlipwayArguments *arguments, bool redo)
{
	Rollback	rollback = {
		.arguments = arguments,
		.redo = redo,
		.report = {.project = slipway_release_project(arguments), .is_rollback = true},
	};
	SlipwayAnchor *anchor;
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;

	/* a bad one is said before anything is done */
	json_decref(slipway_label_json(arguments));
	slipway_variable_check(arguments);
	anchor = slipway_anchor_read(arguments, true);
	slipway_webhook_prepare(arguments, redo ? "redo" : "rollback");
	require_consent(&rollback);
	connect_and_upload(&rollback);
	slipway_anchor_require(anchor, rollback.conn, rollback.report.project);
	upload_script(&rollback);
	slipway_variable_send(rollback.conn, arguments, rollback.variables_key);
	look(&rollback);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
	{
		PQclear(slipway_server_query(rollback.conn, "ROLLBACK", 0, NULL));
		slipway_descent_print(rollback.descent);
	}
	else if (slipway_descent_count(rollback.descent) == 0)
		slipway_report_done(&rollback.report, NULL, rollback.descent->head);
	else if (get_consent(&rollback))
		code = run(&rollback);
	else
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "nothing was changed");
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		slipway_anchor_free(anchor);
	else
		slipway_anchor_update(anchor, rollback.conn, rollback.report.project, code);
	slipway_descent_free(rollback.descent);
	if (rollback.manifest != NULL)
		slipway_release_free(rollback.manifest);
	return code;
}

SlipwayExitCode
slipway_cmd_rollback(const SlipwayArguments *arguments)
{
	SlipwayArguments own = *arguments;

	/* SLIPWAY_TO says how far deploys go; what is undone is said by who undoes it */
	if (own.sources[SLIPWAY_OPTION_TO] != NULL)
		own.values[SLIPWAY_OPTION_TO] = NULL;
	check_options(&own);
	return roll_back(&own, false);
}

SlipwayExitCode
slipway_cmd_redo(const SlipwayArguments *arguments)
{
	return roll_back(arguments, true);
}
