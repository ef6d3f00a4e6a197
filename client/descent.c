/*
 * descent.c
 *	  What a rollback would take back, and what data goes with it.
 */
#include "descent.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"
#include "server_error.h"
#include "table.h"

/* Columns of slipway.rollback_plan(). */
enum
{
	STEP_POSITION,
	STEP_MIGRATION,
	STEP_HASH,
	STEP_KIND,
	STEP_UNITS,
	STEP_REASON,
	STEP_APPROVAL
};

/* Columns of slipway.rollback_losses(). */
enum
{
	LOSS_POSITION,
	LOSS_MIGRATION,
	LOSS_ACTION,
	LOSS_RELATION,
	LOSS_COLUMN,
	LOSS_ROWS,
	LOSS_EXACT
};

static char *
read_head(PGconn *conn, const char *project)
{
	static const char sql[] =
		"SELECT pg_catalog.encode(entry_hash, 'hex') FROM slipway.log WHERE project = $1"
		" ORDER BY entry DESC LIMIT 1";
	const char *const values[] = {project};
	PGresult   *result = slipway_server_query(conn, sql, 1, values);
	char	   *head = PQntuples(result) > 0 ? slipway_memory_copy(PQgetvalue(result, 0, 0)) : NULL;

	PQclear(result);
	return head;
}

SlipwayFolder *
slipway_descent_folder(const SlipwayDescentSource *source, const char *migration, const SlipwayScriptFile *down)
{
	/* in one piece, with the migration behind the folder */
	SlipwayFolder *folder = slipway_memory_new(sizeof(SlipwayFolder) + sizeof(SlipwayMigration));

	folder->path = (char *) source->dir;
	folder->migrations = (SlipwayMigration *) (folder + 1);
	folder->migrations[0] = (SlipwayMigration) {
		.kind = SLIPWAY_VERSIONED,.name = (char *) migration,.down = *down
	};
	folder->count = 1;
	return folder;
}

/* Does the server find the same wrong with that file? It may be another one than that which was uploaded. */
static bool
has_problem(PGconn *conn, const char *project, const SlipwayScriptFile *file, const SlipwayProblem *problem)
{
	static const char sql[] =
		"SELECT sqlstate, message, line_number, column_number"
		" FROM slipway.check_script($1, $2, $3, part => 'down')";
	size_t		length;
	char	   *body = slipway_script_file_read(file, &length);
	const char *const values[] = {problem->migration, body, project};
	PGresult   *result;
	bool		same;

	if (PQtransactionStatus(conn) == PQTRANS_INERROR)
		PQclear(PQexec(conn, "ROLLBACK"));
	result = slipway_server_answer(conn, PQexecParams(conn, sql, 3, NULL, values, NULL, NULL, 0));
	same = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
		strcmp(PQgetvalue(result, 0, 0), problem->sqlstate) == 0 &&
		strcmp(PQgetvalue(result, 0, 1), problem->message) == 0 &&
		(int) slipway_server_number(result, 0, 2, 0) == problem->line &&
		(int) slipway_server_number(result, 0, 3, 0) == problem->column;
	PQclear(result);
	free(body);
	return same;
}

/* The file with the script that the problem is in, as a folder; NULL if it is not to be found. */
static SlipwayFolder *
find_folder(PGconn *conn, const char *project, const SlipwayDescentSource *source, const SlipwayProblem *problem)
{
	SlipwayScriptFile file = *source->script;

	if (problem->part != SLIPWAY_PART_DOWN || problem->line == 0)
		return NULL;
	if (file.path == NULL)
	{
		file.path = slipway_folder_guess_path(source->dir, problem->migration, SLIPWAY_PART_DOWN);
		if (access(file.path, R_OK) != 0 || !has_problem(conn, project, &file, problem))
			return NULL;
	}
	return slipway_descent_folder(source, problem->migration, &file);
}

static _Noreturn void
die(PGconn *conn, const PGresult *result, const char *project, const SlipwayDescentSource *source)
{
	SlipwayServerError *error = slipway_server_error_read(conn, result);
	SlipwayFolder *folder = find_folder(conn, project, source, &error->problem);

	if (error->problem.part != SLIPWAY_PART_UP)
		error->problem.path = source->script->path;
	if (slipway_output_is_json())
		slipway_output_json(slipway_problem_error(&error->problem, folder, error->exit_code));
	slipway_problem_print(stderr, &error->problem, folder);
	slipway_die_exit(error->exit_code);
}

SlipwayDescent *
slipway_descent_read(PGconn *conn, const char *project, const char *options,
					 const SlipwayDescentSource *source)
{
	const char *const values[] = {project, options};
	SlipwayDescent *descent = slipway_memory_new(sizeof(SlipwayDescent));

	/* before the steps: whatever comes in between is to be noticed */
	descent->head = read_head(conn, project);
	descent->steps = PQexecParams(conn, "SELECT * FROM slipway.rollback_plan($1, $2::jsonb) ORDER BY position",
								  2, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(descent->steps) != PGRES_TUPLES_OK)
		die(conn, descent->steps, project, source);
	return descent;
}

void
slipway_descent_read_losses(SlipwayDescent *descent, PGconn *conn, const char *project, const char *options)
{
	const char *const values[] = {project, options};
	PGresult   *may = slipway_server_query(conn, "SELECT slipway._may('deployer', $1)", 1, values);

	if (strcmp(PQgetvalue(may, 0, 0), "t") == 0)
		descent->losses = slipway_server_query(conn, "SELECT * FROM slipway.rollback_losses($1, $2::jsonb)", 2,
											   values);
	PQclear(may);
}

void
slipway_descent_free(SlipwayDescent *descent)
{
	PQclear(descent->steps);
	PQclear(descent->losses);
	free(descent->head);
	free(descent);
}

size_t
slipway_descent_count(const SlipwayDescent *descent)
{
	return (size_t) PQntuples(descent->steps);
}

const char *
slipway_descent_script(const SlipwayDescent *descent, const char *migration)
{
	for (int row = 0; row < PQntuples(descent->steps); row++)
		if (strcmp(PQgetvalue(descent->steps, row, STEP_MIGRATION), migration) == 0)
			return PQgetvalue(descent->steps, row, STEP_HASH);
	return NULL;
}

/* Is this what goes with that step? */
static bool
belongs(const SlipwayDescent *descent, int loss, int step)
{
	return strcmp(PQgetvalue(descent->losses, loss, LOSS_POSITION),
				  PQgetvalue(descent->steps, step, STEP_POSITION)) == 0;
}

static bool
is_unapproved(const SlipwayDescent *descent, int step)
{
	return strcmp(PQgetvalue(descent->steps, step, STEP_APPROVAL), "missing") == 0;
}

static int
count_losses(const SlipwayDescent *descent)
{
	return descent->losses != NULL ? PQntuples(descent->losses) : 0;
}

/* "1203 rows", "about 1.2 million rows" */
static char *
format_rows(const PGresult *losses, int row)
{
	double		rows = slipway_server_number(losses, row, LOSS_ROWS, -1);
	bool		exact = strcmp(PQgetvalue(losses, row, LOSS_EXACT), "t") == 0;

	if (rows < 0)
		return slipway_memory_copy("an unknown number of rows");
	if (exact)
		return slipway_memory_format("%.0f %s", rows, rows == 1 ? "row" : "rows");
	if (rows >= 1e9)
		return slipway_memory_format("about %.1f billion rows", rows / 1e9);
	if (rows >= 1e6)
		return slipway_memory_format("about %.1f million rows", rows / 1e6);
	return slipway_memory_format("about %.0f rows", rows);
}

/* "drop table public.orders: 1203 rows" */
static char *
format_loss(const PGresult *losses, int row)
{
	const char *column = slipway_server_text(losses, row, LOSS_COLUMN);
	char	   *rows = format_rows(losses, row);
	char	   *text = slipway_memory_format("%s %s%s%s: %s", PQgetvalue(losses, row, LOSS_ACTION),
											 PQgetvalue(losses, row, LOSS_RELATION), column != NULL ? "." : "",
											 column != NULL ? column : "", rows);

	free(rows);
	return text;
}

void
slipway_descent_say(const SlipwayDescent *descent, const char *project)
{
	slipway_output_say("to be rolled back in project %s, last applied first:", project);
	for (int step = 0; step < PQntuples(descent->steps); step++)
	{
		slipway_output_say("  %s%s", PQgetvalue(descent->steps, step, STEP_MIGRATION),
						   is_unapproved(descent, step) ? " (not approved)" : "");
		for (int row = 0; row < count_losses(descent); row++)
		{
			char	   *loss = belongs(descent, row, step) ? format_loss(descent->losses, row) : NULL;

			if (loss != NULL)
				slipway_output_say("      %s", loss);
			free(loss);
		}
	}
}

static json_t *
make_loss(const PGresult *losses, int row)
{
	double		rows = slipway_server_number(losses, row, LOSS_ROWS, -1);
	json_t	   *loss = json_object();

	(void) json_object_set_new(loss, "action", json_string(PQgetvalue(losses, row, LOSS_ACTION)));
	(void) json_object_set_new(loss, "relation", slipway_output_json_text(PQgetvalue(losses, row, LOSS_RELATION)));
	(void) json_object_set_new(loss, "column",
							   slipway_output_json_text(slipway_server_text(losses, row, LOSS_COLUMN)));
	(void) json_object_set_new(loss, "rows", rows >= 0 ? json_integer((json_int_t) rows) : json_null());
	(void) json_object_set_new(loss, "exact", json_boolean(strcmp(PQgetvalue(losses, row, LOSS_EXACT), "t") == 0));
	return loss;
}

static void
print_json(const SlipwayDescent *descent)
{
	const PGresult *steps = descent->steps;

	for (int step = 0; step < PQntuples(steps); step++)
	{
		json_t	   *object = json_object();
		json_t	   *losses = json_array();

		(void) json_object_set_new(object, "migration", slipway_output_json_text(PQgetvalue(steps, step, STEP_MIGRATION)));
		(void) json_object_set_new(object, "script_hash", json_string(PQgetvalue(steps, step, STEP_HASH)));
		(void) json_object_set_new(object, "kind", json_string(PQgetvalue(steps, step, STEP_KIND)));
		(void) json_object_set_new(object, "units", json_integer(strtoll(PQgetvalue(steps, step, STEP_UNITS), NULL, 10)));
		(void) json_object_set_new(object, "reason", slipway_output_json_text(slipway_server_text(steps, step, STEP_REASON)));
		for (int row = 0; row < count_losses(descent); row++)
			if (belongs(descent, row, step))
				(void) json_array_append_new(losses, make_loss(descent->losses, row));
		(void) json_object_set_new(object, "approval", slipway_output_json_text(slipway_server_text(steps, step, STEP_APPROVAL)));
		(void) json_object_set_new(object, "losses", losses);
		slipway_output_json(object);
	}
}

static void
print_table(const SlipwayDescent *descent)
{
	static const SlipwayColumn columns[] = {
		{.title = "MIGRATION",.flexible = true}, {.title = "KIND"},
		{.title = "UNITS",.right = true}, {.title = "REASON",.flexible = true}
	};
	SlipwayTable *table = slipway_table_new(columns, 4);
	int			losses = count_losses(descent);
	char	  **notes = slipway_memory_new((size_t) losses * sizeof(char *));

	for (int row = 0; row < losses; row++)
		notes[row] = format_loss(descent->losses, row);
	for (int step = 0; step < PQntuples(descent->steps); step++)
	{
		const char *cells[4] = {
			PQgetvalue(descent->steps, step, STEP_MIGRATION), PQgetvalue(descent->steps, step, STEP_KIND),
			PQgetvalue(descent->steps, step, STEP_UNITS), slipway_server_text(descent->steps, step, STEP_REASON)
		};

		slipway_table_add(table, cells, 0, SLIPWAY_COLOR_NONE);
		if (is_unapproved(descent, step))
			slipway_table_note(table, "not approved");
		for (int row = 0; row < losses; row++)
			if (belongs(descent, row, step))
				slipway_table_note(table, notes[row]);
	}
	slipway_table_print(table, stdout);
	for (int row = 0; row < losses; row++)
		free(notes[row]);
	free(notes);
}

void
slipway_descent_print(const SlipwayDescent *descent)
{
	if (slipway_output_is_json())
		print_json(descent);
	else
		print_table(descent);
}
