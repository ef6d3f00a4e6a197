/*
 * exec_stepwise.c
 *	  Runs a stepwise migration: unit by unit, each with its journal.
 *
 * Nothing is run twice: a unit in a transaction block commits together with its
 * line of the journal, the last one with the migration's record in the history.
 * For a statement that stands alone there is a line before it, on disk, and
 * another one afterwards; whoever finds only the first looks into the catalogs
 * (settle.c) before going on.
 *
 * A statement may turn out to refuse the block only when it runs, by an error of
 * the server that says so. The unit has then been rolled back whole; it is cut
 * at that statement, and run again. A migration that looked transactional becomes
 * stepwise by that.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "body.h"
#include "compat.h"
#include "detached_notice.h"
#include "error_code.h"
#include "exec_alone.h"
#include "exec_block.h"
#include "exec_stepwise.h"
#include "exec_verify.h"
#include "guard.h"
#include "journal.h"
#include "leftover.h"
#include "message.h"
#include "settings.h"
#include "settle.h"
#include "spi.h"
#include "transaction.h"

/* One migration, while it is applied. */
typedef struct Walk
{
	SlipwayRun *run;
	SlipwayTask *task;
	SlipwayOutline *outline;
	bool		last;			/* of the run */
	SlipwayPlace *place;
	SlipwayCarried carried;
	TimestampTz started_at;		/* the migration */
	TimestampTz unit_started_at;
	int			unit;			/* index of the one it is at */
	uint8		hash[SLIPWAY_HASH_LEN]; /* over the statements that are done */
	LocalTransactionId untold_in;	/* where one began whose fate cannot be told; 0: it can */
	int64		open;			/* entry of the journal of a unit that stands alone, while it runs */
	bool		advanced;		/* a unit was committed */
	bool		part_way;		/* now, or by another try; or one stands alone, and may have done so */
} Walk;

static SlipwayUnit *
current_unit(const Walk *walk)
{
	return &walk->outline->units[walk->unit];
}

static bool
is_last_unit(const Walk *walk)
{
	return walk->unit == walk->outline->nunits - 1;
}

/* Does the record of the migration commit together with the current unit? */
static bool
ends_with_unit(const Walk *walk)
{
	return is_last_unit(walk) && !current_unit(walk)->alone && !slipway_verify_wanted(walk->run, walk->task);
}

/* Takes the statements of the current unit into the hash. */
static void
hash_unit(const Walk *walk, uint8 *hash)
{
	const SlipwayUnit *unit = current_unit(walk);

	for (int i = unit->first; i < unit->first + unit->n; i++)
		slipway_journal_hash(hash, walk->outline, walk->place->script, i);
}

static SlipwayJournalUnit
describe_unit(const Walk *walk, const uint8 *hash)
{
	const SlipwayUnit *unit = current_unit(walk);

	return (SlipwayJournalUnit) {
		.task = walk->task, .number = walk->unit + 1,
		.first = unit->first + 1, .last = unit->first + unit->n,
		.line = walk->outline->statements[unit->first].start.line,
		.hash = hash, .started_at = walk->unit_started_at,
		.settings = slipway_carried_array(&walk->carried),
	};
}

static void
record_end(Walk *walk)
{
	slipway_run_succeeded(walk->run, walk->task, walk->started_at, walk->last);
	slipway_journal_close(walk->run->project, walk->task->name);
}

static void
record_block(Walk *walk)
{
	SlipwayJournalUnit unit;

	hash_unit(walk, walk->hash);
	unit = describe_unit(walk, walk->hash);
	slipway_journal_add_done(walk->run, &unit);
	slipway_detached_notice_save(walk->run->project->name, false);
	if (ends_with_unit(walk))
		record_end(walk);
}

static void
run_block(Walk *walk)
{
	const SlipwayUnit *unit = current_unit(walk);
	SlipwayBlock block = {
		.statements = walk->outline->statements + unit->first, .n = unit->n,
		.options = unit->options, .carried = &walk->carried,
	};

	slipway_exec_block_begin();
	slipway_exec_block_run(walk->run, walk->place, &block);
	if (ends_with_unit(walk))
		slipway_leftover_before_commit();
	slipway_spi_begin();
	record_block(walk);
	slipway_spi_end();
	slipway_exec_block_commit(walk->run, ends_with_unit(walk) && walk->last);
}

/* Writes the line of the journal without which a unit that stands alone may not begin. */
static void
start_alone(Walk *walk, const Node *stmt)
{
	SlipwayJournalUnit unit;
	uint8		hash[SLIPWAY_HASH_LEN];

	memcpy(hash, walk->hash, SLIPWAY_HASH_LEN);
	hash_unit(walk, hash);
	unit = describe_unit(walk, hash);
	unit.facts = slipway_exec_alone_facts(walk->run, stmt);
	slipway_spi_begin();
	walk->open = slipway_journal_add_started(walk->run, &unit);
	slipway_spi_end();
	slipway_transaction_next();
	slipway_transaction_flush();
}

/* settings may be NULL. */
static void
end_alone(Walk *walk, int64 entry, const char *outcome, ArrayType *settings)
{
	slipway_spi_begin();
	slipway_journal_end(walk->run->project, entry, outcome, settings);
	slipway_detached_notice_save(walk->run->project->name, false);
	slipway_spi_end();
	slipway_transaction_next();
	slipway_transaction_flush();
	walk->open = 0;
}

static void
run_alone(Walk *walk)
{
	SlipwayStatement *statement = &walk->outline->statements[current_unit(walk)->first];
	RawStmt    *tree = slipway_exec_alone_tree(walk->place->script, statement);

	walk->place->statement = *statement;
	walk->place->in_statement = true;
	slipway_exec_alone_enter(walk->run, &walk->carried, tree->stmt);
	start_alone(walk, tree->stmt);
	slipway_journal_watch(walk->run->project->name, walk->open);
	walk->untold_in = slipway_settle_can_tell(tree->stmt) ? 0 : slipway_local_transaction();
	slipway_exec_alone(walk->run, walk->place, statement, &walk->carried);
	walk->untold_in = 0;
	slipway_journal_watch(NULL, 0);
	hash_unit(walk, walk->hash);
	end_alone(walk, walk->open, "done", slipway_carried_array(&walk->carried));
}

static void
report_unit(const Walk *walk)
{
	StringInfoData json;
	TimestampTz now = GetCurrentTimestamp();
	double		ms = (now - walk->unit_started_at) / 1000.0;

	slipway_event_begin(&json, "unit");
	slipway_event_text(&json, "migration", walk->task->name);
	slipway_event_int(&json, "unit", walk->unit + 1);
	slipway_event_int(&json, "units", walk->outline->nunits);
	slipway_event_ms(&json, "duration_ms", ms);
	slipway_event_send(&json, "%s: unit %d of %d done in %.1f ms", walk->task->name,
					   walk->unit + 1, walk->outline->nunits, ms);
}

static void
run_unit(Walk *walk)
{
	walk->unit_started_at = GetCurrentTimestamp();
	walk->place->unit = walk->unit + 1;
	walk->place->units = walk->outline->nunits;
	if (current_unit(walk)->alone)
		run_alone(walk);
	else
		run_block(walk);
	walk->advanced = walk->part_way = true;
	slipway_leftover_keep();
	report_unit(walk);
}

static void
report_tidy(const Walk *walk, const char *command)
{
	StringInfoData json;

	slipway_event_begin(&json, "tidy");
	slipway_event_text(&json, "migration", walk->task->name);
	slipway_event_text(&json, "command", command);
	slipway_event_send(&json, "%s: the last try has left something: %s", walk->task->name, command);
}

/* Runs commands that settle a unit, as if they stood where its statement does. */
static void
tidy_up(Walk *walk, const SlipwayStatement *original, List *commands)
{
	SlipwayCarried identity = slipway_carried_identity(&walk->carried);
	ListCell   *cell;

	foreach(cell, commands)
	{
		char	   *command = lfirst(cell);
		SlipwayStatement statement = {.length = strlen(command), .start = original->start};
		const SlipwayPlace place = *walk->place;
		RawStmt    *tree = slipway_exec_alone_tree(command, &statement);

		report_tidy(walk, command);
		walk->place->script = command;
		walk->place->expansion = NULL;
		slipway_exec_alone_enter(walk->run, &identity, tree->stmt);
		slipway_transaction_next();
		slipway_exec_alone(walk->run, walk->place, &statement, &identity);
		walk->place->script = place.script;
		walk->place->expansion = place.expansion;
	}
}

/* The unit that begins behind so many statements; makes a border there. */
static int
unit_behind(SlipwayOutline *outline, int statements)
{
	int			u = 0;

	if (statements > 0 && statements < outline->nstatements)
		(void) slipway_outline_cut(outline, statements, false);
	while (u < outline->nunits && outline->units[u].first < statements)
		u++;
	return u;
}

/* The statement that was started, which may be one of an older script. */
static RawStmt *
started_statement(const Walk *walk, const SlipwayOpenUnit *unit, SlipwayStatement *statement)
{
	const char *script = walk->place->script;
	SlipwayOutline *outline = walk->outline;

	if (memcmp(unit->script, walk->task->script, SLIPWAY_HASH_LEN) != 0)
	{
		script = slipway_body_load(unit->script);
		if (script == NULL)
			ereport(ERROR,
					(errcode(SLIPWAY_NOT_UPLOADED),
					 errmsg("the script that migration \"%s\" was begun with is gone", walk->task->name),
					 errhint("Upload it again with slipway.add_script().")));
		outline = slipway_outline(walk->task->name, walk->task->part, script, false, 0);
		script = slipway_outline_text(outline, script);
	}
	/* With other values of its variables a script may have less of them. */
	if (unit->statement < 1 || unit->statement > outline->nstatements)
		ereport(ERROR,
				(errcode(SLIPWAY_CHECKSUM_CHANGED),
				 errmsg("migration \"%s\" has no statement %d any more, which was begun", walk->task->name, unit->statement),
				 errhint("Give its variables the values that they had; or find out what the statement has done, and say so with slipway.settle_unit().")));
	*statement = outline->statements[unit->statement - 1];
	statement->tree = NULL;
	return slipway_exec_alone_tree(script, statement);
}

static void
raise_unknown(const Walk *walk, const SlipwayOpenUnit *unit, const SlipwayStatement *statement)
{
	walk->place->statement = *statement;
	walk->place->in_statement = true;
	walk->place->unit = unit_behind(walk->outline, unit->statement - 1) + 1;
	walk->place->units = walk->outline->nunits;
	ereport(ERROR,
			(errcode(SLIPWAY_UNKNOWN_OUTCOME),
			 errmsg("it is not known whether statement %d of migration \"%s\" was executed",
					unit->statement, walk->task->name),
			 errdetail("It commits by itself, and the server or its process ended meanwhile."),
			 errhint("Find out what it has done. Then say so with slipway.settle_unit(%s, done => true or false, reason => ...).",
					 quote_literal_cstr(walk->task->name))));
}

/* Finds out what became of a unit that stands alone; true: it is done. */
static bool
settle(Walk *walk, const SlipwayOpenUnit *unit)
{
	List	   *commands = NIL;
	SlipwayStatement statement;
	RawStmt    *tree = started_statement(walk, unit, &statement);
	SlipwayFate fate = slipway_settle(tree->stmt, walk->run->project->name, unit, &commands);

	slipway_transaction_next();
	if (fate == SLIPWAY_FATE_UNKNOWN)
		raise_unknown(walk, unit, &statement);
	tidy_up(walk, &statement, commands);
	end_alone(walk, unit->entry, fate == SLIPWAY_FATE_DONE ? "done" : "undone", NULL);
	return fate == SLIPWAY_FATE_DONE;
}

/* Finds where to go on. */
static void
resume(Walk *walk)
{
	SlipwayJournal *journal;

	for (;;)
	{
		journal = slipway_journal_load(walk->run->project->name, walk->task->name);
		walk->part_way |= slipway_journal_is_begun(journal);
		/* What tidies up runs as the same role as the statement did. */
		if (journal->settings)
			slipway_carried_load(&walk->carried, journal->settings);
		if (journal->open.entry == 0 || !settle(walk, &journal->open))
			break;
	}
	slipway_journal_check(journal, walk->task->name, walk->place->script, walk->outline, walk->hash);
	walk->unit = unit_behind(walk->outline, journal->done);
	slipway_transaction_next();
}

/* All units are done; if it cannot be verified, it stays as it is, done in part, until it can. */
static void
end_verified(Walk *walk)
{
	walk->part_way = true;
	walk->place->in_statement = false;
	walk->place->unit = walk->place->units = walk->outline->nunits;
	slipway_exec_block_begin();
	slipway_exec_verify_task(walk->run, walk->place, walk->task);
	slipway_leftover_before_commit();
	slipway_spi_begin();
	record_end(walk);
	slipway_spi_end();
	slipway_exec_block_commit(walk->run, walk->last);
}

/* The last unit stood alone: its record could not be written in its transaction. */
static void
end_migration(Walk *walk)
{
	walk->place->in_statement = false;
	slipway_leftover_before_commit();
	slipway_spi_begin();
	record_end(walk);
	slipway_spi_end();
	slipway_transaction_next();
	slipway_transaction_flush();
}

static void
walk_units(Walk *walk, const char *body)
{
	bool		recorded = false;

	slipway_place_push(walk->place, walk->task->name, body, false);
	walk->place->part = walk->task->part;
	slipway_place_expand(walk->place, walk->outline->expansion);
	slipway_terms_set(walk->run, &walk->outline->directives, walk->place);
	resume(walk);
	for (; walk->unit < walk->outline->nunits; walk->unit++)
	{
		run_unit(walk);
		recorded = ends_with_unit(walk);
	}
	if (!recorded && slipway_verify_wanted(walk->run, walk->task))
		end_verified(walk);
	else if (!recorded)
		end_migration(walk);
	slipway_place_pop(walk->place);
}

static bool
raised_by(const ErrorData *error, const char *function)
{
	return error->funcname && strcmp(error->funcname, function) == 0;
}

/* REINDEX, of a table with partitions, counts as a command that runs functions; but refused it is itself. */
bool
slipway_exec_stepwise_refuses(const SlipwayRun *run, const ErrorData *error, const Node *stmt)
{
	bool		runs_code = IsA(stmt, DoStmt) || IsA(stmt, CallStmt);

	if (error->sqlerrcode == ERRCODE_ACTIVE_SQL_TRANSACTION)
		return raised_by(error, "PreventInTransactionBlock") && !runs_code &&
			(IsA(stmt, ReindexStmt) || GetCommandLogLevel((Node *) stmt) != LOGSTMT_ALL);
	if (error->sqlerrcode == ERRCODE_INVALID_TRANSACTION_TERMINATION)
		return (raised_by(error, "_SPI_commit") || raised_by(error, "_SPI_rollback")) && runs_code &&
			slipway_exec_alone_is_allowed(run, stmt);
	return false;
}

static int
find_statement(const SlipwayOutline *outline, int location)
{
	for (int i = 0; i < outline->nstatements; i++)
		if (outline->statements[i].location == location)
			return i;
	return -1;
}

bool
slipway_exec_stepwise_recut(SlipwayRun *run, const SlipwayTask *task, const char *body,
							const SlipwayResult *result)
{
	SlipwayOutline *outline = task->outline;
	int			statement = find_statement(outline, result->location);
	StringInfoData json;
	bool		alone;

	if (!run->options->recut || statement < 0)
		return false;
	alone = slipway_exec_stepwise_refuses(run, result->error,
										  slipway_exec_alone_tree(slipway_outline_text(outline, body),
																  &outline->statements[statement])->stmt);
	if ((!alone && result->error->sqlerrcode != ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE) ||
		!slipway_outline_cut(outline, statement, alone))
		return false;
	slipway_event_begin(&json, "recut");
	slipway_event_text(&json, "migration", task->name);
	slipway_event_int(&json, "line", outline->statements[statement].start.line);
	slipway_event_text(&json, "message", result->error->message);
	slipway_event_int(&json, "units", outline->nunits);
	slipway_event_send(&json, "%s: rolled back (%s); cut at line %d into %d units, again", task->name,
					   result->error->message, outline->statements[statement].start.line, outline->nunits);
	return true;
}

/* After an error: a sound transaction, the session put back, and the journal true. */
static void
recover(Walk *walk)
{
	slipway_journal_watch(NULL, 0);
	slipway_guard_off();
	slipway_transaction_recover();
	slipway_lock_let_go(&walk->run->lock);
	slipway_exec_alone_recover();
	slipway_leftover_of_unit();
	if (walk->open > 0)
	{
		walk->part_way = true;
		end_alone(walk, walk->open, walk->place->in_statement ? "failed" : "done", NULL);
	}
}

SlipwayResult
slipway_exec_stepwise(SlipwayRun *run, SlipwayTask *task, bool last, const char *body)
{
	volatile SlipwayResult result = {.task = task, .started_at = GetCurrentTimestamp()};
	SlipwayPlace place = {0};
	Walk		walk = {
		.run = run, .task = task, .outline = task->outline, .last = last, .place = &place,
		.carried = {NIL, run->step_context, task->outline->directives.variables}, .started_at = result.started_at,
	};

	slipway_run_show(run, task);
	PG_TRY();
	{
		walk_units(&walk, body);
	}
	PG_CATCH();
	{
		/* If it has not committed yet, it is rolled back whole. */
		result.untold = place.in_statement && walk.untold_in != 0 &&
			walk.untold_in != slipway_local_transaction();
		slipway_result_catch((SlipwayResult *) &result, run, &place);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->step_context);
	slipway_settings_hide();
	if (result.error)
		recover(&walk);
	else
		slipway_leftover_afterwards();
	result.advanced = walk.advanced;
	result.part_way = walk.part_way;
	result.unit = place.unit;
	return result;
}
