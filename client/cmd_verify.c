/*
 * cmd_verify.c
 *	  slipway verify
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "connection.h"
#include "memory.h"
#include "output.h"
#include "pooler.h"
#include "release.h"
#include "report.h"
#include "run_options.h"
#include "server.h"
#include "server_error.h"
#include "upload.h"
#include "variable.h"

/* Adds what was given of these options to the options of CALL slipway.verify(). */
static void
add_options(json_t *options, const SlipwayArguments *arguments)
{
	static const struct
	{
		const char *key;
		SlipwayOptionId id;
	}			known[] = {
		{"verify_scripts", SLIPWAY_OPTION_VERIFY_SCRIPTS},
		{"lock_timeout", SLIPWAY_OPTION_LOCK_TIMEOUT},
		{"statement_timeout", SLIPWAY_OPTION_STATEMENT_TIMEOUT},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		const char *value = slipway_option_text(arguments, known[i].id);

		if (value != NULL)
			(void) json_object_set_new(options, known[i].key, json_string(value));
	}
}

/* The caller frees them. */
static char *
make_options(const SlipwayArguments *arguments, const char *manifest, const char *variables_key)
{
	json_t	   *options = json_object();

	(void) json_object_set_new(options, "client_version", json_string(SLIPWAY_VERSION));
	if (manifest != NULL)
		(void) json_object_set_new(options, "manifest", json_string(manifest));
	if (arguments->word_count > 1)
		(void) json_object_set_new(options, "migration",
								   slipway_output_json_text(arguments->words[1]));
	if (*variables_key != '\0')
		(void) json_object_set_new(options, "variables_key", json_string(variables_key));
	add_options(options, arguments);
	slipway_pooler_add_options(options);
	return slipway_run_options_text(options);
}

/*
 * Each failure has been told as it came: this is what ended the call. Inside of a script only
 * a cancel does that, which is not about the script.
 */
static SlipwayExitCode
report_end(PGconn *conn, const PGresult *result, const SlipwayFolder *folder)
{
	SlipwayServerError *error = slipway_server_error_read(conn, result);
	SlipwayExitCode code = error->exit_code;

	if (code == SLIPWAY_EXIT_ROLLED_BACK)
	{
		code = SLIPWAY_EXIT_ERROR;
		error->problem.migration = NULL;
	}
	if (strcmp(error->sqlstate, "SW025") == 0)
		error->problem.detail = NULL;
	if (slipway_output_is_json())
		slipway_output_json(slipway_problem_error(&error->problem, folder, code));
	slipway_problem_print(stderr, &error->problem, folder);
	slipway_server_error_free(error);
	return code;
}

static SlipwayExitCode
run_verify(SlipwayReport *report, PGconn *conn, const char *options)
{
	SlipwayExitCode code = SLIPWAY_EXIT_DONE;
	PGresult   *result;
	bool		interrupted;

	result = slipway_report_call(report, conn, "CALL slipway.verify($1, $2::jsonb)", options,
								 &interrupted);
	if (result != NULL)
		code = report_end(conn, result, report->folder);
	PQclear(result);
	return code;
}

SlipwayExitCode
slipway_cmd_verify(const SlipwayArguments *arguments)
{
	SlipwayManifest *manifest = slipway_release_load(arguments, NULL, NULL);
	SlipwayReport report = {
		.project = slipway_release_project(arguments),
		.started_at = slipway_clock_now(),
		.folder = manifest->folder,
	};
	const char *which = slipway_option_text(arguments, SLIPWAY_OPTION_VERIFY_SCRIPTS);
	bool		newest = which != NULL && strcmp(which, "newest") == 0;
	PGconn	   *conn = slipway_connection_open(arguments);
	char		variables_key[SLIPWAY_VARIABLE_KEY_SIZE] = "";
	SlipwayExitCode code;
	char	   *options;

	if (newest)
	{
		SlipwayUpload upload = slipway_upload_run(conn, manifest, report.project);

		free(upload.head);
	}
	else
		(void) slipway_server_greet(conn, NULL, 0, NULL);
	slipway_variable_send(conn, arguments, variables_key);
	options = make_options(arguments, newest ? manifest->hash : NULL, variables_key);
	code = run_verify(&report, conn, options);
	free(options);
	slipway_release_free(manifest);
	return code;
}
