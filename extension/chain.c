/*
 * chain.c
 *	  The hash that links each history entry to the one before it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "chain.h"
#include "hash.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"

static const char *const field_names[NFIELDS] = {
	[FIELD_PROJECT] = "project",
	[FIELD_ENTRY] = "entry",
	[FIELD_RUN] = "run",
	[FIELD_MIGRATION] = "migration",
	[FIELD_ACTION] = "action",
	[FIELD_OUTCOME] = "outcome",
	[FIELD_SCRIPT_HASH] = "script_hash",
	[FIELD_MANIFEST_HASH] = "manifest_hash",
	[FIELD_STARTED_AT] = "started_at",
	[FIELD_FINISHED_AT] = "finished_at",
	[FIELD_SESSION_ROLE] = "session_role",
	[FIELD_EFFECTIVE_ROLE] = "effective_role",
	[FIELD_CLIENT_ADDR] = "client_addr",
	[FIELD_APPLICATION_NAME] = "application_name",
	[FIELD_CLIENT_VERSION] = "client_version",
	[FIELD_SQLSTATE] = "sqlstate",
	[FIELD_MESSAGE] = "message",
	[FIELD_DETAIL] = "detail",
	[FIELD_HINT] = "hint",
	[FIELD_CONTEXT] = "context",
	[FIELD_POSITION] = "position",
	[FIELD_LINE_NUMBER] = "line_number",
	[FIELD_COLUMN_NUMBER] = "column_number",
	[FIELD_REASON] = "reason",
	[FIELD_VARIABLES] = "variables",
	[FIELD_DIRECTION] = "direction",
	[FIELD_APPROVED_BY] = "approved_by",
	[FIELD_PREV_HASH] = "prev_hash",
};

void
slipway_chain_hash(const SlipwayEntry *entry, uint8 *hash)
{
	StringInfoData form;

	initStringInfo(&form);
	appendStringInfoString(&form, "slipway-history 1\n");
	for (int i = 0; i < NFIELDS; i++)
	{
		char	   *value = entry->field[i];

		if (value == NULL)
			appendStringInfo(&form, "%s=-\n", field_names[i]);
		else
		{
			/* Lengths are those of the UTF-8 text, or another encoding would break the chain. */
			char	   *utf8 = pg_server_to_any(value, strlen(value), PG_UTF8);

			appendStringInfo(&form, "%s=%zu:%s\n", field_names[i], strlen(utf8), value);
			if (utf8 != value)
				pfree(utf8);
		}
	}
	slipway_hash_text(form.data, hash);
	pfree(form.data);
}

static void
add_problem(ReturnSetInfo *result, int64 entry, const char *problem)
{
	Datum		values[2] = {Int64GetDatum(entry), CStringGetTextDatum(problem)};
	bool		nulls[2] = {false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* One stored entry against its predecessor's hash and number. */
typedef struct ChainState
{
	int64		entry;
	char	   *hash;			/* of the predecessor, in hex; NULL: none */
} ChainState;

static void
verify_row(ReturnSetInfo *result, ChainState *state, uint64 row)
{
	SlipwayEntry entry;
	uint8		computed[SLIPWAY_HASH_LEN];
	char	   *stored = slipway_row_text(row, NFIELDS + 1);
	char	   *prev;
	int64		number;

	for (int i = 0; i < NFIELDS; i++)
		entry.field[i] = slipway_row_text(row, i + 1);
	number = strtoi64(entry.field[FIELD_ENTRY], NULL, 10);
	prev = entry.field[FIELD_PREV_HASH];
	if (number <= state->entry)
		add_problem(result, number, "has a number that no entry can have");
	else if (number == state->entry + 2)
		add_problem(result, number, psprintf("entry " INT64_FORMAT " is missing", number - 1));
	else if (number > state->entry + 1)
		add_problem(result, number,
					psprintf("entries " INT64_FORMAT " to " INT64_FORMAT " are missing",
							 state->entry + 1, number - 1));
	else if ((prev == NULL) != (state->hash == NULL) ||
			 (prev && strcmp(prev, state->hash) != 0))
		add_problem(result, number, "does not follow the entry before it");
	slipway_chain_hash(&entry, computed);
	if (strcmp(slipway_hash_hex(computed), stored) != 0)
		add_problem(result, number, "was changed after it was written");
	state->entry = Max(state->entry, number);
	state->hash = stored;
}

PG_FUNCTION_INFO_V1(slipway_verify_history);

Datum
slipway_verify_history(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_HISTORY_FIELDS, 1, {TEXTOID}};
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ChainState	state = {0};
	SlipwayArgs args = {0};
	uint64		rows;

	slipway_privilege_require(SLIPWAY_READER, project);
	(void) slipway_project_load(project);
	InitMaterializedSRF(fcinfo, 0);
	slipway_arg_text(&args, project);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
		verify_row(result, &state, i);
	slipway_spi_end();
	return (Datum) 0;
}
