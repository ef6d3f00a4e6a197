/*
 * cmd_rehearse.c
 *	  slipway rehearse
 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"
#include "command.h"
#include "confirm.h"
#include "connection.h"
#include "connection_error.h"
#include "die.h"
#include "environment.h"
#include "html_rehearsal.h"
#include "memory.h"
#include "output.h"
#include "rehearsal.h"
#include "rehearsal_text.h"
#include "release.h"
#include "report.h"
#include "run_options.h"
#include "server_error.h"
#include "upload.h"
#include "variable.h"
#include "whole_file.h"

/* From the worst on. */
static const char *const severities[] = {"danger", "warning", "note"};

#define SEVERITY_COUNT (sizeof(severities) / sizeof(severities[0]))

/* May it be done without a question? If not, and there is nobody to ask, the program ends. */
static bool
has_consent(const SlipwayArguments *arguments)
{
	if (slipway_environment_allows_rehearsal(arguments) ||
		slipway_option_flag(arguments, SLIPWAY_OPTION_YES))
		return true;
	if (!slipway_confirm_is_possible())
		slipway_die(SLIPWAY_EXIT_USAGE,
					"Pass --yes, or write \"rehearse = allow\" into the section of --env in slipway.conf.",
					"a rehearsal takes the real locks, so it asks first, and this is no terminal");
	return false;
}

static void
get_consent(const PGconn *conn)
{
	char	   *question = slipway_memory_format(
		"Rehearse on database %s of %s? It takes the real locks for a while, then rolls back.",
		PQdb(conn), PQhost(conn));

	if (!slipway_confirm_ask(question))
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "nothing was rehearsed");
	free(question);
}

static char *
make_options(const SlipwayArguments *arguments, const SlipwayManifest *manifest,
			 const char *variables_key)
{
	json_t	   *options = json_object();
	const char *below = slipway_option_text(arguments, SLIPWAY_OPTION_PLAIN_INDEXES_BELOW);

	slipway_run_options_add_plan(options, arguments, manifest, variables_key);
	slipway_run_options_add(options, arguments);
	slipway_run_options_duration(options, "lock_hold", arguments, SLIPWAY_OPTION_LOCK_HOLD);
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_PLAIN_INDEXES))
		(void) json_object_set_new(options, "plain_indexes", json_true());
	if (below != NULL)
		(void) json_object_set_new(options, "plain_indexes_below", json_string(below));
	return slipway_run_options_text(options);
}

static SlipwayExitCode
report_failure(const SlipwayReport *report, const PGresult *result, bool interrupted)
{
	const SlipwayFolder *folder = report->rehearsal->folder;
	SlipwayServerError *error = slipway_server_error_read(report->conn, result);
	SlipwayExitCode code;

	if (interrupted && strcmp(error->sqlstate, "57014") == 0)
	{
		error->exit_code = SLIPWAY_EXIT_ERROR;
		error->problem.hint = NULL;
	}
	code = error->exit_code;
	report->rehearsal->error = slipway_problem_json(&error->problem, folder);
	slipway_report_error(report, error, folder);
	slipway_server_error_free(error);
	return code;
}

static SlipwayExitCode
run(SlipwayReport *report, PGconn *conn, const char *options)
{
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	PGresult   *result;
	bool		interrupted;

	slipway_connection_error_set_stage(SLIPWAY_STAGE_QUESTION);
	result = slipway_report_call(report, conn, "CALL slipway.rehearse($1, $2::jsonb)", options,
								 &interrupted);
	slipway_rehearsal_end(report->rehearsal);
	if (!slipway_output_is_json())
		slipway_rehearsal_text_end(report->rehearsal);
	if (result != NULL)
		code = report_failure(report, result, interrupted);
	PQclear(result);
	return code;
}

/* "1 danger, 2 warnings"; the caller frees it. */
static char *
count_findings(const SlipwayRehearsal *rehearsal)
{
	static const char *const plurals[] = {"dangers", "warnings", "notes"};
	SlipwayBuffer words = {0};

	for (size_t i = 0; i < SEVERITY_COUNT; i++)
	{
		size_t		count = slipway_rehearsal_count(rehearsal, severities[i]);

		if (count > 0)
			slipway_buffer_format(&words, "%s%zu %s", words.length > 0 ? ", " : "", count,
								  count == 1 ? severities[i] : plurals[i]);
	}
	if (words.length == 0)
		slipway_buffer_add(&words, "no findings");
	return slipway_buffer_take(&words);
}

static void
say_done(const SlipwayReport *report)
{
	const SlipwayRehearsal *rehearsal = report->rehearsal;
	size_t		count = slipway_rehearsal_migrations(rehearsal);
	size_t		statements = json_array_size(rehearsal->statements);
	size_t		left_out = slipway_rehearsal_outcomes(rehearsal, "not_rehearsed");
	char	   *duration = slipway_output_duration(slipway_clock_now() - report->started_at);
	char	   *findings = count_findings(rehearsal);

	if (statements == 0)
		slipway_output_say("nothing to rehearse");
	else
		slipway_output_say("%zu %s rehearsed on project %s and rolled back in %s: %s", count,
						   count == 1 ? "migration" : "migrations", report->project, duration, findings);
	if (left_out > 0)
		slipway_output_say("%zu of %zu statements %s not rehearsed", left_out, statements,
						   left_out == 1 ? "was" : "were");
	free(findings);
	free(duration);
}

/* Ends the program if something was found that is as severe as --fail-on says. */
static void
judge(const SlipwayArguments *arguments, const SlipwayRehearsal *rehearsal)
{
	const char *fail_on = slipway_option_text(arguments, SLIPWAY_OPTION_FAIL_ON);
	size_t		count = 0;

	for (size_t i = 0; fail_on != NULL && i < SEVERITY_COUNT; i++)
	{
		count += slipway_rehearsal_count(rehearsal, severities[i]);
		if (strcmp(severities[i], fail_on) == 0)
			break;
	}
	if (count > 0)
		slipway_die(SLIPWAY_EXIT_INVALID, NULL, "%zu %s as severe as --fail-on %s", count,
					count == 1 ? "finding is" : "findings are", fail_on);
}

static void
write_page(const SlipwayArguments *arguments, const SlipwayReport *report, const PGconn *conn)
{
	const char *path = slipway_option_text(arguments, SLIPWAY_OPTION_HTML);
	SlipwayBuffer page = {0};

	if (path == NULL)
		return;
	slipway_html_rehearsal(&page, report->rehearsal, &(SlipwayRehearsalFrame) {
		.project = report->project,
		.database = PQdb(conn),
		.host = PQhost(conn),
		.server_version = PQparameterStatus(conn, "server_version"),
		.duration = slipway_clock_now() - report->started_at,
	});
	slipway_whole_file_write(path, page.data, page.length);
	slipway_output_say("report: %s", path);
	free(slipway_buffer_take(&page));
}

SlipwayExitCode
slipway_cmd_rehearse(const SlipwayArguments *arguments)
{
	SlipwayReport report = {.project = slipway_release_project(arguments)};
	char		variables_key[SLIPWAY_VARIABLE_KEY_SIZE] = "";
	bool		consent = has_consent(arguments);
	SlipwayManifest *manifest;
	PGconn	   *conn;
	SlipwayUpload upload;
	char	   *options;
	SlipwayExitCode code;

	if (slipway_option_text(arguments, SLIPWAY_OPTION_HTML) != NULL)
		slipway_whole_file_check(slipway_option_text(arguments, SLIPWAY_OPTION_HTML));
	slipway_variable_check(arguments);
	manifest = slipway_release_load(arguments, NULL, NULL);
	conn = slipway_connection_open(arguments);
	if (!consent)
		get_consent(conn);
	upload = slipway_upload_run(conn, manifest, report.project);
	slipway_output_detail("%zu %s uploaded", upload.scripts, upload.scripts == 1 ? "script" : "scripts");
	slipway_variable_send(conn, arguments, variables_key);
	options = make_options(arguments, manifest, variables_key);
	report.rehearsal = slipway_rehearsal_new(manifest->folder);
	report.started_at = slipway_clock_now();
	code = run(&report, conn, options);
	if (code == SLIPWAY_EXIT_DONE)
		say_done(&report);
	write_page(arguments, &report, conn);
	if (code == SLIPWAY_EXIT_DONE)
		judge(arguments, report.rehearsal);
	slipway_rehearsal_free(report.rehearsal);
	free(options);
	free(upload.head);
	slipway_release_free(manifest);
	return code;
}
