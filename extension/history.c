/*
 * history.c
 *	  The append-only record of what runs did.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "chain.h"
#include "clip.h"
#include "compat.h"
#include "hash.h"
#include "history.h"
#include "lock.h"
#include "lookup.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"
#include "utf8_form.h"

/* The end of a project's chain. */
typedef struct Head
{
	int64		entry;			/* 0: there is none */
	uint8		hash[SLIPWAY_HASH_LEN];
} Head;

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
	entry->field[FIELD_MESSAGE] = slipway_clip(error->message);
	entry->field[FIELD_DETAIL] = slipway_clip(error->detail);
	entry->field[FIELD_HINT] = slipway_clip(error->hint);
	entry->field[FIELD_CONTEXT] = slipway_clip(error->context);
	entry->field[FIELD_POSITION] = number_text(position.position);
	entry->field[FIELD_LINE_NUMBER] = number_text(position.line);
	entry->field[FIELD_COLUMN_NUMBER] = number_text(position.column);
}

/* The newest entry of a project, from a number on. */
static Head
read_head_from(const char *project, int64 from)
{
	SlipwayLookup history;
	Head		head = {0};

	slipway_lookup_open(&history, "history");
	slipway_lookup_key_text(&history, "project", project);
	slipway_lookup_key_from(&history, "entry", from);
	if (slipway_lookup_previous(&history))
	{
		head.entry = slipway_lookup_int8(&history, "entry");
		(void) slipway_lookup_hash(&history, "entry_hash", head.hash);
	}
	slipway_lookup_close(&history);
	return head;
}

/*
 * The server reads an index a page at a time, hundreds of entries: so it is
 * asked for those from the last one that was seen on, and for all if that is
 * gone.
 */
static Head
read_head(const SlipwayProject *project)
{
	static int64 seen_project = 0;
	static int64 seen = 0;
	Head		head = {0};

	if (project->lock_key == seen_project)
		head = read_head_from(project->name, seen);
	if (head.entry == 0)
		head = read_head_from(project->name, 0);
	seen_project = project->lock_key;
	seen = head.entry;
	return head;
}

/* Fields that the event has; entry and prev_hash are left to the chain. */
static void
fill_entry(SlipwayEntry *entry, const SlipwayEvent *event)
{
	entry->field[FIELD_PROJECT] = event->project->name;
	entry->field[FIELD_RUN] = number_text(event->run);
	entry->field[FIELD_MIGRATION] = (char *) event->migration;
	entry->field[FIELD_ACTION] = (char *) event->action;
	entry->field[FIELD_OUTCOME] = (char *) event->outcome;
	if (event->script_hash)
		entry->field[FIELD_SCRIPT_HASH] = slipway_hash_hex(event->script_hash);
	if (event->manifest_hash)
		entry->field[FIELD_MANIFEST_HASH] = slipway_hash_hex(event->manifest_hash);
	entry->field[FIELD_STARTED_AT] = time_text(event->started_at);
	entry->field[FIELD_FINISHED_AT] = time_text(event->finished_at);
	fill_actor(entry, event->actor);
	if (event->error)
		fill_error(entry, event->error, event->position);
	entry->field[FIELD_REASON] = (char *) event->reason;
	entry->field[FIELD_VARIABLES] = (char *) event->variables;
	entry->field[FIELD_DIRECTION] = (char *) event->direction;
	entry->field[FIELD_APPROVED_BY] = (char *) event->approved_by;
	for (int i = 0; i < NFIELDS; i++)
		entry->field[i] = slipway_utf8_form(entry->field[i]);
}

/* The value of a field, from the event where the column is not text. */
static void
add_field(SlipwayArgs *args, SlipwayField field, const SlipwayEntry *entry, const SlipwayEvent *event,
		  const Head *head)
{
	switch (field)
	{
		case FIELD_ENTRY:
			slipway_arg_int8(args, head->entry + 1);
			break;
		case FIELD_RUN:
			slipway_arg_datum(args, Int64GetDatum(event->run), event->run == 0);
			break;
		case FIELD_SCRIPT_HASH:
			slipway_arg_hash(args, event->script_hash);
			break;
		case FIELD_MANIFEST_HASH:
			slipway_arg_hash(args, event->manifest_hash);
			break;
		case FIELD_STARTED_AT:
			slipway_arg_datum(args, TimestampTzGetDatum(event->started_at), false);
			break;
		case FIELD_FINISHED_AT:
			slipway_arg_datum(args, TimestampTzGetDatum(event->finished_at), false);
			break;
		case FIELD_POSITION:
			slipway_arg_datum(args, Int32GetDatum(event->position.position), event->position.position == 0);
			break;
		case FIELD_LINE_NUMBER:
			slipway_arg_datum(args, Int32GetDatum(event->position.line), event->position.line == 0);
			break;
		case FIELD_COLUMN_NUMBER:
			slipway_arg_datum(args, Int32GetDatum(event->position.column), event->position.column == 0);
			break;
		case FIELD_PREV_HASH:
			slipway_arg_hash(args, head->entry > 0 ? head->hash : NULL);
			break;
		default:
			slipway_arg_text(args, entry->field[field]);
			break;
	}
}

/* Inserts the entry behind the head. */
static void
insert_entry(SlipwayEntry *entry, const SlipwayEvent *event, const Head *head)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_HISTORY_ADD, 29,
		{TEXTOID, INT8OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID,
			TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID, INT4OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID,
			BYTEAOID, BYTEAOID}, .generic = true};
	SlipwayArgs args = {0};
	uint8		hash[SLIPWAY_HASH_LEN];

	entry->field[FIELD_ENTRY] = number_text(head->entry + 1);
	entry->field[FIELD_PREV_HASH] = head->entry > 0 ? slipway_hash_hex(head->hash) : NULL;
	slipway_chain_hash(entry, hash);
	for (int i = 0; i < NFIELDS; i++)
		add_field(&args, i, entry, event, head);
	slipway_arg_hash(&args, hash);
	slipway_query_record(&query, &args, "history");
}

void
slipway_history_append(const SlipwayEvent *event)
{
	SlipwayEntry entry = {{0}};
	Head		head;

	fill_entry(&entry, event);
	slipway_lock_chain(event->project->lock_key);
	head = read_head(event->project);
	insert_entry(&entry, event, &head);
}

int64
slipway_history_last(const char *project, uint8 *hash)
{
	Head		head = read_head_from(project, 0);

	if (hash)
		memcpy(hash, head.hash, SLIPWAY_HASH_LEN);
	return head.entry;
}

#define CREDENTIAL "credential_"

bool
slipway_history_moves(const char *action)
{
	static const char *const others[] = {
		SLIPWAY_ACTION_APPROVE, SLIPWAY_ACTION_WITHDRAW, SLIPWAY_ACTION_REQUIRE, SLIPWAY_ACTION_WAIVE
	};

	for (int i = 0; i < lengthof(others); i++)
		if (strcmp(action, others[i]) == 0)
			return false;
	return strncmp(action, CREDENTIAL, strlen(CREDENTIAL)) != 0;
}

bool
slipway_history_rests(const char *project, int64 entry)
{
	SlipwayLookup history;
	int64		last = 0;
	bool		rests = true;

	slipway_lookup_open(&history, "history");
	slipway_lookup_key_text(&history, "project", project);
	slipway_lookup_key_from(&history, "entry", entry);
	while (rests && slipway_lookup_previous(&history))
	{
		last = slipway_lookup_int8(&history, "entry");
		rests = last == entry || !slipway_history_moves(slipway_lookup_text(&history, "action"));
	}
	slipway_lookup_close(&history);
	return rests && last == entry;
}

char *
slipway_history_head(const SlipwayProject *project)
{
	Head		head = read_head(project);

	return head.entry > 0 ? slipway_hash_hex(head.hash) : NULL;
}
