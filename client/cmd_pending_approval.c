/*
 * cmd_pending_approval.c
 *	  slipway pending-approval
 */
#include <string.h>

#include "command.h"
#include "connection.h"
#include "output.h"
#include "release.h"
#include "server.h"
#include "table.h"

/* Fields of the query below. */
enum
{
	FIELD_MIGRATION,
	FIELD_DIRECTION,
	FIELD_UPLOADED_BY,
	FIELD_UPLOADED_AT,
	FIELD_UPLOADED_AT_ISO,
	FIELD_HASH
};

#define COLUMN_COUNT 5

static void
print_json(const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
		slipway_output_json(json_pack(
			"{s:o, s:s, s:s, s:o, s:o}",
			"migration", slipway_output_json_text(PQgetvalue(result, row, FIELD_MIGRATION)),
			"direction", PQgetvalue(result, row, FIELD_DIRECTION),
			"script_hash", PQgetvalue(result, row, FIELD_HASH),
			"uploaded_by", slipway_output_json_text(slipway_server_text(result, row, FIELD_UPLOADED_BY)),
			"uploaded_at", slipway_output_json_text(slipway_server_text(result, row, FIELD_UPLOADED_AT_ISO))));
}

static void
print_table(const PGresult *result)
{
	static const SlipwayColumn columns[COLUMN_COUNT] = {
		{.title = "MIGRATION",.flexible = true}, {.title = "DIRECTION"}, {.title = "UPLOADED BY",.flexible = true},
		{.title = "UPLOADED AT (UTC)"}, {.title = "SCRIPT"}
	};
	SlipwayTable *table = slipway_table_new(columns, COLUMN_COUNT);

	for (int row = 0; row < PQntuples(result); row++)
	{
		const char *cells[COLUMN_COUNT] = {
			PQgetvalue(result, row, FIELD_MIGRATION), PQgetvalue(result, row, FIELD_DIRECTION),
			slipway_server_text(result, row, FIELD_UPLOADED_BY), slipway_server_text(result, row, FIELD_UPLOADED_AT),
			PQgetvalue(result, row, FIELD_HASH)
		};

		slipway_table_add(table, cells, 0, SLIPWAY_COLOR_NONE);
	}
	slipway_table_print(table, stdout);
}

SlipwayExitCode
slipway_cmd_pending_approval(const SlipwayArguments *arguments)
{
	static const char sql[] =
		"SELECT migration, direction, uploaded_by,"
		" " SLIPWAY_SERVER_UTC("uploaded_at") ","
		" " SLIPWAY_SERVER_UTC_ISO("uploaded_at") ", script_hash"
		" FROM slipway.pending_approval WHERE project = $1 AND ($2::text IS NULL OR $2 IN (direction, 'all'))";
	const char *const values[] = {
		slipway_release_project(arguments), slipway_option_text(arguments, SLIPWAY_OPTION_DIRECTION)
	};
	PGconn	   *conn = slipway_connection_open(arguments);
	PGresult   *result = slipway_server_greet(conn, sql, 2, values);
	int			count = PQntuples(result);

	if (slipway_output_is_json())
		print_json(result);
	else
		print_table(result);
	if (count == 0)
		slipway_output_say("project %s: nothing to approve", values[0]);
	else
		slipway_output_say("project %s: %d %s to be approved", values[0], count, count == 1 ? "script" : "scripts");
	PQclear(result);
	return count > 0 && slipway_option_flag(arguments, SLIPWAY_OPTION_EXIT_CODE) ? SLIPWAY_EXIT_NOT_APPROVED
		: SLIPWAY_EXIT_DONE;
}
