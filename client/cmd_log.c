/*
 * cmd_log.c
 *	  slipway log
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "connection.h"
#include "die.h"
#include "folder.h"
#include "memory.h"
#include "release.h"
#include "server.h"
#include "server_error.h"
#include "table.h"

/* Fields of the query below. */
enum
{
	FIELD_ENTRY,
	FIELD_WHEN,
	FIELD_WHEN_ISO,
	FIELD_RUN,
	FIELD_MIGRATION,
	FIELD_ACTION,
	FIELD_OUTCOME,
	FIELD_DURATION,
	FIELD_BY,
	FIELD_SCRIPT_HASH,
	FIELD_ENTRY_HASH,
	FIELD_SQLSTATE,
	FIELD_MESSAGE,
	FIELD_DETAIL,
	FIELD_HINT,
	FIELD_LINE,
	FIELD_COLUMN,
	FIELD_LABELS,
	FIELD_LABELS_JSON,
	FIELD_REASON,
	FIELD_CONTEXT,
	FIELD_VARIABLES_JSON,
	FIELD_DIRECTION,
	FIELD_APPROVED_BY
};

#define COLUMN_COUNT 7

/* How often new entries are looked for. */
#define PERIOD_MS 500

/* The newest entries of a project, at most limit (NULL: all), that come after one. */
static PGresult *
read_log(PGconn *conn, const char *project, const char *limit, const char *after)
{
	static const char sql[] =
		"SELECT * FROM (SELECT entry,"
		" " SLIPWAY_SERVER_UTC("started_at") ","
		" " SLIPWAY_SERVER_UTC_ISO("started_at") ","
		" run, migration, action, outcome, " SLIPWAY_SERVER_MS("duration") ", session_role,"
		" pg_catalog.encode(script_hash, 'hex'), pg_catalog.encode(entry_hash, 'hex'),"
		" sqlstate, message, detail, hint, line_number, column_number,"
		" (SELECT pg_catalog.string_agg(key || '=' || value, ', ' ORDER BY key)"
		"    FROM pg_catalog.jsonb_each_text(labels)), labels, reason, context, variables, direction, approved_by"
		" FROM slipway.log WHERE project = $1 AND entry > $3::bigint"
		" ORDER BY entry DESC LIMIT $2::bigint) newest"
		" ORDER BY entry";
	const char *const values[] = {project, limit, after};

	return slipway_server_query(conn, sql, 3, values);
}

/* "m/0007_orders.sql:12:9: message (42703)", or the reason; NULL when there is nothing to say. */
static char *
make_note(const PGresult *result, int row, const char *folder)
{
	const char *message = slipway_server_text(result, row, FIELD_MESSAGE);
	const char *migration = slipway_server_text(result, row, FIELD_MIGRATION);
	const char *line = slipway_server_text(result, row, FIELD_LINE);
	const char *column = slipway_server_text(result, row, FIELD_COLUMN);
	const char *sqlstate = slipway_server_text(result, row, FIELD_SQLSTATE);
	const char *reason = slipway_server_text(result, row, FIELD_REASON);
	const char *direction = slipway_server_text(result, row, FIELD_DIRECTION);
	const char *approved_by = slipway_server_text(result, row, FIELD_APPROVED_BY);
	char	   *path;
	char	   *note;

	if (direction != NULL)
		return slipway_memory_format("%s script %s%s%s", direction, slipway_server_text(result, row, FIELD_SCRIPT_HASH),
									 reason != NULL ? ": " : "", reason != NULL ? reason : "");
	if (reason == NULL && message == NULL && approved_by != NULL)
		return slipway_memory_format("approved by %s", approved_by);
	if (reason != NULL)
		return slipway_memory_format("%s%s%s", message != NULL ? message : "",
									 message != NULL ? ": " : "", reason);
	if (message == NULL)
		return NULL;
	path = migration != NULL ? slipway_folder_guess_path(folder, migration, slipway_server_error_part(
										   slipway_server_text(result, row, FIELD_CONTEXT)))
		: slipway_memory_copy("");
	note = slipway_memory_format("%s%s%s%s%s%s%s%s%s%s", path,
								 line != NULL ? ":" : "", line != NULL ? line : "",
								 line != NULL && column != NULL ? ":" : "",
								 line != NULL && column != NULL ? column : "",
								 *path != '\0' ? ": " : "", message,
								 sqlstate != NULL ? " (" : "", sqlstate != NULL ? sqlstate : "",
								 sqlstate != NULL ? ")" : "");
	free(path);
	return note;
}

static SlipwayTable *
make_table(void)
{
	static const SlipwayColumn columns[COLUMN_COUNT] = {
		{.title = "WHEN (UTC)"}, {.title = "RUN",.right = true},
		{.title = "MIGRATION",.flexible = true}, {.title = "ACTION"}, {.title = "OUTCOME"},
		{.title = "DURATION",.right = true}, {.title = "BY",.flexible = true}
	};

	return slipway_table_new(columns, COLUMN_COUNT);
}

/* What a run was told to note of itself, below the first of its entries that is shown; or NULL. */
static const char *
find_labels(const PGresult *result, int row)
{
	if (row > 0 && strcmp(PQgetvalue(result, row, FIELD_RUN), PQgetvalue(result, row - 1, FIELD_RUN)) == 0)
		return NULL;
	return slipway_server_text(result, row, FIELD_LABELS);
}

static void
print_log(SlipwayTable *table, const PGresult *result, const char *folder)
{
	size_t		rows = (size_t) PQntuples(result);
	char	  **notes = slipway_memory_new(rows * sizeof(char *));
	char	  **durations = slipway_memory_new(rows * sizeof(char *));

	for (size_t i = 0; i < rows; i++)
	{
		int			row = (int) i;
		const char *outcome = PQgetvalue(result, row, FIELD_OUTCOME);
		double		duration = slipway_server_number(result, row, FIELD_DURATION, -1);
		SlipwayColor color = *outcome == 's' ? SLIPWAY_COLOR_GREEN : SLIPWAY_COLOR_RED;
		const char *cells[COLUMN_COUNT] = {
			slipway_server_text(result, row, FIELD_WHEN),
			slipway_server_text(result, row, FIELD_RUN),
			slipway_server_text(result, row, FIELD_MIGRATION),
			slipway_server_text(result, row, FIELD_ACTION),
			outcome, NULL, slipway_server_text(result, row, FIELD_BY)
		};

		if (duration >= 0)
			durations[i] = slipway_output_duration(duration);
		cells[5] = durations[i];
		slipway_table_add(table, cells, 4, color);
		notes[i] = make_note(result, row, folder);
		if (notes[i] != NULL)
			slipway_table_note(table, notes[i]);
		if (find_labels(result, row) != NULL)
			slipway_table_note(table, find_labels(result, row));
	}
	slipway_table_flush(table, stdout);
	for (size_t i = 0; i < rows; i++)
	{
		free(notes[i]);
		free(durations[i]);
	}
	free(notes);
	free(durations);
}

static json_t *
make_integer(const PGresult *result, int row, int field)
{
	const char *text = slipway_server_text(result, row, field);

	return text != NULL ? json_integer(strtoll(text, NULL, 10)) : json_null();
}

/* An entry that no run has made has none. */
static json_t *
make_object(const PGresult *result, int row, int field)
{
	const char *text = slipway_server_text(result, row, field);
	json_t	   *object = text != NULL ? json_loads(text, 0, NULL) : NULL;

	return object != NULL ? object : json_object();
}

static void
print_log_json(const PGresult *result)
{
	static const struct
	{
		const char *key;
		int			field;
	}			texts[] = {
		{"started_at", FIELD_WHEN_ISO}, {"migration", FIELD_MIGRATION}, {"action", FIELD_ACTION},
		{"outcome", FIELD_OUTCOME}, {"by", FIELD_BY}, {"script_hash", FIELD_SCRIPT_HASH},
		{"entry_hash", FIELD_ENTRY_HASH}, {"sqlstate", FIELD_SQLSTATE}, {"message", FIELD_MESSAGE},
		{"detail", FIELD_DETAIL}, {"hint", FIELD_HINT}, {"reason", FIELD_REASON},
		{"direction", FIELD_DIRECTION}, {"approved_by", FIELD_APPROVED_BY}
	};

	for (int row = 0; row < PQntuples(result); row++)
	{
		json_t	   *object = json_object();
		double		duration = slipway_server_number(result, row, FIELD_DURATION, -1);

		(void) json_object_set_new(object, "entry", make_integer(result, row, FIELD_ENTRY));
		(void) json_object_set_new(object, "run", make_integer(result, row, FIELD_RUN));
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		{
			const char *text = slipway_server_text(result, row, texts[i].field);

			(void) json_object_set_new(object, texts[i].key, slipway_output_json_text(text));
		}
		(void) json_object_set_new(object, "duration_ms",
								   duration >= 0 ? json_real(duration) : json_null());
		(void) json_object_set_new(object, "line", make_integer(result, row, FIELD_LINE));
		(void) json_object_set_new(object, "column", make_integer(result, row, FIELD_COLUMN));
		(void) json_object_set_new(object, "labels", make_object(result, row, FIELD_LABELS_JSON));
		(void) json_object_set_new(object, "variables", make_object(result, row, FIELD_VARIABLES_JSON));
		slipway_output_json(object);
	}
}

/* Number of the last entry in a result, or "0", for the caller to free. */
static char *
copy_last(const PGresult *result)
{
	int			rows = PQntuples(result);

	return slipway_memory_copy(rows > 0 ? PQgetvalue(result, rows - 1, FIELD_ENTRY) : "0");
}

/* Never comes back: whoever follows a log ends the program, or the server does. */
static _Noreturn void
follow_log(PGconn *conn, const char *project, SlipwayTable *table, const char *folder, char *last)
{
	const struct timespec pause = {.tv_nsec = PERIOD_MS * 1000000L};

	while (slipway_output_flush() == NULL)
	{
		PGresult   *result;

		(void) nanosleep(&pause, NULL);
		result = read_log(conn, project, NULL, last);
		if (PQntuples(result) > 0)
		{
			free(last);
			last = copy_last(result);
			if (slipway_output_is_json())
				print_log_json(result);
			else
				print_log(table, result, folder);
		}
		PQclear(result);
	}
	/* nobody reads any more, as die_exit() will say */
	slipway_die_exit(SLIPWAY_EXIT_ERROR);
}

/* Number of the newest entry that there is. */
static char *
read_last(PGconn *conn, const char *project)
{
	PGresult   *result = read_log(conn, project, "1", "0");
	char	   *last = copy_last(result);

	PQclear(result);
	return last;
}

SlipwayExitCode
slipway_cmd_log(const SlipwayArguments *arguments)
{
	const char *folder = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	const char *project = slipway_release_project(arguments);
	const char *limit = slipway_option_text(arguments, SLIPWAY_OPTION_LIMIT);
	bool		follow = slipway_option_flag(arguments, SLIPWAY_OPTION_FOLLOW);
	PGconn	   *conn = slipway_connection_open(arguments);
	SlipwayTable *table = make_table();
	PGresult   *result;
	char	   *last;

	(void) slipway_server_greet(conn, NULL, 0, NULL);
	result = read_log(conn, project, limit, "0");
	last = PQntuples(result) > 0 ? copy_last(result) : read_last(conn, project);
	if (slipway_output_is_json())
		print_log_json(result);
	else
		print_log(table, result, folder);
	if (strcmp(last, "0") == 0)
		slipway_output_say("project %s has no history", project);
	PQclear(result);
	if (follow)
		follow_log(conn, project, table, folder, last);
	slipway_table_print(table, stdout);
	free(last);
	return SLIPWAY_EXIT_DONE;
}
