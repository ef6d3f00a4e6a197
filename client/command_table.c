/*
 * command_table.c
 *	  The commands.
 */
#include "command.h"

#define OPTIONS(...) (const SlipwayOptionId[]) {__VA_ARGS__, SLIPWAY_OPTION_COUNT}
#define NO_OPTIONS (const SlipwayOptionId[]) {SLIPWAY_OPTION_COUNT}

const SlipwayOptionId slipway_command_connection_options[] = {
	SLIPWAY_OPTION_DBNAME, SLIPWAY_OPTION_URL, SLIPWAY_OPTION_HOST, SLIPWAY_OPTION_PORT,
	SLIPWAY_OPTION_USERNAME, SLIPWAY_OPTION_NO_PASSWORD, SLIPWAY_OPTION_PASSWORD, SLIPWAY_OPTION_COUNT
};

const SlipwayOptionId slipway_command_general_options[] = {
	SLIPWAY_OPTION_ENV, SLIPWAY_OPTION_CONFIG, SLIPWAY_OPTION_DIR, SLIPWAY_OPTION_PROJECT,
	SLIPWAY_OPTION_JSON, SLIPWAY_OPTION_QUIET, SLIPWAY_OPTION_VERBOSE, SLIPWAY_OPTION_NO_COLOR, SLIPWAY_OPTION_HELP, SLIPWAY_OPTION_VERSION,
	SLIPWAY_OPTION_COUNT
};

const SlipwayCommand slipway_command_table[] = {
	{
		.name = "init",
		.summary = "prepare a database: extension, project, rights",
		.description =
		"Creates the extension pg_slipway if the database lacks it, updates it if it is\n"
		"older than the server's files, and registers the project. Each part is done\n"
		"only where needed, so it can be run again. Needs a superuser the first time.",
		.options = OPTIONS(SLIPWAY_OPTION_SCHEMAS, SLIPWAY_OPTION_PROJECT_OWNER, SLIPWAY_OPTION_OWNER,
						   SLIPWAY_OPTION_GRANT),
		.run = slipway_cmd_init,
	},
	{
		.name = "new",
		.argument = "NAME",
		.summary = "write an empty script into the folder",
		.description =
		"Writes YYYYMMDDHHMMSS_name.sql, with --down or --verify .up.sql and its\n"
		"companions, and prints the paths. The time is UTC. Nothing is overwritten.",
		.options = OPTIONS(SLIPWAY_OPTION_DOWN, SLIPWAY_OPTION_VERIFY),
		.run = slipway_cmd_new,
	},
	{
		.name = "migrate",
		.aliases = {"deploy", "up", "apply"},
		.summary = "apply what is pending",
		.description =
		"Uploads the scripts that the server lacks and applies the pending migrations,\n"
		"each in a transaction of its own together with its record.",
		.options = OPTIONS(SLIPWAY_OPTION_TO, SLIPWAY_OPTION_DRY_RUN, SLIPWAY_OPTION_ORDER,
						   SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER, SLIPWAY_OPTION_LOCK_WAIT,
						   SLIPWAY_OPTION_LOCK_TIMEOUT, SLIPWAY_OPTION_STATEMENT_TIMEOUT,
						   SLIPWAY_OPTION_RETRIES),
		.run = slipway_cmd_migrate,
	},
	{
		.name = "plan",
		.summary = "show the steps that migrate would take",
		.description =
		"Compares the folder with the history and has the server check the pending\n"
		"scripts. Changes nothing.",
		.options = OPTIONS(SLIPWAY_OPTION_TO, SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER),
		.run = slipway_cmd_plan,
	},
	{
		.name = "status",
		.aliases = {"info"},
		.summary = "show the state of every migration",
		.options = OPTIONS(SLIPWAY_OPTION_EXIT_CODE, SLIPWAY_OPTION_ORDER),
		.run = slipway_cmd_status,
	},
	{
		.name = "validate",
		.summary = "check the folder and the history",
		.description =
		"Checks that applied scripts are unchanged and all there, that pending ones are\n"
		"in order and have no errors that show before they run, and that nobody altered\n"
		"the history. Prints every problem; changes nothing.",
		.options = OPTIONS(SLIPWAY_OPTION_ORDER, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER),
		.run = slipway_cmd_validate,
	},
	{
		.name = "log",
		.summary = "show the history, newest last",
		.options = OPTIONS(SLIPWAY_OPTION_LIMIT),
		.run = slipway_cmd_log,
	},
	{
		.name = "help",
		.argument = "[COMMAND]",
		.summary = "show this help, or that of a command",
		.options = NO_OPTIONS,
		.standalone = true,
		.run = slipway_cmd_help,
	},
	{
		.name = "version",
		.summary = "show the version of this program",
		.options = NO_OPTIONS,
		.standalone = true,
		.run = slipway_cmd_version,
	},
	{.name = NULL}
};
