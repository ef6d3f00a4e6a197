/*
 * cmd_log.c
 *	  slipway log
 */
#include <stdlib.h>

#include "command.h"
#include "connection.h"
#include "folder.h"
#include "memory.h"
#include "release.h"
#include "server.h"
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
	FIELD_COLUMN
};

static PGresult *
read_log(PGconn *conn, const char *project, const char *limit)
{
	static const char sql[] =
		"SELECT * FROM (SELECT entry,"
		" pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),"
		" pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'),"
		" run, migration, action, outcome, extract(epoch FROM duration) * 1000, session_role,"
		" pg_catalog.encode(script_hash, 'hex'), pg_catalog.encode(entry_hash, 'hex'),"
		" sqlstate, message, detail, hint, line_number, column_number"
		" FROM slipway.log WHERE project = $1 ORDER BY entry DESC LIMIT $2::bigint) newest"
		" ORDER BY entry";
	const char *const values[] = {project, limit};

	return slipway_server_greet(conn, sql, 2, values);
}

/* "m/0007_orders.sql:12:9: message (42703)", or NULL when nothing went wrong. */
static char *
make_note(const PGresult *result, int row, const char *folder)
{
	const char *message = slipway_server_text(result, row, FIELD_MESSAGE);
	const char *migration = slipway_server_text(result, row, FIELD_MIGRATION);
	const char *line = slipway_server_text(result, row, FIELD_LINE);
	const char *column = slipway_server_text(result, row, FIELD_COLUMN);
	const char *sqlstate = slipway_server_text(result, row, FIELD_SQLSTATE);
	char	   *path;
	char	   *note;

	if (message == NULL)
		return NULL;
	path = migration != NULL ? slipway_folder_guess_path(folder, migration) : slipway_memory_copy("");
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

static void
print_log(const PGresult *result, const char *folder)
{
	static const SlipwayColumn columns[] = {
		{.title = "WHEN (UTC)"}, {.title = "RUN",.right = true}, {.title = "MIGRATION",.flexible = true},
		{.title = "ACTION"}, {.title = "OUTCOME"}, {.title = "DURATION",.right = true},
		{.title = "BY",.flexible = true}
	};
	SlipwayTable *table = slipway_table_new(columns, 7);
	size_t		count = 0;
	char	  **texts = slipway_memory_new(2 * (size_t) PQntuples(result) * sizeof(char *));	/* that the table borrows */

	for (int row = 0; row < PQntuples(result); row++)
	{
		const char *outcome = PQgetvalue(result, row, FIELD_OUTCOME);
		char	   *note = make_note(result, row, folder);
		double		duration = slipway_server_number(result, row, FIELD_DURATION, -1);
		char	   *shown = duration >= 0 ? slipway_output_duration(duration) : NULL;
		const char *cells[7] = {
			slipway_server_text(result, row, FIELD_WHEN), slipway_server_text(result, row, FIELD_RUN),
			slipway_server_text(result, row, FIELD_MIGRATION), slipway_server_text(result, row, FIELD_ACTION),
			outcome, shown,
			slipway_server_text(result, row, FIELD_BY)
		};

		slipway_table_add(table, cells, 4, *outcome == 's' ? SLIPWAY_COLOR_GREEN : SLIPWAY_COLOR_RED);
		if (note != NULL)
			slipway_table_note(table, note);
		texts[count++] = shown;
		texts[count++] = note;
	}
	slipway_table_print(table, stdout);
	while (count > 0)
		free(texts[--count]);
	free(texts);
}

static json_t *
make_integer(const PGresult *result, int row, int field)
{
	const char *text = slipway_server_text(result, row, field);

	return text != NULL ? json_integer(strtoll(text, NULL, 10)) : json_null();
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
		{"detail", FIELD_DETAIL}, {"hint", FIELD_HINT}
	};

	for (int row = 0; row < PQntuples(result); row++)
	{
		json_t	   *object = json_object();
		double		duration = slipway_server_number(result, row, FIELD_DURATION, -1);

		(void) json_object_set_new(object, "entry", make_integer(result, row, FIELD_ENTRY));
		(void) json_object_set_new(object, "run", make_integer(result, row, FIELD_RUN));
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
			(void) json_object_set_new(object, texts[i].key,
									   slipway_output_json_text(slipway_server_text(result, row, texts[i].field)));
		(void) json_object_set_new(object, "duration_ms", duration >= 0 ? json_real(duration) : json_null());
		(void) json_object_set_new(object, "line", make_integer(result, row, FIELD_LINE));
		(void) json_object_set_new(object, "column", make_integer(result, row, FIELD_COLUMN));
		slipway_output_json(object);
	}
}

SlipwayExitCode
slipway_cmd_log(const SlipwayArguments *arguments)
{
	const char *folder = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	const char *project = slipway_release_project(arguments);
	PGconn	   *conn = slipway_connection_open(arguments);
	PGresult   *result = read_log(conn, project, slipway_option_text(arguments, SLIPWAY_OPTION_LIMIT));

	if (slipway_output_is_json())
		print_log_json(result);
	else
		print_log(result, folder);
	if (PQntuples(result) == 0)
		slipway_output_say("project %s has no history", project);
	PQclear(result);
	return SLIPWAY_EXIT_DONE;
}
