/*
 * history.c
 *	  The append-only record of what runs did.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "chain.h"
#include "history.h"
#include "lock.h"
#include "query.h"
#include "spi.h"

static char *
time_text(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year, tm.tm_mon, tm.tm_mday,
					tm.tm_hour, tm.tm_min, tm.tm_sec, fsec);
}

static char *
number_text(int64 number)
{
	return number > 0 ? psprintf(INT64_FORMAT, number) : NULL;
}

static void
fill_actor(SlipwayEntry *entry, const SlipwayActor *actor)
{
	entry->field[FIELD_SESSION_ROLE] = actor->session_role;
	entry->field[FIELD_EFFECTIVE_ROLE] = actor->effective_role;
	entry->field[FIELD_CLIENT_ADDR] = actor->client_addr;
	entry->field[FIELD_APPLICATION_NAME] = actor->application_name;
	entry->field[FIELD_CLIENT_VERSION] = actor->client_version;
}

static void
fill_error(SlipwayEntry *entry, const ErrorData *error, SlipwayPosition position)
{
	entry->field[FIELD_SQLSTATE] = pstrdup(unpack_sql_state(error->sqlerrcode));
	entry->field[FIELD_MESSAGE] = error->message;
	entry->field[FIELD_DETAIL] = error->detail;
	entry->field[FIELD_HINT] = error->hint;
	entry->field[FIELD_CONTEXT] = error->context;
	entry->field[FIELD_POSITION] = number_text(position.position);
	entry->field[FIELD_LINE_NUMBER] = number_text(position.line);
	entry->field[FIELD_COLUMN_NUMBER] = number_text(position.column);
}

/* Sets entry number and prev_hash from the newest entry. */
static void
follow_head(SlipwayEntry *entry)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_HISTORY_HEAD, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	int64		last = 0;

	slipway_arg_text(&args, entry->field[FIELD_PROJECT]);
	if (slipway_query(&query, &args, 1) > 0)
	{
		last = slipway_row_int8(0, 1);
		entry->field[FIELD_PREV_HASH] = slipway_row_text(0, 2);
	}
	entry->field[FIELD_ENTRY] = number_text(last + 1);
}

static void
insert_entry(const SlipwayEntry *entry, const char *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_HISTORY_ADD, NFIELDS + 1, {0}};
	SlipwayArgs args = {0};

	for (int i = 0; i <= NFIELDS; i++)
		query.types[i] = TEXTOID;
	for (int i = 0; i < NFIELDS; i++)
		slipway_arg_text(&args, entry->field[i]);
	slipway_arg_text(&args, hash);
	slipway_query(&query, &args, 0);
}

/*
 * Text that has a form in UTF-8, as the chain is over that. What comes from
 * outside, such as a message or a role's name, need not have one: a server
 * without encodings takes any bytes, and some encodings hold more than
 * Unicode. What has none becomes a question mark.
 */
static char *
representable(char *text)
{
	int			encoding = GetDatabaseEncoding();
	int			len = text ? strlen(text) : 0;
	int			room = len * MAX_CONVERSION_GROWTH + 1;
	char	   *copy;
	unsigned char *utf8;

	if (len == 0 || encoding == PG_UTF8 || pg_is_ascii(text))
		return text;
	copy = pstrdup(text);
	utf8 = palloc(room);
	for (int good = 0; good < len;)
	{
		if (encoding == PG_SQL_ASCII)
			good += pg_encoding_verifymbstr(PG_UTF8, copy + good, len - good);
		else
			good = pg_do_encoding_conversion_buf(FindDefaultConversionProc(encoding, PG_UTF8),
												 encoding, PG_UTF8, (unsigned char *) copy, len,
												 utf8, room, true);
		if (good < len)
			copy[good] = '?';
	}
	pfree(utf8);
	return copy;
}

char *
slipway_history_append(const SlipwayEvent *event)
{
	SlipwayEntry entry = {{0}};
	uint8		hash[SLIPWAY_HASH_LEN];
	char	   *hex;

	entry.field[FIELD_PROJECT] = event->project->name;
	entry.field[FIELD_RUN] = number_text(event->run);
	entry.field[FIELD_MIGRATION] = (char *) event->migration;
	entry.field[FIELD_ACTION] = (char *) event->action;
	entry.field[FIELD_OUTCOME] = (char *) event->outcome;
	if (event->script_hash)
		entry.field[FIELD_SCRIPT_HASH] = slipway_hash_hex(event->script_hash);
	if (event->manifest_hash)
		entry.field[FIELD_MANIFEST_HASH] = slipway_hash_hex(event->manifest_hash);
	entry.field[FIELD_STARTED_AT] = time_text(event->started_at);
	entry.field[FIELD_FINISHED_AT] = time_text(event->finished_at);
	fill_actor(&entry, event->actor);
	if (event->error)
		fill_error(&entry, event->error, event->position);
	for (int i = 0; i < NFIELDS; i++)
		entry.field[i] = representable(entry.field[i]);
	slipway_lock_chain(event->project->lock_key);
	follow_head(&entry);
	slipway_chain_hash(&entry, hash);
	hex = slipway_hash_hex(hash);
	insert_entry(&entry, hex);
	return hex;
}

char *
slipway_history_head(const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_HISTORY_HEAD, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	char	   *head = NULL;

	slipway_arg_text(&args, project);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		head = slipway_row_text(0, 2);
	slipway_spi_end();
	return head;
}
