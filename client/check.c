/*
 * check.c
 *	  What the server says about a folder before anything is done.
 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"
#include "pipeline.h"
#include "release.h"
#include "requirement.h"
#include "variable.h"

void
slipway_check_add(SlipwayCheck *check, const SlipwayProblem *problem)
{
	check->problems = slipway_memory_resize(check->problems, check->problem_count + 1,
											sizeof(SlipwayProblem));
	check->problems[check->problem_count++] = *problem;
}

char *
slipway_check_keep(SlipwayCheck *check, char *text)
{
	check->texts = slipway_memory_resize(check->texts, check->text_count + 1, sizeof(char *));
	check->texts[check->text_count++] = text;
	return text;
}

void
slipway_check_free(SlipwayCheck *check)
{
	for (size_t i = 0; i < check->text_count; i++)
		free(check->texts[i]);
	free(check->texts);
	free(check->problems);
	free(check->companions);
	free(check->steps);
	free(check);
}

static void
add_state_problem(SlipwayCheck *check, const SlipwayState *state)
{
	SlipwayProblem problem = {.migration = state->migration};

	switch (state->kind)
	{
		case SLIPWAY_STATE_CHANGED:
			problem.sqlstate = "SW001";
			problem.message = "the script changed after it was applied";
			if (state->script_hash != NULL && state->applied_hash != NULL)
				problem.detail = slipway_check_keep(
					check, slipway_memory_format("applied: %s, now: %s", state->applied_hash,
												 state->script_hash));
			problem.hint = "Restore the file, and put the change into a new migration;"
				" or \"slipway repair --accept-checksum\".";
			break;
		case SLIPWAY_STATE_MISSING:
			/* what was to be run again and again may end without a trace */
			if (state->repeatable)
				return;
			problem.sqlstate = "SW002";
			problem.message = state->applied_hash != NULL ? "the migration was applied, but is not in the folder" :
				"the migration has stopped part way, but is not in the folder";
			problem.hint = state->applied_hash != NULL ? "Restore its file." :
				"Restore its file. What it has not executed yet may be changed, or taken out.";
			break;
		case SLIPWAY_STATE_OUT_OF_ORDER:
			problem.sqlstate = "SW003";
			problem.message = "the migration is pending, but sorts before one that is applied";
			problem.hint = "Rename it, or pass --allow-out-of-order.";
			break;
		case SLIPWAY_STATE_ROLLED_BACK_PART:
			problem.sqlstate = "SW021";
			problem.message = "the rollback of the migration has stopped part way";
			problem.hint = "Finish it with \"slipway rollback --steps 1\"; then it can be applied again.";
			break;
		case SLIPWAY_STATE_APPLIED:
		case SLIPWAY_STATE_PENDING:
		case SLIPWAY_STATE_FAILED:
		case SLIPWAY_STATE_FUTURE:
			return;
	}
	slipway_check_add(check, &problem);
}

static bool
is_step(const SlipwayState *state, bool out_of_order)
{
	return state->kind == SLIPWAY_STATE_PENDING || state->kind == SLIPWAY_STATE_FAILED ||
		(state->kind == SLIPWAY_STATE_OUT_OF_ORDER && out_of_order);
}

static const char *
keep_field(SlipwayCheck *check, const PGresult *result, int row, int field)
{
	const char *value = slipway_server_text(result, row, field);

	return value != NULL ? slipway_check_keep(check, slipway_memory_copy(value)) : NULL;
}

static void
take_check(void *context, size_t index, const PGresult *result)
{
	SlipwayCheck *check = context;
	size_t		steps = check->step_count + check->hook_count;
	SlipwayStep *step = index < steps ? &check->steps[index] : NULL;
	const SlipwayCompanion *companion = step == NULL ? &check->companions[index - steps] : NULL;

	for (int row = 0; row < PQntuples(result); row++)
	{
		SlipwayProblem problem = {.migration = step != NULL ? step->migration->name : companion->migration->name};

		if (!PQgetisnull(result, row, 0))
		{
			if (step == NULL)
				continue;
			step->kind = keep_field(check, result, row, 0);
			step->units = (int) slipway_server_number(result, row, 1, 0);
			step->reason = keep_field(check, result, row, 2);
			step->requires = keep_field(check, result, row, 9);
			continue;
		}
		problem.sqlstate = keep_field(check, result, row, 3);
		/* what has no value for a variable now may have one when it runs */
		if (companion != NULL && strcmp(problem.sqlstate, "SW028") == 0)
			continue;
		problem.part = companion != NULL ? companion->part : SLIPWAY_PART_UP;
		problem.message = keep_field(check, result, row, 4);
		problem.detail = keep_field(check, result, row, 5);
		problem.hint = keep_field(check, result, row, 6);
		problem.line = (int) slipway_server_number(result, row, 7, 0);
		problem.column = (int) slipway_server_number(result, row, 8, 0);
		slipway_check_add(check, &problem);
	}
}

static void
send_check(SlipwayPipeline *pipeline, const SlipwayMigration *migration, SlipwayScriptPart part, const char *project)
{
	static const char sql[] =
		"SELECT kind, units, reason, sqlstate, message, detail, hint, line_number, column_number,"
		" pg_catalog.array_to_string(requires, E'\\n')"
		" FROM slipway.check_script($1, $2, $3, part => $4)";
	const SlipwayScriptFile *const files[] = {&migration->up, &migration->down, &migration->verify};
	size_t		length;
	char	   *body = slipway_script_file_read_again(files[part], &length);
	const SlipwayValue values[] = {
		{.bytes = migration->name}, {.bytes = body}, {.bytes = project},
		{.bytes = slipway_folder_part_name(part)}
	};

	slipway_pipeline_send(pipeline, sql, values, 4);
	free(body);
}

/* Down and verify scripts of the steps. */
static void
list_companions(SlipwayCheck *check)
{
	check->companions = slipway_memory_new(2 * check->step_count * sizeof(SlipwayCompanion));
	for (size_t i = 0; i < check->step_count; i++)
	{
		const SlipwayMigration *migration = check->steps[i].migration;

		if (migration->down.path != NULL)
			check->companions[check->companion_count++] = (SlipwayCompanion) {migration, SLIPWAY_PART_DOWN};
		if (migration->verify.path != NULL)
			check->companions[check->companion_count++] = (SlipwayCompanion) {migration, SLIPWAY_PART_VERIFY};
	}
}

/* Has the server check the scripts of the steps. */
static void
check_scripts(SlipwayCheck *check, PGconn *conn, const SlipwayCheckOptions *options)
{
	SlipwayPipeline pipeline;

	if (check->step_count == 0)
		return;
	if (options->companions)
		list_companions(check);
	slipway_variable_send(conn, options->arguments, NULL);
	slipway_pipeline_open(&pipeline, conn, take_check, check);
	for (size_t i = 0; i < check->step_count + check->hook_count; i++)
		send_check(&pipeline, check->steps[i].migration, SLIPWAY_PART_UP, options->project);
	for (size_t i = 0; i < check->companion_count; i++)
		send_check(&pipeline, check->companions[i].migration, check->companions[i].part, options->project);
	slipway_pipeline_close(&pipeline);
	slipway_variable_end(conn, options->arguments);
}

/* Hooks run if there is a step. */
static void
add_hooks(SlipwayCheck *check, const SlipwayFolder *folder)
{
	for (size_t i = 0; i < folder->count && check->step_count > 0; i++)
		if (folder->migrations[i].kind == SLIPWAY_HOOK)
			check->steps[check->step_count + check->hook_count++].migration = &folder->migrations[i];
}

/* In one transaction there is no room for those that commit in several steps. */
static void
check_together(SlipwayCheck *check)
{
	for (size_t i = 0; i < check->step_count; i++)
	{
		const SlipwayStep *step = &check->steps[i];
		SlipwayProblem problem = {
			.migration = step->migration->name,
			.sqlstate = "SW007",
			.message = "the migration cannot share a transaction with others",
			.hint = "Pass --mode each, or apply it by itself before.",
		};

		if (step->reason == NULL)
			continue;
		problem.detail = slipway_check_keep(check, slipway_memory_format("The cause is %s.", step->reason));
		slipway_check_add(check, &problem);
	}
}

const char *
slipway_check_policy(const SlipwayArguments *arguments)
{
	return slipway_option_flag(arguments, SLIPWAY_OPTION_ALLOW_OUT_OF_ORDER) ? "allow"
		: slipway_option_text(arguments, SLIPWAY_OPTION_OUT_OF_ORDER);
}

SlipwayCheckOptions
slipway_check_options(const SlipwayArguments *arguments)
{
	slipway_variable_check(arguments);
	return (SlipwayCheckOptions) {
		.project = slipway_release_project(arguments),
		.out_of_order = slipway_check_policy(arguments),
		.arguments = arguments,
	};
}

SlipwayCheck *
slipway_check_run(PGconn *conn, const SlipwayManifest *manifest, const SlipwayStateList *states,
				  const SlipwayCheckOptions *options)
{
	SlipwayCheck *check = slipway_memory_new(sizeof(SlipwayCheck));
	const char *policy = options->out_of_order != NULL ? options->out_of_order : states->out_of_order;
	bool		beyond = false;

	check->steps = slipway_memory_new((states->count + manifest->folder->count) * sizeof(SlipwayStep));
	for (size_t i = 0; i < states->count; i++)
	{
		const SlipwayState *state = &states->states[i];
		const SlipwayMigration *migration = slipway_folder_find(manifest->folder, state->migration);

		if (is_step(state, strcmp(policy, "refuse") != 0))
		{
			if (!beyond && migration != NULL)
			{
				check->steps[check->step_count].approval = state->approval;
				check->steps[check->step_count++].migration = migration;
			}
		}
		else
			add_state_problem(check, state);
		if (options->to != NULL && strcmp(options->to, state->migration) == 0)
			beyond = true;
	}
	add_hooks(check, manifest->folder);
	check_scripts(check, conn, options);
	slipway_requirement_check(check, states);
	if (options->together)
		check_together(check);
	return check;
}

void
slipway_check_print(const SlipwayCheck *check, const SlipwayFolder *folder)
{
	for (size_t i = 0; i < check->problem_count; i++)
	{
		if (slipway_output_is_json())
		{
			json_t	   *object = slipway_problem_json(&check->problems[i], folder);

			(void) json_object_set_new(object, "event", json_string("problem"));
			slipway_output_json(object);
		}
		slipway_problem_print(stderr, &check->problems[i], folder);
	}
}
