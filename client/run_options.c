/*
 * run_options.c
 *	  What the options of every CALL that runs scripts have in common.
 */
#include "run_options.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "output.h"
#include "pooler.h"

void
slipway_run_options_duration(json_t *options, const char *key, const SlipwayArguments *arguments,
							 SlipwayOptionId id)
{
	const char *value = slipway_option_text(arguments, id);

	if (value == NULL)
		return;
	if (value[strspn(value, "0123456789")] == '\0')
		(void) json_object_set_new(options, key, json_integer(strtoll(value, NULL, 10)));
	else
		(void) json_object_set_new(options, key, json_string(value));
}

void
slipway_run_options_add(json_t *options, const SlipwayArguments *arguments)
{
	const char *cancel_blockers = slipway_option_text(arguments, SLIPWAY_OPTION_CANCEL_BLOCKERS);
	const char *snapshot = slipway_option_text(arguments, SLIPWAY_OPTION_SNAPSHOT);
	int			retries = slipway_option_integer(arguments, SLIPWAY_OPTION_RETRIES, -1);

	(void) json_object_set_new(options, "client_version", json_string(SLIPWAY_VERSION));
	slipway_pooler_add_options(options);
	slipway_run_options_duration(options, "lock_wait", arguments, SLIPWAY_OPTION_LOCK_WAIT);
	slipway_run_options_duration(options, "lock_timeout", arguments, SLIPWAY_OPTION_LOCK_TIMEOUT);
	slipway_run_options_duration(options, "statement_timeout", arguments, SLIPWAY_OPTION_STATEMENT_TIMEOUT);
	if (snapshot != NULL)
		(void) json_object_set_new(options, "snapshot", json_string(snapshot));
	if (retries >= 0)
		(void) json_object_set_new(options, "retries", json_integer(retries));
	if (cancel_blockers != NULL)
		(void) json_object_set_new(options, "cancel_blockers",
								   slipway_output_json_text(cancel_blockers));
}

void
slipway_run_options_add_plan(json_t *options, const SlipwayArguments *arguments,
							 const SlipwayManifest *manifest, const char *variables_key)
{
	const char *to = slipway_option_text(arguments, SLIPWAY_OPTION_TO);
	const char *out_of_order = slipway_option_text(arguments, SLIPWAY_OPTION_OUT_OF_ORDER);

	(void) json_object_set_new(options, "manifest", json_string(manifest->hash));
	if (to != NULL)
		(void) json_object_set_new(options, "to", slipway_output_json_text(to));
	if (*variables_key != '\0')
		(void) json_object_set_new(options, "variables_key", json_string(variables_key));
	if (out_of_order != NULL)
		(void) json_object_set_new(options, "out_of_order", json_string(out_of_order));
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER))
		(void) json_object_set_new(options, "allow_out_of_order", json_true());
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_VERIFY))
		(void) json_object_set_new(options, "verify", json_true());
}

char *
slipway_run_options_text(json_t *options)
{
	char	   *text = json_dumps(options, JSON_COMPACT);

	json_decref(options);
	if (text == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not write the options as JSON");
	return text;
}
