/*
 * observed.c
 *	  What a rehearsal has seen of a statement, and of a unit: what commits together.
 */
#include "postgres.h"

#include "storage/lock.h"
#include "utils/json.h"

#include "message.h"
#include "observed.h"

static const char *
mode_name(LOCKMODE mode)
{
	return GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
}

/* The members that a lock has wherever it is reported. */
static void
add_lock(StringInfo json, const SlipwayObservedLock *lock)
{
	appendStringInfoString(json, "{\"relation\":");
	escape_json(json, lock->of->name);
	slipway_event_text(json, "kind", slipway_touched_kind(lock->of));
	slipway_event_text(json, "mode", mode_name(lock->mode));
	slipway_event_int(json, "size_bytes", lock->of->size_bytes);
	if (lock->of->rows >= 0)
		slipway_event_int(json, "rows", (int64) lock->of->rows);
	else
		slipway_event_null(json, "rows", NULL);
	slipway_event_int(json, "waiters", lock->waiters);
}

static void
add_locks(StringInfo json, List *locks, bool of_unit)
{
	ListCell   *cell;

	appendStringInfoString(json, ",\"locks\":[");
	foreach(cell, locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (cell != list_head(locks))
			appendStringInfoChar(json, ',');
		add_lock(json, lock);
		if (of_unit)
		{
			slipway_event_int(json, "line", lock->line);
			slipway_event_ms(json, "start_ms", lock->start_ms);
			slipway_event_ms(json, "held_ms", lock->held_ms);
		}
		appendStringInfoChar(json, '}');
	}
	appendStringInfoChar(json, ']');
}

static void
add_relations(StringInfo json, const char *key, List *relations)
{
	ListCell   *cell;

	appendStringInfo(json, ",\"%s\":[", key);
	foreach(cell, relations)
	{
		if (cell != list_head(relations))
			appendStringInfoChar(json, ',');
		escape_json(json, ((const SlipwayTouched *) lfirst(cell))->name);
	}
	appendStringInfoChar(json, ']');
}

/* "0007_orders, line 3" */
static char *
describe_place(const SlipwayObserved *observed)
{
	const char *name = observed->migration ? observed->migration : observed->hook;

	return observed->migration && observed->hook ?
		psprintf("%s, hook %s, line %d", name, observed->hook, observed->line) :
		psprintf("%s, line %d", name, observed->line);
}

static char *
describe_locks(List *locks)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		appendStringInfo(&text, ", %s on %s", mode_name(lock->mode), lock->of->name);
	}
	return text.data;
}

static char *
describe_relations(const char *verb, List *relations)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, relations)
		appendStringInfo(&text, ", %s %s", verb, ((const SlipwayTouched *) lfirst(cell))->name);
	return text.data;
}

void
slipway_observed_report(const SlipwayObserved *observed)
{
	StringInfoData json;

	slipway_event_begin(&json, "rehearsed");
	slipway_event_null(&json, "migration", observed->migration);
	slipway_event_null(&json, "hook", observed->hook);
	slipway_event_int(&json, "line", observed->line);
	slipway_event_int(&json, "column", observed->column);
	slipway_event_text(&json, "statement", observed->statement);
	slipway_event_text(&json, "command", observed->command);
	slipway_event_text(&json, "outcome", observed->outcome);
	slipway_event_null(&json, "reason", observed->reason);
	slipway_event_ms(&json, "start_ms", observed->start_ms);
	slipway_event_ms(&json, "duration_ms", observed->duration_ms);
	if (observed->rows >= 0)
		slipway_event_int(&json, "rows", observed->rows);
	else
		slipway_event_null(&json, "rows", NULL);
	add_locks(&json, observed->locks, false);
	add_relations(&json, "rewrites", observed->rewrites);
	add_relations(&json, "scans", observed->scans);
	if (strcmp(observed->outcome, SLIPWAY_OUTCOME_STOPPED) == 0)
		slipway_event_send(&json, "%s: %s: %s", describe_place(observed), observed->command, observed->reason);
	else if (observed->reason)
		slipway_event_send(&json, "%s: %s %s: %s", describe_place(observed), observed->command,
						   strcmp(observed->outcome, SLIPWAY_OUTCOME_NOT_REHEARSED) == 0 ? "not rehearsed" : observed->outcome,
						   observed->reason);
	else
		slipway_event_send(&json, "%s: %s%s in %.1f ms%s%s%s", describe_place(observed), observed->command,
						   strcmp(observed->outcome, SLIPWAY_OUTCOME_PLAIN) == 0 ? ", as a plain one," : "",
						   observed->duration_ms, describe_locks(observed->locks),
						   describe_relations("rewrites", observed->rewrites),
						   describe_relations("reads all of", observed->scans));
}

void
slipway_observed_report_migration(const char *migration, const char *hook, double duration_ms, List *locks)
{
	StringInfoData json;

	slipway_event_begin(&json, "rehearsed_migration");
	slipway_event_null(&json, "migration", migration);
	slipway_event_null(&json, "hook", hook);
	slipway_event_ms(&json, "duration_ms", duration_ms);
	add_locks(&json, locks, true);
	slipway_event_send(&json, "%s: rehearsed in %.1f ms", migration ? migration : hook, duration_ms);
}
