/*
 * cmd_plan.c
 *	  slipway plan, which is also migrate --dry-run
 */
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "check.h"
#include "command.h"
#include "connection.h"
#include "memory.h"
#include "output.h"
#include "release.h"
#include "table.h"

static void
print_steps_json(const SlipwayCheck *check)
{
	for (size_t i = 0; i < check->step_count; i++)
	{
		const SlipwayStep *step = &check->steps[i];
		json_t	   *object = json_object();

		(void) json_object_set_new(object, "migration", json_string(step->migration->name));
		(void) json_object_set_new(object, "script_hash", json_string(step->migration->up.hash));
		(void) json_object_set_new(object, "kind", slipway_output_json_text(step->kind));
		(void) json_object_set_new(object, "units", json_integer(step->units));
		(void) json_object_set_new(object, "reason", slipway_output_json_text(step->reason));
		(void) json_object_set_new(object, "approval", slipway_output_json_text(step->approval));
		slipway_output_json(object);
	}
}

static void
print_steps(const SlipwayCheck *check)
{
	static const SlipwayColumn columns[] = {
		{.title = "MIGRATION",.flexible = true}, {.title = "KIND"},
		{.title = "UNITS",.right = true}, {.title = "REASON",.flexible = true}
	};
	SlipwayTable *table = slipway_table_new(columns, 4);
	char	  **units = slipway_memory_new(check->step_count * sizeof(char *));

	for (size_t i = 0; i < check->step_count; i++)
	{
		const SlipwayStep *step = &check->steps[i];
		const char *cells[4] = {step->migration->name, step->kind, NULL, step->reason};

		units[i] = slipway_memory_format("%d", step->units);
		cells[2] = units[i];
		slipway_table_add(table, cells, 0, SLIPWAY_COLOR_NONE);
	}
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < check->step_count; i++)
		free(units[i]);
	free(units);
}

/* Says which hooks will run. */
static void
show_hooks(const SlipwayCheck *check)
{
	const SlipwayStep *hooks = &check->steps[check->step_count];
	json_t	   *names = json_array();
	SlipwayBuffer line = {.data = NULL};

	for (size_t i = 0; i < check->hook_count; i++)
	{
		(void) json_array_append_new(names, json_string(hooks[i].migration->name));
		slipway_buffer_add(&line, i > 0 ? ", " : "hooks: ");
		slipway_buffer_add(&line, hooks[i].migration->name);
	}
	if (slipway_output_is_json() && check->hook_count > 0)
		slipway_output_json(json_pack("{s:s, s:O}", "event", "hooks", "hooks", names));
	if (check->hook_count > 0)
		slipway_output_say("%s", line.data);
	json_decref(names);
	free(slipway_buffer_take(&line));
}

/* migrate would refuse to run those. */
static void
say_approval(const SlipwayCheck *check)
{
	SlipwayBuffer names = {.data = NULL};

	for (size_t i = 0; i < check->step_count; i++)
	{
		const SlipwayStep *step = &check->steps[i];

		if (step->approval == NULL || strcmp(step->approval, "missing") != 0)
			continue;
		slipway_buffer_add(&names, names.length > 0 ? ", " : "not approved: ");
		slipway_buffer_add(&names, step->migration->name);
	}
	if (names.length > 0)
		slipway_output_say("%s", names.data);
	free(slipway_buffer_take(&names));
}

static void
show_steps(const SlipwayCheck *check, const char *project)
{
	if (slipway_output_is_json())
		print_steps_json(check);
	else
		print_steps(check);
	show_hooks(check);
	say_approval(check);
	if (check->step_count == 0)
		slipway_output_say("nothing to do");
	else
		slipway_output_say("%zu %s to apply to project %s", check->step_count,
						   check->step_count == 1 ? "migration" : "migrations", project);
}

SlipwayExitCode
slipway_cmd_plan(const SlipwayArguments *arguments)
{
	const char *mode = slipway_option_text(arguments, SLIPWAY_OPTION_MODE);
	SlipwayCheckOptions options = slipway_check_options(arguments);
	SlipwayManifest *manifest = slipway_release_load(arguments, NULL, NULL);
	PGconn	   *conn = slipway_connection_open(arguments);
	SlipwayStateList *states = slipway_server_compare(conn, manifest, options.project);
	SlipwayCheck *check;
	bool		valid;

	options.to = slipway_option_text(arguments, SLIPWAY_OPTION_TO);
	options.together = mode != NULL && strcmp(mode, "all") == 0;
	check = slipway_check_run(conn, manifest, states, &options);
	valid = check->problem_count == 0;
	if (valid)
		show_steps(check, options.project);
	else
		slipway_check_print(check, manifest->folder);
	slipway_check_free(check);
	slipway_server_free_states(states);
	slipway_release_free(manifest);
	return valid ? SLIPWAY_EXIT_DONE : SLIPWAY_EXIT_INVALID;
}
