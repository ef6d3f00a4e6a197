/*
 * advice.c
 *	  What a rehearsal has seen that is better written otherwise.
 *
 * Three kinds of rules: for the parts of ALTER TABLE, which are a table (alter_advice.c); for other statements;
 * and for units, in which one statement makes the next one dangerous.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"

#include "advice.h"
#include "advisor.h"

/* A change of so many rows at once, and of such a part of a table, is large. */
#define MANY_ROWS 10000
#define MANY_OF_ALL 0.1

/* While a lock is held, what goes on for so long, and for most of the time, is slow. */
#define SLOW_MS 100
#define MOST 0.5

static bool
is_vacuum_full(const VacuumStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "full") == 0)
			return defGetBoolean(option);
	}
	return false;
}

/* Does another lock of these stand for that one, as on a partitioned table for one on a partition? */
static bool
is_covered(List *locks, const SlipwayObservedLock *lock)
{
	ListCell   *cell;

	if (lock->of->parent == NULL)
		return false;
	foreach(cell, locks)
	{
		const SlipwayObservedLock *other = lfirst(cell);

		if (other->of != lock->of && other->mode >= lock->mode && slipway_advisor_is_part(lock->of, other->of))
			return true;
	}
	return false;
}

/* A statement that has locked some tables, which it names. */
static void
advise_locked(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, about->locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (lock->mode < ShareLock || !slipway_touched_is_table(lock->of) || is_covered(about->locks, lock))
			continue;
		if (IsA(about->tree, LockStmt))
			slipway_advisor_work(advisor, about, lock->of, lock->mode, "lock-table", "locks",
								 "Most commands take the lock that they need by themselves. If it must be, let it be the last thing before the commit.");
		else if (IsA(about->tree, TruncateStmt))
			slipway_advisor_use(advisor, about, lock->of, "truncate-in-use", "empties",
								"Make sure that nobody needs its rows any more.");
		else if (((const DropStmt *) about->tree)->removeType == OBJECT_INDEX)
			slipway_advisor_work(advisor, about, lock->of, lock->mode, "drop-index-lock", "drops an index of",
								 "DROP INDEX CONCURRENTLY ...;");
	}
}

/* Tables that are gone, for whatever reason: others that are locked, as foreign keys ask for it, are not. */
static void
advise_drops(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, about->drops)
	{
		const SlipwayTouched *table = lfirst(cell);

		if (table->parent == NULL || !list_member_ptr(about->drops, table->parent))
			slipway_advisor_use(advisor, about, table, "drop-table-in-use", "drops",
								"Drop it when no program that uses it is deployed any more; rename it before, to be able to come back.");
	}
}

static void
advise_rename(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	const RenameStmt *stmt = (const RenameStmt *) about->tree;

	if (stmt->renameType == OBJECT_COLUMN)
		slipway_advisor_use(advisor, about, about->target, "rename-column-in-use", "renames a column of",
				"Add a column of the new name, keep both filled by a trigger, and drop the old one when no program uses it any more.");
	else if (stmt->renameType == OBJECT_TABLE)
		slipway_advisor_use(advisor, about, about->target, "rename-table-in-use", "renames",
				slipway_advisor_fill_in("Leave a view of the old name behind in the same migration: CREATE VIEW %t AS SELECT * FROM ...;",
						about->target->name, NULL));
}

static const SlipwayTouched *
table_of(const SlipwayObserved *about)
{
	ListCell   *cell;

	if (about->target->table == about->target->oid)
		return about->target;
	foreach(cell, about->locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (lock->of->oid == about->target->table)
			return lock->of;
	}
	return about->target;
}

/* It may be there already, or be one of a partitioned table alone: then nothing was read. */
static void
advise_index(SlipwayAdvisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table)
{
	const char *advice = table->kind == RELKIND_PARTITIONED_TABLE ?
		"CREATE INDEX CONCURRENTLY on each partition; then CREATE INDEX ... ON %t takes those." :
		"CREATE INDEX CONCURRENTLY ... ON %t ...;";

	if (about->scans != NIL)
		slipway_advisor_work(advisor, about, table, ShareLock, "create-index-lock", "builds an index on",
							 slipway_advisor_fill_in(advice, table->name, NULL));
}

/* Statements about one relation. */
static void
advise_target(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	const SlipwayTouched *table = table_of(about);
	const char *name = about->target->name;

	switch (nodeTag(about->tree))
	{
		case T_AlterTableStmt:
			slipway_advise_alter(advisor, about);
			break;
		case T_RenameStmt:
			advise_rename(advisor, about);
			break;
		case T_IndexStmt:
			advise_index(advisor, about, table);
			break;
		case T_ReindexStmt:
			slipway_advisor_work(advisor, about, table, ShareLock, "reindex-lock", "rebuilds an index of",
					 slipway_advisor_fill_in("REINDEX (CONCURRENTLY) ... %t;", name, NULL));
			break;
		case T_ClusterStmt:
			slipway_advisor_work(advisor, about, table, AccessExclusiveLock, "cluster-rewrite", "rewrites",
					 "Do it when the table is not used, or with pg_repack.");
			break;
		case T_RefreshMatViewStmt:
			if (!((const RefreshMatViewStmt *) about->tree)->concurrent)
				slipway_advisor_work(advisor, about, table, AccessExclusiveLock, "refresh-lock", "fills anew",
						 slipway_advisor_fill_in("REFRESH MATERIALIZED VIEW CONCURRENTLY %t; which needs a unique index on it.", name, NULL));
			break;
		default:
			break;
	}
}

/* A strong lock that the statement has taken on it. */
static LOCKMODE
locked_as(const SlipwayObserved *about, const SlipwayTouched *table)
{
	ListCell   *cell;

	foreach(cell, about->locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (lock->of == table && lock->mode >= ShareLock)
			return lock->mode;
	}
	return NoLock;
}

/* Of a partition: its table, if that is locked, too. */
static const SlipwayTouched *
whole_of(const SlipwayObserved *about, const SlipwayTouched *table)
{
	while (table->parent && locked_as(about, table->parent) != NoLock)
		table = table->parent;
	return table;
}

static void
advise_scan(SlipwayAdvisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table)
{
	LOCKMODE	mode = locked_as(about, table);

	if (about->tree && IsA(about->tree, CreateStmt))
		slipway_advisor_work(advisor, about, table, mode, "create-partition-scan", "reads all of",
							 "CREATE TABLE by itself, then ALTER TABLE ... ATTACH PARTITION; before, in another migration, add a CHECK to the "
							 "default partition that says the opposite of the new one's bounds (NOT VALID, then VALIDATE).");
	else
		slipway_advisor_work(advisor, about, table, mode, "scan", "reads all of",
							 "Do it when the table is not used, or in a way that reads it without the lock.");
}

/* Rewrites and scans under a strong lock that no rule knows: of DO, of functions, of other commands. */
static void
advise_rest(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	List	   *said = NIL;
	ListCell   *cell;

	foreach(cell, about->rewrites)
	{
		const SlipwayTouched *table = whole_of(about, lfirst(cell));

		if (!slipway_touched_is_table(table) || list_member_ptr(said, table))
			continue;
		said = lappend(said, (void *) table);
		slipway_advisor_work(advisor, about, table, AccessExclusiveLock, "rewrite", "rewrites",
							 "Do it when the table is not used, or by a new table that is filled in batches.");
	}
	foreach(cell, about->scans)
	{
		const SlipwayTouched *table = lfirst(cell);

		/* Of a new partition it is the default one. */
		if (about->tree == NULL || !IsA(about->tree, CreateStmt))
			table = whole_of(about, table);
		if (locked_as(about, table) == NoLock || list_member_ptr(said, table))
			continue;
		said = lappend(said, (void *) table);
		advise_scan(advisor, about, table);
	}
}

static void
advise_stopped(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	SlipwayFinding *finding = slipway_advisor_add(advisor, about, about->target, "lock-hold");

	finding->severity = SLIPWAY_DANGER;
	finding->message = about->target && about->target_mode >= ShareLock ?
		psprintf("works on %s under %s for more than %.0f ms: %s", slipway_advisor_facts(finding), slipway_advisor_mode_name(about->target_mode),
				 about->duration_ms, slipway_advisor_describe_mode(about->target_mode)) :
		psprintf("ends a rehearsal that holds strong locks for too long");
	finding->advice = "Rehearse it on a copy of the database, with a larger lock_hold, to see what it does; "
		"in a deploy it would hold the lock for as long as it takes.";
}

static void
advise_rows(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	SlipwayFinding *finding;
	bool		locked = about->target_mode >= ShareLock;

	if (about->rows < MANY_ROWS || about->rows < about->target->rows * MANY_OF_ALL)
		return;
	finding = slipway_advisor_add(advisor, about, about->target, "many-rows");
	finding->severity = locked ? SLIPWAY_DANGER : SLIPWAY_WARNING;
	finding->message = psprintf("changes " INT64_FORMAT " rows of %s in one transaction, in %.0f ms%s%s",
								about->rows, slipway_advisor_facts(finding), about->duration_ms, locked ? ", under " : "",
								locked ? slipway_advisor_mode_name(about->target_mode) : "");
	finding->advice = "Change them in batches, each in a transaction of its own: others wait for the rows until the commit, "
		"and what is dead stays until VACUUM.";
}

static void
advise_statement(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	int			before = list_length(advisor->findings);
	const Node *tree = about->tree;

	if (strcmp(about->outcome, SLIPWAY_OUTCOME_STOPPED) == 0)
		advise_stopped(advisor, about);
	else if (strcmp(about->outcome, SLIPWAY_OUTCOME_NOT_REHEARSED) == 0 && about->target &&
			 IsA(tree, VacuumStmt) && is_vacuum_full((const VacuumStmt *) tree))
		slipway_advisor_work(advisor, about, about->target, AccessExclusiveLock, "vacuum-full", "would rewrite",
				 "VACUUM without FULL; if the table must become smaller, do it when it is not used, or with pg_repack.");
	if (strcmp(about->outcome, SLIPWAY_OUTCOME_OK) != 0)
		return;
	if (about->changes_rows && about->target)
		advise_rows(advisor, about);
	advise_drops(advisor, about);
	if (tree && (IsA(tree, LockStmt) || IsA(tree, TruncateStmt) || IsA(tree, DropStmt)))
		advise_locked(advisor, about);
	else if (tree && about->target)
		advise_target(advisor, about);
	if (list_length(advisor->findings) == before)
		advise_rest(advisor, about);
}

/* The slowest of what ran in the unit while a lock was held that another statement has taken. */
static const SlipwayObserved *
slowest_under(const SlipwayAdvisor *advisor, int unit, const SlipwayObservedLock *lock,
			  const SlipwayObserved **taker, double *slow_ms)
{
	const SlipwayObserved *slowest = NULL;
	ListCell   *cell;

	*slow_ms = 0;
	*taker = NULL;
	foreach(cell, advisor->rehearsal->statements)
	{
		const SlipwayObserved *observed = lfirst(cell);

		if (observed->unit != unit || observed->start_ms < lock->start_ms)
			continue;
		if (*taker == NULL && observed->line == lock->line)
		{
			*taker = observed;
			continue;
		}
		*slow_ms += observed->duration_ms;
		if (slowest == NULL || observed->duration_ms > slowest->duration_ms)
			slowest = observed;
	}
	return slowest;
}

static void
advise_held(SlipwayAdvisor *advisor, int unit, const SlipwayObservedLock *lock)
{
	const SlipwayObserved *taker;
	double		slow_ms;
	const SlipwayObserved *slowest = slowest_under(advisor, unit, lock, &taker, &slow_ms);
	SlipwayFinding *finding;

	if (taker && lock->waiters > 0)
	{
		finding = slipway_advisor_add(advisor, taker, lock->of, "queue");
		finding->severity = lock->mode == AccessExclusiveLock ? SLIPWAY_DANGER : SLIPWAY_WARNING;
		finding->message = psprintf("%d sessions waited behind %s on %s", lock->waiters, slipway_advisor_mode_name(lock->mode),
									slipway_advisor_facts(finding));
		finding->advice = "Deploy it when the table is less used, with a small lock_timeout, and take slow statements out of the migration.";
	}
	if (taker == NULL || slowest == NULL || slow_ms < SLOW_MS || slow_ms < lock->held_ms * MOST)
		return;
	finding = slipway_advisor_add(advisor, taker, lock->of, "lock-held");
	finding->severity = slipway_finding_severity(lock->of, finding->uses_per_second, slow_ms);
	finding->message = psprintf("holds %s on %s for %.0f ms, of which the %s in line %d takes %.0f ms",
								slipway_advisor_mode_name(lock->mode), slipway_advisor_facts(finding), lock->held_ms, slowest->command,
								slowest->line, slowest->duration_ms);
	finding->advice = "Let what takes the lock come last, or put it into a migration of its own: a lock is held until the commit.";
}

static void
advise_units(SlipwayAdvisor *advisor)
{
	int			unit = 0;
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, advisor->rehearsal->units)
	{
		foreach(inner, lfirst(cell))
		{
			const SlipwayObservedLock *lock = lfirst(inner);

			if (lock->mode >= ShareLock && slipway_touched_is_table(lock->of) &&
				(lock->waiters > 0 || !is_covered(lfirst(cell), lock)))
				advise_held(advisor, unit, lock);
		}
		unit++;
	}
}

void
slipway_advice_report(const SlipwayRehearsal *rehearsal, int *counts)
{
	SlipwayAdvisor advisor = {rehearsal, NIL};
	ListCell   *cell;

	foreach(cell, rehearsal->statements)
		advise_statement(&advisor, lfirst(cell));
	advise_units(&advisor);
	foreach(cell, advisor.findings)
	{
		const SlipwayFinding *finding = lfirst(cell);

		counts[finding->severity]++;
		slipway_finding_report(finding);
	}
}
