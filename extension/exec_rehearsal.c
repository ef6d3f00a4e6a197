/*
 * exec_rehearsal.c
 *	  Runs the scripts of a plan in one transaction, watches them, and rolls all of it back.
 *
 * What commits in several steps in a deploy shares the transaction as well. Statements that
 * refuse one are left out, or, if they can be made plain ones, run as those. What turns out to refuse it only
 * when it runs is in a subtransaction, so that the rest can go on; other statements are not, as
 * some mind.
 *
 * A deploy would begin each unit without locks. Here they stay; so the locks
 * of a unit are those that were acquired in it, also those that an earlier one holds.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "body.h"
#include "caller_cursor.h"
#include "error_code.h"
#include "exec_block.h"
#include "exec_rehearsal.h"
#include "exec_statement.h"
#include "exec_stepwise.h"
#include "exec_verify.h"
#include "guard.h"
#include "journal.h"
#include "leftover.h"
#include "lock_hold.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "observe.h"
#include "outbox.h"
#include "plain_form.h"
#include "refuse.h"
#include "rehearsal_snapshot.h"
#include "settings.h"
#include "side_effect.h"
#include "time_limit.h"
#include "transaction.h"

/* How much of a statement's text is told. */
#define TEXT_BYTES 4000

/* A script to run. */
typedef struct Part
{
	SlipwayTask task;
	const char *migration;		/* that it belongs to; NULL: to all */
	bool		begins;			/* first of what is reported together; and last */
	bool		ends;
	bool		commits;		/* the unit ends with it */
	int			done;			/* statements that an earlier run has done */
	SlipwayCarried carried;		/* and the settings that it left */
} Part;

/* The state of a rehearsal. */
typedef struct Stage
{
	SlipwayRun *run;
	SlipwayRehearsal *result;
	const Part *part;
	SlipwayPlace place;
	MemoryContext context;		/* of what is kept */
	MemoryContext scratch;		/* reset for each statement */
	int			unit;			/* number of the current one */
	int			outline_unit;	/* its index in the script */
	double		clock_ms;		/* of statements alone: looking at them does not count */
	double		began_ms;		/* the current migration, by that clock */
	List	   *locks;			/* of its units */
	bool		started;		/* some statement has run, which may have read something */
	bool		looked;			/* at the locks, since something else has run */
	bool		adds_values;	/* to an enum, which cannot be used in this transaction */
} Stage;

static double
ms_since(TimestampTz begin)
{
	return (GetCurrentTimestamp() - begin) / 1000.0;
}

static char *
clip_text(const char *text)
{
	int			len = strlen(text);

	if (len <= TEXT_BYTES)
		return pstrdup(text);
	return psprintf("%.*s...", pg_mbcliplen(text, len, TEXT_BYTES), text);
}

/* The tree that is to run, and to be changed before, if need be. */
static Node *
take_tree(SlipwayPlace *place, SlipwayStatement *statement)
{
	int			lexer = slipway_lexer_settings();

	place->statement = *statement;
	place->in_statement = true;
	place->text = NULL;
	if (statement->tree == NULL || statement->lexer != lexer)
		statement->tree = slipway_statement_parse(slipway_statement_text(place->script, statement));
	statement->lexer = lexer;
	return statement->tree->stmt;
}

static bool
is_query(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_SelectStmt:
			return true;
		default:
			return false;
	}
}

/* Does it read only what it works on, and that as a whole? Others run queries, which choose. */
static bool
reads_whole_tables(const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DoStmt:
		case T_CallStmt:
		case T_CopyStmt:
		case T_ExecuteStmt:
		case T_ExplainStmt:
		case T_CreateTableAsStmt:
		case T_DeclareCursorStmt:
		case T_FetchStmt:
		case T_RefreshMatViewStmt:
			return false;
		default:
			return !is_query(stmt);
	}
}

static SlipwayObserved *
begin_observed(Stage *stage, SlipwayStatement *statement, const Node *stmt)
{
	MemoryContext caller = MemoryContextSwitchTo(stage->context);
	SlipwayObserved *observed = palloc0(sizeof(SlipwayObserved));
	const Part *part = stage->part;

	observed->migration = part->migration;
	observed->hook = strcmp(part->task.action, SLIPWAY_ACTION_HOOK) == 0 ? part->task.name : NULL;
	observed->unit = stage->unit;
	observed->line = statement->start.line;
	observed->column = statement->start.column;
	observed->command = CreateCommandName((Node *) stmt);
	observed->outcome = SLIPWAY_OUTCOME_OK;
	observed->start_ms = stage->clock_ms;
	observed->rows = -1;
	stage->result->statements = lappend(stage->result->statements, observed);
	MemoryContextSwitchTo(stage->scratch);
	observed->tree = is_query(stmt) ? NULL : copyObject((Node *) stmt);
	MemoryContextSwitchTo(caller);
	return observed;
}

/* Of a kind that is the first of a transaction, or none. */
static bool
sets_transaction(const Node *stmt)
{
	return IsA(stmt, VariableSetStmt) && ((const VariableSetStmt *) stmt)->kind == VAR_SET_MULTI;
}

static void
skip(Stage *stage, SlipwayObserved *observed, const char *reason)
{
	observed->outcome = SLIPWAY_OUTCOME_NOT_REHEARSED;
	observed->reason = MemoryContextStrdup(stage->context, reason);
	stage->result->not_rehearsed++;
}

/* Can it run here? It may have been changed for that. */
static bool
can_run(Stage *stage, const SlipwayStatement *statement, SlipwayObserved *observed)
{
	Node	   *stmt = statement->tree->stmt;
	char	   *reason = NULL;

	if (sets_transaction(stmt) && stage->started)
		reason = "all statements of a rehearsal share a transaction, whose kind is set";
	else if (slipway_refuse_check(statement->tree, false) == SLIPWAY_ALONE)
	{
		if (slipway_plain_form(stmt, stage->run->options, &reason))
			observed->outcome = SLIPWAY_OUTCOME_PLAIN;
	}
	if (reason)
		skip(stage, observed, reason);
	return reason == NULL;
}

/* May it turn out to refuse the transaction? */
static bool
may_refuse(const Stage *stage, const Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DoStmt:
		case T_CallStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_AlterSubscriptionStmt:
		case T_DropSubscriptionStmt:
			return true;
		case T_VariableSetStmt:
		case T_CopyStmt:
			return false;
		default:
			return stage->adds_values;
	}
}

/* Without it nobody knows what was read. */
static void
count_scans(void)
{
	if (!pgstat_track_counts)
		slipway_settings_put("track_counts", "on", PGC_SUSET, GUC_ACTION_LOCAL);
}

/*
 * Keeps of it what advice looks at; scripts may have a great many statements. ended: the rehearsal has, but
 * is not rolled back yet. The time that others may have to wait is limited, and not to be spent on our client.
 */
static void
tell(Stage *stage, SlipwayObserved *observed, bool ended)
{
	MemoryContext caller = MemoryContextSwitchTo(stage->context);

	if (stage->run->options->lock_hold > 0 && (ended || slipway_lock_hold_running()))
		slipway_outbox_open();
	else
		slipway_outbox_send();
	slipway_observed_report(observed);
	observed->statement = NULL;
	if (observed->target || observed->locks || observed->rewrites)
		observed->tree = copyObject(observed->tree);
	else
		observed->tree = NULL;
	MemoryContextSwitchTo(caller);
}

/* It has failed, and with it the rehearsal. */
static void
fail(Stage *stage, SlipwayObserved *observed, ErrorData *error, TimestampTz started_at)
{
	bool		stopped = slipway_lock_hold_ended(error);

	MemoryContextSwitchTo(stage->context);
	observed->duration_ms = ms_since(started_at);
	if (stopped)
		slipway_observe_cancelled(observed, started_at);
	stopped |= error->sqlerrcode == SLIPWAY_REHEARSAL_STOPPED;
	observed->outcome = stopped ? SLIPWAY_OUTCOME_STOPPED : SLIPWAY_OUTCOME_FAILED;
	observed->reason = stopped ? slipway_lock_hold_message() : error->message;
	tell(stage, observed, true);
	if (stopped)
		slipway_lock_hold_raise();
	ReThrowError(error);
}

static void
run_timed(Stage *stage, SlipwayStatement *statement, SlipwayObserved *observed, MemoryContext context)
{
	TimestampTz started_at = GetCurrentTimestamp();
	QueryCompletion qc;

	slipway_lock_hold_arm();
	slipway_exec_statement(&stage->place, statement, context, &qc);
	slipway_lock_hold_disarm();
	observed->duration_ms = ms_since(started_at);
	if (command_tag_display_rowcount(qc.commandTag))
		observed->rows = (int64) qc.nprocessed;
}

/* Is it an error that makes a deploy cut the script? stmt is NULL for queries. */
static bool
refuses(const SlipwayRun *run, const ErrorData *error, const Node *stmt)
{
	return run->options->recut &&
		(error->sqlerrcode == ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE ||
		 (stmt && slipway_exec_stepwise_refuses(run, error, stmt)));
}

/* The same in a subtransaction: false if it refused the transaction, and was rolled back. */
static bool
run_guarded(Stage *stage, SlipwayStatement *statement, SlipwayObserved *observed, MemoryContext context)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TimestampTz started_at = GetCurrentTimestamp();
	const Node *stmt = observed->tree;
	bool		sub = may_refuse(stage, statement->tree->stmt);
	volatile bool refused = false;

	if (sub)
	{
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(caller);
	}
	PG_TRY();
	{
		run_timed(stage, statement, observed, context);
		if (sub)
			ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(stage->context);
		error = CopyErrorData();
		FlushErrorState();
		if (!sub || !refuses(stage->run, error, stmt))
			fail(stage, observed, error, started_at);
		(void) slipway_lock_hold_ended(error);
		RollbackAndReleaseCurrentSubTransaction();
		skip(stage, observed, error->message);
		refused = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return !refused;
}

/* Triggers that were deferred are part of no statement; they have the time of one. */
static void
begin_deferred(void)
{
	slipway_lock_hold_arm();
	slipway_time_limit_apply();
	if (StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
}

static void
end_deferred(void)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	slipway_lock_hold_disarm();
}

/* The unit that goes on would commit here. */
static void
end_unit(Stage *stage)
{
	MemoryContext caller = MemoryContextSwitchTo(stage->context);
	List	   *locks = slipway_observe_end_unit(stage->clock_ms);

	stage->locks = list_concat(stage->locks, locks);
	stage->result->units = lappend(stage->result->units, locks);
	stage->unit++;
	MemoryContextSwitchTo(caller);
}

/* Statement number i of the script may begin one. */
static void
enter_unit(Stage *stage, int i)
{
	const SlipwayOutline *outline = stage->part->task.outline;

	while (stage->outline_unit + 1 < outline->nunits && outline->units[stage->outline_unit + 1].first <= i)
	{
		stage->outline_unit++;
		begin_deferred();
		AfterTriggerFireDeferred();
		end_deferred();
		stage->looked = false;
		end_unit(stage);
	}
}

/* Not before what may still say what kind of transaction it is. */
static void
look_before(Stage *stage, const Node *stmt)
{
	if (stage->looked || (!stage->started && IsA(stmt, VariableSetStmt)))
		return;
	slipway_observe_before();
	stage->looked = true;
}

/* All that is done before it may run; false: it may not. */
static bool
prepare(Stage *stage, const SlipwayStatement *statement, SlipwayObserved *observed)
{
	const Node *stmt = statement->tree->stmt;

	look_before(stage, stmt);
	observed->target = slipway_observe_target(stmt);
	observed->changes_rows = IsA(stmt, UpdateStmt) || IsA(stmt, DeleteStmt);
	count_scans();
	return can_run(stage, statement, observed);
}

/* The same. To look up what it is about may fail already, if a schema may not be used. */
static bool
prepare_caught(Stage *stage, const SlipwayStatement *statement, SlipwayObserved *observed)
{
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz started_at = GetCurrentTimestamp();
	volatile bool can = false;

	PG_TRY();
	{
		can = prepare(stage, statement, observed);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(stage->context);
		error = CopyErrorData();
		FlushErrorState();
		fail(stage, observed, error, started_at);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	return can;
}

/* A SlipwayBlockRunner. */
static void
rehearse_statement(SlipwayPlace *place, SlipwayStatement *statement, MemoryContext context, int i, void *arg)
{
	Stage	   *stage = arg;
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz started_at;
	SlipwayObserved *observed;
	Node	   *stmt;
	bool		sets_something;

	if (statement == NULL)
	{
		begin_deferred();
		return;
	}
	enter_unit(stage, i + stage->part->done);
	MemoryContextReset(stage->scratch);
	MemoryContextSwitchTo(stage->scratch);
	stmt = take_tree(place, statement);
	sets_something = IsA(stmt, VariableSetStmt);
	observed = begin_observed(stage, statement, stmt);
	observed->statement = clip_text(slipway_exec_statement_text(place, statement));
	slipway_side_effect_at(observed->migration, observed->hook, observed->line);
	if (prepare_caught(stage, statement, observed))
	{
		MemoryContextSwitchTo(caller);
		started_at = GetCurrentTimestamp();
		if (run_guarded(stage, statement, observed, context))
		{
			MemoryContextSwitchTo(stage->context);
			stage->started |= !sets_something;
			slipway_observe_after(observed, observed->tree && reads_whole_tables(observed->tree), started_at);
			stage->adds_values |= observed->tree && IsA(observed->tree, AlterEnumStmt);
		}
	}
	MemoryContextSwitchTo(caller);
	stage->clock_ms += observed->duration_ms;
	tell(stage, observed, false);
}

static void
run_script(Stage *stage, const Part *part, const char *body)
{
	const SlipwayOutline *outline = part->task.outline;
	SlipwayRun *run = stage->run;
	SlipwayPlace *place = &stage->place;
	SlipwayCarried carried = part->carried;
	SlipwayTask task = part->task;
	SlipwayBlock block = {
		.statements = outline->statements + part->done, .n = outline->nstatements - part->done,
		.options = outline->nunits > 0 && !stage->started ? outline->units[0].options : NIL,
		.runner = rehearse_statement, .arg = stage,
		.carried = part->done > 0 ? &carried : NULL,
	};

	slipway_run_show(run, &part->task);
	slipway_place_push(place, part->task.name, body, false);
	slipway_place_expand(place, outline->expansion);
	slipway_terms_set(run, &outline->directives, place);
	slipway_exec_block_run(run, place, &block);
	end_deferred();
	slipway_lock_hold_arm();
	if (slipway_verify_wanted(run, &task))
	{
		slipway_exec_verify_task(run, place, &task);
		slipway_exec_verify_report(&task);
	}
	slipway_lock_hold_disarm();
	stage->looked = false;
	slipway_leftover_before_commit();
	slipway_place_pop(place);
	slipway_leftover_between();
}

/* A script, with what is reported of it and those that belong to it. */
static void
run_part(Stage *stage, const Part *part)
{
	char	   *body = part->task.outline->body;

	stage->part = part;
	stage->outline_unit = 0;
	if (part->begins)
	{
		stage->began_ms = stage->clock_ms;
		stage->locks = NIL;
	}
	if (body == NULL)
		body = slipway_body_load(part->task.script);
	run_script(stage, part, body);
	if (body != part->task.outline->body)
		slipway_body_free(body);
	if (part->commits)
		end_unit(stage);
	if (!part->ends)
		return;
	slipway_observed_report_migration(part->migration, part->migration ? NULL : part->task.name,
									  stage->clock_ms - stage->began_ms, stage->locks);
	stage->result->migrations += part->migration != NULL;
}

static Part *
add_part(List **parts, const SlipwayTask *task, const char *migration)
{
	Part	   *part = palloc0(sizeof(Part));

	part->task = *task;
	part->migration = migration;
	part->begins = part->commits = part->ends = true;
	part->carried.context = CurrentMemoryContext;
	*parts = lappend(*parts, part);
	return part;
}

/* Where an earlier run has stopped part way, this one would go on. */
static void
find_begin(const SlipwayRun *run, Part *part)
{
	SlipwayJournal *journal = slipway_journal_load(run->project->name, part->task.name);

	part->done = Min(journal->done, part->task.outline->nstatements);
	if (journal->settings)
		slipway_carried_load(&part->carried, journal->settings);
}

/* A migration and the hooks around it, which share its transaction if it has a single one. */
static void
add_migration(List **parts, const SlipwayRun *run, const SlipwayTask *task, bool journal_open)
{
	int			first = list_length(*parts);
	SlipwayTask hook;
	Part	   *itself;
	bool		alone;

	if (slipway_task_hook(run->manifest, SLIPWAY_BEFORE_EACH, task->name, &hook))
		(void) add_part(parts, &hook, task->name);
	itself = add_part(parts, task, task->name);
	if (journal_open)
		find_begin(run, itself);
	alone = task->outline->stepwise_reason || itself->done > 0;
	if (slipway_task_hook(run->manifest, SLIPWAY_AFTER_EACH, task->name, &hook))
		(void) add_part(parts, &hook, task->name);
	for (int i = first; i < list_length(*parts); i++)
	{
		Part	   *part = list_nth(*parts, i);

		part->begins = i == first;
		part->ends = i == list_length(*parts) - 1;
		part->commits = alone || part->ends;
	}
}

/* All that a deploy would run. */
static List *
list_parts(const SlipwayRun *run, const SlipwayTask *tasks, int n)
{
	bool		journal_open = slipway_journal_is_open(run->project->name);
	List	   *parts = NIL;
	SlipwayTask hook;

	if (slipway_task_hook(run->manifest, SLIPWAY_BEFORE_MIGRATE, NULL, &hook))
		(void) add_part(&parts, &hook, NULL);
	for (int i = 0; i < n; i++)
		add_migration(&parts, run, &tasks[i], journal_open);
	if (slipway_task_hook(run->manifest, SLIPWAY_AFTER_MIGRATE, NULL, &hook))
		(void) add_part(&parts, &hook, NULL);
	return parts;
}

/* Counters of what the session read before are not to be taken for the rehearsal's. */
static void
start_afresh(void)
{
	slipway_transaction_commit();
	(void) pgstat_report_stat(true);
	slipway_transaction_start();
}

static void
run_parts(Stage *stage, List *parts)
{
	SlipwayResult *result = &stage->result->result;
	ListCell   *cell;

	slipway_exec_block_begin();
	foreach(cell, parts)
	{
		result->task = &((const Part *) lfirst(cell))->task;
		run_part(stage, lfirst(cell));
	}
	stage->result->after = slipway_rehearsal_snapshot(stage->run);
}

void
slipway_exec_rehearsal_forget(void)
{
	slipway_lock_hold_end();
	slipway_time_limit_end();
	slipway_observe_end();
	slipway_side_effect_end();
	slipway_outbox_forget();
}

static void
end(SlipwayRun *run)
{
	MemoryContextSwitchTo(run->context);
	slipway_settings_hide();
	slipway_guard_off();
	slipway_lock_hold_end();
	slipway_time_limit_end();
	slipway_observe_stop();
	slipway_transaction_recover();
	slipway_touched_put_back();
	slipway_observe_end();
	slipway_leftover_afterwards();
	slipway_lock_release(&run->lock);
	slipway_outbox_send();
}

/* What ran outside of statements, such as triggers that were deferred, may have been cancelled, too. */
static void
say_stopped(ErrorData *error)
{
	if (!slipway_lock_hold_ended(error))
		return;
	error->sqlerrcode = SLIPWAY_REHEARSAL_STOPPED;
	error->message = slipway_lock_hold_message();
	error->hint = SLIPWAY_LOCK_HOLD_HINT;
}

static void
run_caught(Stage *stage, List *parts)
{
	PG_TRY();
	{
		run_parts(stage, parts);
	}
	PG_CATCH();
	{
		slipway_result_catch(&stage->result->result, stage->run, &stage->place);
		say_stopped(stage->result->result.error);
	}
	PG_END_TRY();
}

void
slipway_exec_rehearsal(SlipwayRun *run, SlipwayTask *tasks, int n, SlipwayRehearsal *rehearsal)
{
	List	   *parts = list_parts(run, tasks, n);
	Stage		stage = {
		.run = run, .result = rehearsal, .context = run->context,
		.scratch = AllocSetContextCreate(run->context, "slipway rehearsal", SLIPWAY_STATEMENT_SIZES),
	};

	slipway_caller_cursor_take(run->context);
	rehearsal->before = slipway_rehearsal_snapshot(run);
	slipway_lock_watch_begin(run->context);
	slipway_lock_wait_begin();
	start_afresh();
	MemoryContextSwitchTo(run->step_context);
	slipway_observe_begin(run->context);
	slipway_side_effect_begin(run->context);
	slipway_lock_hold_begin(run->options->lock_hold);
	slipway_time_limit_begin(run->options->lock_timeout, run->options->statement_timeout);
	run_caught(&stage, parts);
	end(run);
	if (rehearsal->result.error)
		slipway_lock_watch_explain(rehearsal->result.error);
	rehearsal->duration_ms = stage.clock_ms;
	slipway_side_effect_report();
	slipway_side_effect_end();
}
