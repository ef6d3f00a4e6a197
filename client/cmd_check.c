/*
 * cmd_check.c
 *	  slipway check
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "command.h"
#include "die.h"
#include "output.h"
#include "pooler.h"
#include "preflight.h"
#include "release.h"

/* Options that mean nothing without another one; defaults from elsewhere wait for it. */
static void
check_options(const SlipwayArguments *arguments)
{
	static const struct
	{
		SlipwayOptionId option;
		SlipwayOptionId needs;
	}			pairs[] = {
		{SLIPWAY_OPTION_DURATION, SLIPWAY_OPTION_LOAD},
		{SLIPWAY_OPTION_ACQUIRE_LIMIT, SLIPWAY_OPTION_LOAD},
		{SLIPWAY_OPTION_QUERY_LIMIT, SLIPWAY_OPTION_LOAD},
		{SLIPWAY_OPTION_SAVE_BASELINE, SLIPWAY_OPTION_LOAD},
		{SLIPWAY_OPTION_COMPARE, SLIPWAY_OPTION_LOAD},
		{SLIPWAY_OPTION_TENANT_SETTING, SLIPWAY_OPTION_TENANT_COLUMN},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (slipway_option_text(arguments, pairs[i].option) != NULL && arguments->sources[pairs[i].option] == NULL &&
			slipway_option_text(arguments, pairs[i].needs) == NULL)
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "option \"--%s\" needs \"--%s\"",
						slipway_option_table[pairs[i].option].name,
						slipway_option_table[pairs[i].needs].name);
	if (slipway_option_integer(arguments, SLIPWAY_OPTION_LOAD, 1) < 1 ||
		slipway_option_integer(arguments, SLIPWAY_OPTION_LOAD, 1) > 10000)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "--load takes a number from 1 to 10000");
}

/* An administrator may be without the folder; a file in its place is a mistake. */
static SlipwayManifest *
load_manifest(const SlipwayArguments *arguments)
{
	struct stat status;

	if (stat(slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR)), &status) != 0)
		return NULL;
	return slipway_release_load(arguments, NULL, NULL);
}

SlipwayExitCode
slipway_cmd_check(const SlipwayArguments *arguments)
{
	SlipwayPreflight preflight = {
		.arguments = arguments,
		.project = slipway_release_project(arguments),
	};
	const char *compare = slipway_option_text(arguments, SLIPWAY_OPTION_COMPARE);
	const int  *counts = preflight.counts;
	SlipwayManifest *manifest;
	SlipwayLoad baseline;

	check_options(arguments);
	/* a wrong name is not to be found after all the load */
	if (compare != NULL && slipway_option_text(arguments, SLIPWAY_OPTION_LOAD) != NULL)
	{
		baseline = slipway_load_read(compare);
		preflight.baseline = &baseline;
	}
	/* it has a line of its own */
	slipway_pooler_set_policy(SLIPWAY_POOLER_FINE);
	/* It begins to connect, so it comes first. */
	preflight.manifest = manifest = load_manifest(arguments);
	slipway_preflight_store(&preflight);
	slipway_preflight_server(&preflight);
	if (preflight.conn != NULL && preflight.has_extension)
	{
		slipway_preflight_rights(&preflight);
		slipway_preflight_plan(&preflight);
	}
	if (preflight.conn != NULL)
		slipway_preflight_application(&preflight);
	if (manifest != NULL)
		slipway_release_free(manifest);
	free(preflight.schemas);
	slipway_output_say("%d ok, %d %s, %d failed, %d skipped", counts[SLIPWAY_OUTCOME_OK],
					   counts[SLIPWAY_OUTCOME_WARNING],
					   counts[SLIPWAY_OUTCOME_WARNING] == 1 ? "warning" : "warnings",
					   counts[SLIPWAY_OUTCOME_FAILED], counts[SLIPWAY_OUTCOME_SKIPPED]);
	return counts[SLIPWAY_OUTCOME_FAILED] > 0 ? SLIPWAY_EXIT_ERROR : SLIPWAY_EXIT_DONE;
}
