/*
 * problem.c
 *	  Something wrong with a migration.
 */
#include "problem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "display.h"
#include "excerpt.h"
#include "memory.h"
#include "output.h"

/* How wide an excerpt may be where there is no terminal: a log file, CI. */
#define LOG_WIDTH 120

static const SlipwayScriptFile *
find_file(const SlipwayProblem *problem, const SlipwayFolder *folder)
{
	const SlipwayMigration *migration = NULL;

	if (folder != NULL && problem->migration != NULL)
		migration = slipway_folder_find(folder, problem->migration);
	if (migration == NULL)
		return NULL;
	if (problem->part == SLIPWAY_PART_UP)
		return &migration->up;
	if (problem->part == SLIPWAY_PART_DOWN)
		return migration->down.path != NULL ? &migration->down : NULL;
	return migration->verify.path != NULL ? &migration->verify : NULL;
}

char *
slipway_problem_place(const SlipwayProblem *problem, const SlipwayFolder *folder)
{
	const SlipwayScriptFile *file = find_file(problem, folder);
	const char *guess = problem->path != NULL ? problem->path : problem->migration;
	const char *name = file != NULL ? file->path : guess;

	/* a script that is not in the folder */
	if (file == NULL && problem->path == NULL && problem->part != SLIPWAY_PART_UP)
		name = slipway_memory_format("%s.%s.sql", problem->migration, slipway_folder_part_name(problem->part));

	if (problem->line > 0 && problem->column > 0)
		return slipway_memory_format("%s:%d:%d", name, problem->line, problem->column);
	if (problem->line > 0)
		return slipway_memory_format("%s:%d", name, problem->line);
	return slipway_memory_copy(name);
}

static void
print_excerpt(FILE *stream, const SlipwayProblem *problem, const SlipwayScriptFile *file)
{
	size_t		length;
	char	   *text;
	char	   *excerpt;
	int			width = slipway_output_width(stream);

	/* the file was read before; if it is gone by now, do without */
	if (file == NULL || problem->line < 1 || access(file->path, R_OK) != 0)
		return;
	text = slipway_script_file_read(file, &length);
	excerpt = slipway_excerpt_render(text, length, problem->line, problem->column,
									 width > 0 ? width : LOG_WIDTH);
	if (excerpt != NULL)
		(void) fputs(excerpt, stream);
	free(excerpt);
	free(text);
}

void
slipway_problem_print_text(FILE *stream, const char *before, const char *text, const char *after)
{
	(void) fputs(before, stream);
	slipway_display_print(stream, text, false, after);
}

void
slipway_problem_print(FILE *stream, const SlipwayProblem *problem,
					  const SlipwayFolder *folder)
{
	const char *severity = problem->severity != NULL ? problem->severity : "ERROR";
	const char *red = slipway_output_color(stream, SLIPWAY_COLOR_RED);
	const char *plain = slipway_output_color(stream, SLIPWAY_COLOR_NONE);

	slipway_output_begin_talk();
	if (problem->migration != NULL)
	{
		char	   *place = slipway_problem_place(problem, folder);

		slipway_display_print(stream, place, true, ": ");
		(void) fputs(red, stream);
		slipway_display_print(stream, severity, false, ":");
		(void) fprintf(stream, "%s ", plain);
		free(place);
	}
	else
		(void) fprintf(stream, "slipway: %serror:%s ", red, plain);
	slipway_problem_print_text(stream, "", problem->message, "");
	if (problem->sqlstate != NULL)
		slipway_problem_print_text(stream, " (", problem->sqlstate, ")");
	(void) fputc('\n', stream);
	print_excerpt(stream, problem, find_file(problem, folder));
	if (problem->detail != NULL)
		slipway_problem_print_text(stream, "detail: ", problem->detail, "\n");
	if (problem->context != NULL)
		slipway_problem_print_text(stream, "context: ", problem->context, "\n");
	if (problem->hint != NULL)
		slipway_problem_print_text(stream, "hint: ", problem->hint, "\n");
}

static void
set_text(json_t *object, const char *key, const char *value)
{
	if (value != NULL)
		(void) json_object_set_new(object, key, slipway_output_json_text(value));
}

json_t *
slipway_problem_json(const SlipwayProblem *problem, const SlipwayFolder *folder)
{
	const SlipwayScriptFile *file = find_file(problem, folder);
	json_t	   *object = json_object();

	set_text(object, "severity", problem->severity != NULL ? problem->severity : "ERROR");
	set_text(object, "sqlstate", problem->sqlstate);
	set_text(object, "message", problem->message);
	set_text(object, "detail", problem->detail);
	set_text(object, "hint", problem->hint);
	set_text(object, "context", problem->context);
	set_text(object, "migration", problem->migration);
	if (problem->part != SLIPWAY_PART_UP)
		set_text(object, "script", slipway_folder_part_name(problem->part));
	set_text(object, "file", file != NULL ? file->path : problem->path);
	if (problem->line > 0)
		(void) json_object_set_new(object, "line", json_integer(problem->line));
	if (problem->column > 0)
		(void) json_object_set_new(object, "column", json_integer(problem->column));
	return object;
}

json_t *
slipway_problem_error(const SlipwayProblem *problem, const SlipwayFolder *folder,
					  SlipwayExitCode code)
{
	json_t	   *object = slipway_problem_json(problem, folder);

	(void) json_object_set_new(object, "event", json_string("error"));
	(void) json_object_set_new(object, "exit_code", json_integer(code));
	return object;
}
