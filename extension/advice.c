/*
 * advice.c
 *	  What a rehearsal has seen that is better written otherwise.
 *
 * Three kinds of rules: for the parts of ALTER TABLE, which are a table; for other statements; and
 * for units, in which one statement makes the next one dangerous.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "utils/builtins.h"

#include "advice.h"
#include "finding.h"

/* In uses a second: once a minute is use. */
#define IN_USE (1.0 / 60)
#define BUSY 10

/* A change of so many rows at once, and of such a part of a table, is large. */
#define MANY_ROWS 10000
#define MANY_OF_ALL 0.1

/* While a lock is held, what goes on for so long, and for most of the time, is slow. */
#define SLOW_MS 100
#define MOST 0.5

typedef struct Advisor
{
	const SlipwayRehearsal *rehearsal;
	List	   *findings;		/* of SlipwayFinding */
} Advisor;

/* What a part of ALTER TABLE has cost. */
typedef enum Expense
{
	COST_SCAN,					/* the table was read, and not rewritten */
	COST_REWRITE,
	COST_REINDEX,				/* indexes of it were rebuilt, and it was not rewritten */
	COST_BUILD,					/* an index was built */
	COST_LOCK
} Expense;

#define ANY (-1)

/*
 * In advice %t is the table, %c the column or constraint, quoted. The first rule that fits a part
 * counts.
 */
static const struct
{
	AlterTableType subtype;
	int			contype;		/* ConstrType of the part's constraint, or ANY */
	Expense		cost;
	const char *code;
	const char *advice;
}			alter_rules[] = {
	{AT_SetNotNull, ANY, COST_SCAN, "set-not-null-scan",
		"ALTER TABLE %t ADD CONSTRAINT not_null CHECK (%c IS NOT NULL) NOT VALID; in the next migration "
		"ALTER TABLE %t VALIDATE CONSTRAINT not_null; then ALTER TABLE %t ALTER COLUMN %c SET NOT NULL, "
		"which reads nothing any more, and DROP CONSTRAINT not_null."},
	{AT_AddConstraint, CONSTR_NOTNULL, COST_SCAN, "set-not-null-scan",
		"ALTER TABLE %t ADD CONSTRAINT ... NOT NULL ... NOT VALID; in the next migration "
		"ALTER TABLE %t VALIDATE CONSTRAINT ...;"},
	{AT_AddConstraint, CONSTR_FOREIGN, COST_SCAN, "add-foreign-key-scan",
		"ALTER TABLE %t ADD CONSTRAINT %c FOREIGN KEY ... NOT VALID; in the next migration "
		"ALTER TABLE %t VALIDATE CONSTRAINT %c; which lets others read and write."},
	{AT_AddConstraint, CONSTR_CHECK, COST_SCAN, "add-check-scan",
		"ALTER TABLE %t ADD CONSTRAINT %c CHECK (...) NOT VALID; in the next migration "
		"ALTER TABLE %t VALIDATE CONSTRAINT %c; which lets others read and write."},
	{AT_AddConstraint, CONSTR_PRIMARY, COST_BUILD, "add-primary-key-index",
		"CREATE UNIQUE INDEX CONCURRENTLY i ON %t (...); then ALTER TABLE %t ADD CONSTRAINT %c PRIMARY KEY USING INDEX i;"},
	{AT_AddConstraint, CONSTR_UNIQUE, COST_BUILD, "add-unique-index",
		"CREATE UNIQUE INDEX CONCURRENTLY i ON %t (...); then ALTER TABLE %t ADD CONSTRAINT %c UNIQUE USING INDEX i;"},
	{AT_AddConstraint, CONSTR_EXCLUSION, COST_BUILD, "add-exclusion-index",
		"There is no way to add it to a large table without the lock: do it when the table is not used."},
	{AT_AddColumn, ANY, COST_REWRITE, "add-column-rewrite",
		"ALTER TABLE %t ADD COLUMN %c without a default, which costs nothing; fill it in batches, each in a "
		"transaction of its own; then ALTER TABLE %t ALTER COLUMN %c SET DEFAULT ... for new rows."},
	{AT_AddColumn, ANY, COST_SCAN, "add-column-scan",
		"ALTER TABLE %t ADD COLUMN %c without its constraint; add that with NOT VALID, and VALIDATE it in the next migration."},
	{AT_AddColumn, ANY, COST_BUILD, "add-column-index",
		"ALTER TABLE %t ADD COLUMN %c without its constraint; then CREATE UNIQUE INDEX CONCURRENTLY, and add the constraint USING INDEX."},
	{AT_AlterColumnType, ANY, COST_REWRITE, "alter-type-rewrite",
		"ALTER TABLE %t ADD COLUMN of the new type; keep it filled by a trigger, fill the old rows in batches, "
		"then swap the names of the two columns and drop the old one."},
	{AT_AlterColumnType, ANY, COST_REINDEX, "alter-type-reindex",
		"CREATE INDEX CONCURRENTLY on a new column of the new type, and swap; or do it when the table is not used."},
	{AT_AlterColumnType, ANY, COST_SCAN, "alter-type-scan",
		"Constraints on %c are checked again: drop them before, and add them NOT VALID afterwards."},
	{AT_SetTableSpace, ANY, COST_REWRITE, "set-tablespace-rewrite",
		"Do it when the table is not used, or move it by a copy, as pg_repack does."},
	{AT_SetLogged, ANY, COST_REWRITE, "set-logged-rewrite", "Do it when the table is not used, or while it is empty."},
	{AT_SetUnLogged, ANY, COST_REWRITE, "set-logged-rewrite", "Do it when the table is not used, or while it is empty."},
	{AT_AttachPartition, ANY, COST_SCAN, "attach-partition-scan",
		"Before, in another migration, add a CHECK to the new partition that says what its bounds say (NOT VALID, then VALIDATE), "
		"and to the default partition, if there is one, its opposite."},
	{AT_DetachPartition, ANY, COST_LOCK, "detach-partition",
		"ALTER TABLE %t DETACH PARTITION ... CONCURRENTLY;"},
	{AT_DropColumn, ANY, COST_LOCK, "drop-column-in-use",
		"Drop it when no program that reads or writes it is deployed any more."},
};

static const char *
mode_name(LOCKMODE mode)
{
	return GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
}

/* With its table and name in it. */
static char *
fill_in(const char *advice, const char *table, const char *name)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *p = advice; *p; p++)
	{
		if (p[0] == '%' && (p[1] == 't' || p[1] == 'c'))
			appendStringInfoString(&text, *++p == 't' ? table : name ? quote_identifier(name) : "...");
		else
			appendStringInfoChar(&text, *p);
	}
	return text.data;
}

static SlipwayFinding *
add(Advisor *advisor, const SlipwayObserved *about, const SlipwayTouched *relation, const char *code)
{
	SlipwayFinding *finding = palloc0(sizeof(SlipwayFinding));

	finding->code = code;
	finding->about = about;
	finding->relation = relation;
	finding->uses_per_second = relation ? slipway_finding_uses(relation) : -1;
	advisor->findings = lappend(advisor->findings, finding);
	return finding;
}

static char *
facts(const SlipwayFinding *finding)
{
	return slipway_finding_facts(finding->relation, finding->uses_per_second);
}

/* What others cannot do under a lock. */
static const char *
describe_mode(LOCKMODE mode)
{
	return mode == AccessExclusiveLock ? "nobody can read or write it meanwhile" : "nobody can write it meanwhile";
}

/* A table is worked on under a lock that others mind. */
static void
add_work(Advisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table, LOCKMODE mode,
		 const char *code, const char *what, char *advice)
{
	SlipwayFinding *finding = add(advisor, about, table, code);

	finding->severity = slipway_finding_severity(table, finding->uses_per_second, about->duration_ms);
	finding->message = psprintf("%s %s under %s, in %.0f ms: %s", what, facts(finding), mode_name(mode),
								about->duration_ms, describe_mode(mode));
	finding->advice = advice;
}

static SlipwaySeverity
severity_of_use(double uses)
{
	return uses >= BUSY ? SLIPWAY_DANGER : uses >= IN_USE ? SLIPWAY_WARNING : SLIPWAY_NOTE;
}

/* Programs would not find any more what they use. */
static void
add_use(Advisor *advisor, const SlipwayObserved *about, const SlipwayTouched *table, const char *code,
		const char *what, char *advice)
{
	SlipwayFinding *finding;

	if (slipway_finding_uses(table) < IN_USE)
		return;
	finding = add(advisor, about, table, code);
	finding->severity = severity_of_use(finding->uses_per_second);
	finding->message = psprintf("%s %s, which is in use", what, facts(finding));
	finding->advice = advice;
}

static bool
rewrites_index_of(const SlipwayObserved *about, const SlipwayTouched *table)
{
	ListCell   *cell;

	foreach(cell, about->rewrites)
	{
		const SlipwayTouched *touched = lfirst(cell);

		if (touched != table && touched->table == table->oid)
			return true;
	}
	return false;
}

/* The relation that a part of ALTER TABLE has cost so much; NULL: none. */
static const SlipwayTouched *
costly(const SlipwayObserved *about, Expense cost)
{
	const SlipwayTouched *target = about->target;
	bool		rewritten = list_member_ptr(about->rewrites, target);
	bool		read = list_member_ptr(about->scans, target);

	switch (cost)
	{
		case COST_LOCK:
			return about->target_mode >= ShareLock ? target : NULL;
		case COST_REWRITE:
			return rewritten ? target : NULL;
		case COST_REINDEX:
			return !rewritten && rewrites_index_of(about, target) ? target : NULL;
		case COST_BUILD:
			return !rewritten && read ? target : NULL;
		case COST_SCAN:
			/* Of ATTACH PARTITION it is the partition, or the default one. */
			if (rewritten || about->scans == NIL)
				return NULL;
			return read ? target : linitial(about->scans);
	}
	return NULL;
}

static const char *
describe_cost(Expense cost)
{
	switch (cost)
	{
		case COST_SCAN:
			return "reads all of";
		case COST_REWRITE:
			return "rewrites";
		case COST_REINDEX:
			return "rebuilds indexes of";
		case COST_BUILD:
			return "builds an index on";
		case COST_LOCK:
			return "locks";
	}
	return "";
}

static int
constraint_type(const AlterTableCmd *cmd)
{
	return cmd->def && IsA(cmd->def, Constraint) ? (int) ((const Constraint *) cmd->def)->contype : ANY;
}

static bool
has_unique_constraint(const AlterTableCmd *cmd)
{
	ListCell   *cell;

	if (cmd->def && IsA(cmd->def, ColumnDef))
		foreach(cell, ((const ColumnDef *) cmd->def)->constraints)
		{
			ConstrType	type = lfirst_node(Constraint, cell)->contype;

			if (type == CONSTR_UNIQUE || type == CONSTR_PRIMARY)
				return true;
		}
	return false;
}

static const char *
name_of(const AlterTableCmd *cmd)
{
	if (cmd->def && IsA(cmd->def, Constraint))
		return ((const Constraint *) cmd->def)->conname;
	if (cmd->def && IsA(cmd->def, ColumnDef) && cmd->subtype == AT_AddColumn)
		return ((const ColumnDef *) cmd->def)->colname;
	return cmd->name;
}

/* Can this part be what has cost so much, as far as the tree tells? */
static bool
may_cost(const AlterTableCmd *cmd, Expense cost)
{
	if (constraint_type(cmd) != ANY && ((const Constraint *) cmd->def)->skip_validation)
		return false;
	if (constraint_type(cmd) != ANY && ((const Constraint *) cmd->def)->indexname)
		return false;
	if (cmd->subtype == AT_AddColumn && (cost == COST_BUILD || cost == COST_SCAN))
		return has_unique_constraint(cmd) == (cost == COST_BUILD);
	if (cmd->subtype == AT_DetachPartition)
		return !castNode(PartitionCmd, cmd->def)->concurrent;
	return true;
}

static bool
fits(int rule, const AlterTableCmd *cmd)
{
	return alter_rules[rule].subtype == cmd->subtype &&
		(alter_rules[rule].contype == ANY || alter_rules[rule].contype == constraint_type(cmd)) &&
		may_cost(cmd, alter_rules[rule].cost);
}

static void
advise_part(Advisor *advisor, const SlipwayObserved *about, const AlterTableCmd *cmd)
{
	for (int i = 0; i < lengthof(alter_rules); i++)
	{
		const SlipwayTouched *table = fits(i, cmd) ? costly(about, alter_rules[i].cost) : NULL;
		char	   *advice;

		if (table == NULL)
			continue;
		advice = fill_in(alter_rules[i].advice, about->target->name, name_of(cmd));
		if (cmd->subtype == AT_DropColumn)
			add_use(advisor, about, table, alter_rules[i].code, "drops a column of", advice);
		else
			add_work(advisor, about, table, about->target_mode, alter_rules[i].code,
					 describe_cost(alter_rules[i].cost), advice);
		return;
	}
}

/* Was a constraint added as not valid to that table before, in the same unit? */
static bool
was_added_in_unit(const Advisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;
	ListCell   *part;

	foreach(cell, advisor->rehearsal->statements)
	{
		const SlipwayObserved *other = lfirst(cell);

		if (other == about)
			break;
		if (other->unit != about->unit || other->target != about->target || other->tree == NULL ||
			!IsA(other->tree, AlterTableStmt))
			continue;
		foreach(part, ((const AlterTableStmt *) other->tree)->cmds)
		{
			const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, part);

			if (constraint_type(cmd) != ANY && ((const Constraint *) cmd->def)->skip_validation)
				return true;
		}
	}
	return false;
}

static void
advise_alter_table(Advisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, ((const AlterTableStmt *) about->tree)->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, cell);

		if (cmd->subtype != AT_ValidateConstraint)
			advise_part(advisor, about, cmd);
		else if (was_added_in_unit(advisor, about))
			add_work(advisor, about, about->target, about->target_mode, "validate-in-same-transaction", "validates",
					 fill_in("Validate it in the next migration: the lock of ADD CONSTRAINT is held until this one commits.",
							 about->target->name, NULL));
	}
}

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

/* A statement that has locked some tables, which it names. */
static void
advise_locked(Advisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, about->locks)
	{
		const SlipwayObservedLock *lock = lfirst(cell);

		if (lock->mode < ShareLock || !slipway_touched_is_table(lock->of))
			continue;
		if (IsA(about->tree, LockStmt))
			add_work(advisor, about, lock->of, lock->mode, "lock-table", "locks",
					 "Most commands take the lock that they need by themselves. If it must be, let it be the last thing before the commit.");
		else if (IsA(about->tree, TruncateStmt))
			add_use(advisor, about, lock->of, "truncate-in-use", "empties", "Make sure that nobody needs its rows any more.");
		else if (((const DropStmt *) about->tree)->removeType == OBJECT_TABLE)
			add_use(advisor, about, lock->of, "drop-table-in-use", "drops",
					"Drop it when no program that uses it is deployed any more; rename it before, to be able to come back.");
		else if (((const DropStmt *) about->tree)->removeType == OBJECT_INDEX)
			add_work(advisor, about, lock->of, lock->mode, "drop-index-lock", "drops an index of",
					 "DROP INDEX CONCURRENTLY ...;");
	}
}

static void
advise_rename(Advisor *advisor, const SlipwayObserved *about)
{
	const RenameStmt *stmt = (const RenameStmt *) about->tree;

	if (stmt->renameType == OBJECT_COLUMN)
		add_use(advisor, about, about->target, "rename-column-in-use", "renames a column of",
				"Add a column of the new name, keep both filled by a trigger, and drop the old one when no program uses it any more.");
	else if (stmt->renameType == OBJECT_TABLE)
		add_use(advisor, about, about->target, "rename-table-in-use", "renames",
				fill_in("Leave a view of the old name behind in the same migration: CREATE VIEW %t AS SELECT * FROM ...;",
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

/* Statements about one relation. */
static void
advise_target(Advisor *advisor, const SlipwayObserved *about)
{
	const SlipwayTouched *table = table_of(about);
	const char *name = about->target->name;

	switch (nodeTag(about->tree))
	{
		case T_AlterTableStmt:
			advise_alter_table(advisor, about);
			break;
		case T_RenameStmt:
			advise_rename(advisor, about);
			break;
		case T_IndexStmt:
			add_work(advisor, about, table, ShareLock, "create-index-lock", "builds an index on",
					 fill_in("CREATE INDEX CONCURRENTLY ... ON %t ...;", name, NULL));
			break;
		case T_ReindexStmt:
			add_work(advisor, about, table, ShareLock, "reindex-lock", "rebuilds an index of",
					 fill_in("REINDEX (CONCURRENTLY) ... %t;", name, NULL));
			break;
		case T_ClusterStmt:
			add_work(advisor, about, table, AccessExclusiveLock, "cluster-rewrite", "rewrites",
					 "Do it when the table is not used, or with pg_repack.");
			break;
		case T_RefreshMatViewStmt:
			if (!((const RefreshMatViewStmt *) about->tree)->concurrent)
				add_work(advisor, about, table, AccessExclusiveLock, "refresh-lock", "fills anew",
						 fill_in("REFRESH MATERIALIZED VIEW CONCURRENTLY %t; which needs a unique index on it.", name, NULL));
			break;
		default:
			break;
	}
}

/* Rewrites and scans under a strong lock that no rule knows. */
static void
advise_rest(Advisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, about->rewrites)
	{
		const SlipwayTouched *touched = lfirst(cell);

		if (slipway_touched_is_table(touched))
			add_work(advisor, about, touched, AccessExclusiveLock, "rewrite", "rewrites",
					 "Do it when the table is not used, or by a new table that is filled in batches.");
	}
}

static void
advise_stopped(Advisor *advisor, const SlipwayObserved *about)
{
	SlipwayFinding *finding = add(advisor, about, about->target, "lock-hold");

	finding->severity = SLIPWAY_DANGER;
	finding->message = about->target && about->target_mode >= ShareLock ?
		psprintf("works on %s under %s for more than %.0f ms: %s", facts(finding), mode_name(about->target_mode),
				 about->duration_ms, describe_mode(about->target_mode)) :
		psprintf("ends a rehearsal that holds strong locks for too long");
	finding->advice = "Rehearse it on a copy of the database, with a larger lock_hold, to see what it does; "
		"in a deploy it would hold the lock for as long as it takes.";
}

static void
advise_rows(Advisor *advisor, const SlipwayObserved *about)
{
	SlipwayFinding *finding;
	bool		locked = about->target_mode >= ShareLock;

	if (about->rows < MANY_ROWS || about->rows < about->target->rows * MANY_OF_ALL)
		return;
	finding = add(advisor, about, about->target, "many-rows");
	finding->severity = locked ? SLIPWAY_DANGER : SLIPWAY_WARNING;
	finding->message = psprintf("changes " INT64_FORMAT " rows of %s in one transaction, in %.0f ms%s%s",
								about->rows, facts(finding), about->duration_ms, locked ? ", under " : "",
								locked ? mode_name(about->target_mode) : "");
	finding->advice = "Change them in batches, each in a transaction of its own: others wait for the rows until the commit, "
		"and what is dead stays until VACUUM.";
}

static void
advise_statement(Advisor *advisor, const SlipwayObserved *about)
{
	int			before = list_length(advisor->findings);
	const Node *tree = about->tree;

	if (strcmp(about->outcome, SLIPWAY_OUTCOME_STOPPED) == 0)
		advise_stopped(advisor, about);
	else if (strcmp(about->outcome, SLIPWAY_OUTCOME_NOT_REHEARSED) == 0 && about->target &&
			 IsA(tree, VacuumStmt) && is_vacuum_full((const VacuumStmt *) tree))
		add_work(advisor, about, about->target, AccessExclusiveLock, "vacuum-full", "would rewrite",
				 "VACUUM without FULL; if the table must become smaller, do it when it is not used, or with pg_repack.");
	if (strcmp(about->outcome, SLIPWAY_OUTCOME_OK) != 0)
		return;
	if (about->changes_rows && about->target)
		advise_rows(advisor, about);
	if (tree == NULL)
		return;
	if (IsA(tree, LockStmt) || IsA(tree, TruncateStmt) || IsA(tree, DropStmt))
		advise_locked(advisor, about);
	else if (about->target)
		advise_target(advisor, about);
	if (list_length(advisor->findings) == before)
		advise_rest(advisor, about);
}

/* The slowest of what ran in the unit while a lock was held that another statement has taken. */
static const SlipwayObserved *
slowest_under(const Advisor *advisor, int unit, const SlipwayObservedLock *lock,
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
advise_held(Advisor *advisor, int unit, const SlipwayObservedLock *lock)
{
	const SlipwayObserved *taker;
	double		slow_ms;
	const SlipwayObserved *slowest = slowest_under(advisor, unit, lock, &taker, &slow_ms);
	SlipwayFinding *finding;

	if (taker && lock->waiters > 0)
	{
		finding = add(advisor, taker, lock->of, "queue");
		finding->severity = lock->mode == AccessExclusiveLock ? SLIPWAY_DANGER : SLIPWAY_WARNING;
		finding->message = psprintf("%d sessions waited behind %s on %s", lock->waiters, mode_name(lock->mode),
									facts(finding));
		finding->advice = "Deploy it when the table is less used, with a small lock_timeout, and take slow statements out of the migration.";
	}
	if (taker == NULL || slowest == NULL || slow_ms < SLOW_MS || slow_ms < lock->held_ms * MOST)
		return;
	finding = add(advisor, taker, lock->of, "lock-held");
	finding->severity = slipway_finding_severity(lock->of, finding->uses_per_second, slow_ms);
	finding->message = psprintf("holds %s on %s for %.0f ms, of which the %s in line %d takes %.0f ms",
								mode_name(lock->mode), facts(finding), lock->held_ms, slowest->command,
								slowest->line, slowest->duration_ms);
	finding->advice = "Let what takes the lock come last, or put it into a migration of its own: a lock is held until the commit.";
}

static void
advise_units(Advisor *advisor)
{
	int			unit = 0;
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, advisor->rehearsal->units)
	{
		foreach(inner, lfirst(cell))
		{
			const SlipwayObservedLock *lock = lfirst(inner);

			if (lock->mode >= ShareLock && slipway_touched_is_table(lock->of))
				advise_held(advisor, unit, lock);
		}
		unit++;
	}
}

void
slipway_advice_report(const SlipwayRehearsal *rehearsal, int *counts)
{
	Advisor		advisor = {rehearsal, NIL};
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
