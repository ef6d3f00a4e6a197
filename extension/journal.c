/*
 * journal.c
 *	  What is done of migrations that are not, unit by unit.
 *
 * Progress is counted in statements, not units: a script may have to be cut
 * again, and its author may change what has not run yet. A hash over the
 * statements that have run tells whether they are still the same.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "journal.h"
#include "lookup.h"
#include "privilege.h"
#include "query.h"
#include "row_writer.h"
#include "settings.h"
#include "spi.h"

/* The unit for which what it makes is noted. */
static struct
{
	const char *project;
	int64		entry;			/* 0: none */
}			watched;

void
slipway_journal_check(const SlipwayJournal *journal, const char *migration, const char *script,
					  const SlipwayOutline *outline, uint8 *hash)
{
	memset(hash, 0, SLIPWAY_HASH_LEN);
	for (int i = 0; i < Min(journal->done, outline->nstatements); i++)
		slipway_journal_hash(hash, outline, script, i);
	if (journal->done <= outline->nstatements && memcmp(hash, journal->hash, SLIPWAY_HASH_LEN) == 0)
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_CHECKSUM_CHANGED),
			 errmsg("migration \"%s\" has changed where it was already executed", migration),
			 errdetail("It is committed up to statement %d. Only what follows may be changed.", journal->done),
			 errhint("Put that part of the script back, or write the change as a new migration; or undo by hand what is committed, and begin anew with slipway.forget_failed().")));
}

static void
hash_part(uint8 *hash, const SlipwayOutline *outline, const char *script, int location, int length)
{
	const SlipwayExpansion *expansion = outline->expansion;

	if (expansion)
	{
		int			end = slipway_expansion_raw(expansion, location + length);

		script = expansion->raw;
		location = slipway_expansion_raw(expansion, location);
		length = end - location;
	}
	slipway_hash_chain_part(hash, script + location, length);
}

void
slipway_journal_hash(uint8 *hash, const SlipwayOutline *outline, const char *script, int i)
{
	const SlipwayStatement *statement = &outline->statements[i];

	hash_part(hash, outline, script, statement->location, statement->length);
	if (statement->data.location > 0)
		hash_part(hash, outline, script, statement->data.location, statement->data.length);
}

bool
slipway_journal_is_begun(const SlipwayJournal *journal)
{
	return journal->done > 0 || journal->open.entry > 0;
}

bool
slipway_journal_is_undoing(const SlipwayJournal *journal)
{
	return slipway_journal_is_begun(journal) && strcmp(journal->action, SLIPWAY_ACTION_ROLLBACK) == 0;
}

bool
slipway_journal_is_open(const char *project)
{
	SlipwayLookup row;
	bool		open;

	slipway_lookup_open_by(&row, "journal", "journal_open_idx");
	slipway_lookup_key_text(&row, "project", project);
	open = slipway_lookup_previous(&row);
	slipway_lookup_close(&row);
	return open;
}

static bool
has_outcome(const SlipwayLookup *row, const char *outcome)
{
	return strcmp(slipway_lookup_text(row, "outcome"), outcome) == 0;
}

/* An array of texts as a list. */
static List *
read_names(Datum value)
{
	List	   *names = NIL;
	Datum	   *elements;
	int			n;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		names = lappend(names, TextDatumGetCString(elements[i]));
	return names;
}

SlipwayJournal *
slipway_journal_load(const char *project, const char *migration)
{
	SlipwayJournal *journal = palloc0(sizeof(SlipwayJournal));
	SlipwayOpenUnit *open = &journal->open;
	SlipwayLookup row;
	bool		isnull;

	slipway_lookup_open_by(&row, "journal", "journal_open_idx");
	slipway_lookup_key_text(&row, "project", project);
	slipway_lookup_key_text(&row, "migration", migration);
	for (bool newest = true; slipway_lookup_previous(&row); newest = false)
	{
		if (newest)
		{
			journal->action = slipway_lookup_text(&row, "action");
			journal->others = read_names(slipway_lookup_datum(&row, "others", &isnull));
		}
		if (has_outcome(&row, "done"))
		{
			journal->done = Max(slipway_lookup_int4(&row, "last_statement"), 0);
			journal->units = slipway_lookup_int4(&row, "unit");
			(void) slipway_lookup_hash(&row, "statements_hash", journal->hash);
			journal->settings = DatumGetArrayTypePCopy(slipway_lookup_datum(&row, "settings", &isnull));
			break;
		}
		if (!newest || has_outcome(&row, "undone"))
			continue;
		open->entry = slipway_lookup_int8(&row, "entry");
		open->failed = has_outcome(&row, "failed");
		open->statement = slipway_lookup_int4(&row, "first_statement");
		open->facts = slipway_lookup_text(&row, "facts");
		(void) slipway_lookup_hash(&row, "script_hash", open->script);
	}
	slipway_lookup_close(&row);
	return journal;
}

List *
slipway_journal_list_open(const char *project)
{
	List	   *names = NIL;
	SlipwayLookup row;

	slipway_lookup_open_by(&row, "journal", "journal_open_idx");
	slipway_lookup_key_text(&row, "project", project);
	while (slipway_lookup_previous(&row))
	{
		char	   *name = slipway_lookup_text(&row, "migration");

		/* Lines of the same migration follow each other. */
		if (names == NIL || strcmp(llast(names), name) != 0)
			names = lappend(names, name);
	}
	slipway_lookup_close(&row);
	return names;
}

static void
add_others(SlipwayArgs *args, const List *others)
{
	Datum	   *names = palloc(Max(list_length(others), 1) * sizeof(Datum));
	ListCell   *cell;
	int			n = 0;

	foreach(cell, others)
		names[n++] = CStringGetTextDatum(lfirst(cell));
	slipway_arg_datum(args, PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT)), false);
}

static int64
add_row(SlipwayRun *run, const SlipwayJournalUnit *unit, const char *outcome)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_JOURNAL_ADD, 16,
	{TEXTOID, INT8OID, TEXTOID, BYTEAOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, BYTEAOID,
	TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTOID, TEXTARRAYOID}};
	int64		entry = slipway_lookup_last("journal", run->project->name, "entry") + 1;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_arg_int8(&args, entry);
	slipway_arg_text(&args, unit->task->name);
	slipway_arg_hash(&args, unit->task->script);
	slipway_arg_int8(&args, run->number);
	slipway_arg_int8(&args, unit->number);
	slipway_arg_int8(&args, unit->first);
	slipway_arg_int8(&args, unit->last);
	slipway_arg_int8(&args, unit->line);
	slipway_arg_hash(&args, unit->hash);
	slipway_arg_text(&args, outcome);
	slipway_arg_text(&args, unit->facts);
	slipway_arg_datum(&args, TimestampTzGetDatum(unit->started_at), false);
	slipway_arg_datum(&args, PointerGetDatum(unit->settings), false);
	slipway_arg_text(&args, unit->task->action);
	add_others(&args, unit->task->others);
	slipway_query_record(&query, &args, "journal");
	return entry;
}

void
slipway_journal_add_done(SlipwayRun *run, const SlipwayJournalUnit *unit)
{
	(void) add_row(run, unit, "done");
}

int64
slipway_journal_add_started(SlipwayRun *run, const SlipwayJournalUnit *unit)
{
	return add_row(run, unit, "started");
}

void
slipway_journal_end(const SlipwayProject *project, int64 entry, const char *outcome,
					ArrayType *settings)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_JOURNAL_END, 4, {TEXTOID, INT8OID, TEXTOID, TEXTARRAYOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project->name);
	slipway_arg_int8(&args, entry);
	slipway_arg_text(&args, outcome);
	slipway_arg_datum(&args, PointerGetDatum(settings), settings == NULL);
	slipway_query_record(&query, &args, "journal");
}

void
slipway_journal_close(const SlipwayProject *project, const char *migration)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_JOURNAL_CLOSE, 3, {TEXTOID, TEXTOID, INT8OID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project->name);
	slipway_arg_text(&args, migration);
	slipway_arg_int8(&args, slipway_history_last(project->name, NULL));
	slipway_query(&query, &args, 0);
}

void
slipway_journal_watch(const char *project, int64 entry)
{
	watched.project = project;
	watched.entry = entry;
}

/* The name of an index that has just been made, which the caches do not have yet; or false. */
static bool
read_index_name(Oid object, NameData *name)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(object));
	scan = systable_beginscan(catalog, ClassOidIndexId, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);

		found = class->relkind == RELKIND_INDEX;
		*name = class->relname;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/*
 * A row of slipway.journal_made, without a query: this is in the middle of the server's
 * work on a statement. What the owner of the table has added to it, such as an index on an expression, runs as that role.
 */
static void
insert_made(Oid object, const NameData *name)
{
	static const char *const columns[] = {"project", "entry", "object", "name"};
	SlipwayRowWriter *rows;
	Oid			user;
	int			sec_context;
	int			nest = NewGUCNestLevel();

	GetUserIdAndSecContext(&user, &sec_context);
	SetUserIdAndSecContext(slipway_bookkeeper(), sec_context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	slipway_settings_put("search_path", "pg_catalog, pg_temp", PGC_USERSET, GUC_ACTION_SAVE);
	PushActiveSnapshot(GetTransactionSnapshot());
	rows = slipway_row_writer_open("journal_made", columns, lengthof(columns));
	slipway_row_writer_begin(rows);
	slipway_row_writer_set_text(rows, 0, watched.project);
	slipway_row_writer_set(rows, 1, Int64GetDatum(watched.entry));
	slipway_row_writer_set(rows, 2, ObjectIdGetDatum(object));
	slipway_row_writer_set_text(rows, 3, NameStr(*name));
	slipway_row_writer_end(rows);
	slipway_row_writer_close(rows);
	PopActiveSnapshot();
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, sec_context);
}

void
slipway_journal_made(Oid catalog, Oid object)
{
	NameData	name;

	if (watched.entry > 0 && catalog == RelationRelationId && read_index_name(object, &name))
		insert_made(object, &name);
}

List *
slipway_journal_list_made(const char *project, int64 entry)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_JOURNAL_MADE, 2, {TEXTOID, INT8OID}};
	MemoryContext caller = CurrentMemoryContext;
	List	   *list = NIL;
	SlipwayArgs args = {0};
	uint64		rows;

	slipway_arg_text(&args, project);
	slipway_arg_int8(&args, entry);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		SlipwayMade *made = palloc(sizeof(SlipwayMade));
		bool		isnull;

		made->oid = DatumGetObjectId(slipway_row_datum(i, 1, &isnull));
		made->name = slipway_row_text(i, 2);
		made->valid = DatumGetBool(slipway_row_datum(i, 3, &isnull));
		made->table = DatumGetObjectId(slipway_row_datum(i, 4, &isnull));
		list = lappend(list, made);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return list;
}
