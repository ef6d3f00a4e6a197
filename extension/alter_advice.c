/*
 * alter_advice.c
 *	  What is better written otherwise in an ALTER TABLE, part by part.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "nodes/parsenodes.h"

#include "advisor.h"

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

#define BY_PARTITION "CREATE UNIQUE INDEX CONCURRENTLY i on each partition, and ALTER TABLE ... "

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
	const char *of_partitioned; /* the same where partitions need other words; or NULL */
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
		"ALTER TABLE %t VALIDATE CONSTRAINT %c; which lets others read and write.",
		"Add it to each partition with NOT VALID, and VALIDATE it there in the next migration; then ALTER TABLE %t ADD CONSTRAINT %c "
		"FOREIGN KEY ... takes those, and reads nothing."},
	{AT_AddConstraint, CONSTR_CHECK, COST_SCAN, "add-check-scan",
		"ALTER TABLE %t ADD CONSTRAINT %c CHECK (...) NOT VALID; in the next migration "
		"ALTER TABLE %t VALIDATE CONSTRAINT %c; which lets others read and write."},
	{AT_AddConstraint, CONSTR_PRIMARY, COST_BUILD, "add-primary-key-index",
		"CREATE UNIQUE INDEX CONCURRENTLY i ON %t (...); then ALTER TABLE %t ADD CONSTRAINT %c PRIMARY KEY USING INDEX i;",
		BY_PARTITION "ADD PRIMARY KEY USING INDEX i; then ALTER TABLE %t ADD CONSTRAINT %c PRIMARY KEY (...); takes those."},
	{AT_AddConstraint, CONSTR_UNIQUE, COST_BUILD, "add-unique-index",
		"CREATE UNIQUE INDEX CONCURRENTLY i ON %t (...); then ALTER TABLE %t ADD CONSTRAINT %c UNIQUE USING INDEX i;",
		BY_PARTITION "ADD UNIQUE USING INDEX i; then ALTER TABLE %t ADD CONSTRAINT %c UNIQUE (...); takes those."},
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
		"ALTER TABLE %t DETACH PARTITION ... CONCURRENTLY; which there must be no default partition for."},
	{AT_DropColumn, ANY, COST_LOCK, "drop-column-in-use",
		"Drop it when no program that reads or writes it is deployed any more."},
};

/* Are there indexes among the relations, which belong to the target? */
static bool
has_index(List *relations)
{
	ListCell   *cell;

	foreach(cell, relations)
		if (!slipway_touched_is_table(lfirst(cell)))
			return true;
	return false;
}

/* Is the table among them, or a partition of it? */
static bool
has_part(List *relations, const SlipwayTouched *table)
{
	ListCell   *cell;

	foreach(cell, relations)
		if (slipway_advisor_is_part(lfirst(cell), table))
			return true;
	return false;
}

/* The relation that a part of ALTER TABLE has cost so much; NULL: none. */
static const SlipwayTouched *
costly(const SlipwayObserved *about, const AlterTableCmd *cmd, Expense cost)
{
	const SlipwayTouched *target = about->target;
	bool		rewritten = has_part(about->rewrites, target);
	bool		read = has_part(about->scans, target);

	switch (cost)
	{
		case COST_LOCK:
			return about->target_mode >= ShareLock ? target : NULL;
		case COST_REWRITE:
			return rewritten ? target : NULL;
		case COST_REINDEX:
			return !rewritten && has_index(about->rewrites) ? target : NULL;
		case COST_BUILD:
			return !rewritten && read ? target : NULL;
		case COST_SCAN:
			/* Of ATTACH PARTITION it is the partition, or the default one. */
			if (rewritten || about->scans == NIL)
				return NULL;
			return read && cmd->subtype != AT_AttachPartition ? target : slipway_advisor_largest(about->scans);
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

	if (cmd->def == NULL || !IsA(cmd->def, ColumnDef))
		return false;
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

static char *
advise(int rule, const SlipwayTouched *table, const AlterTableCmd *cmd)
{
	const char *advice = alter_rules[rule].advice;

	if (table->kind == RELKIND_PARTITIONED_TABLE && alter_rules[rule].of_partitioned)
		advice = alter_rules[rule].of_partitioned;
	return slipway_advisor_fill_in(advice, table->name, name_of(cmd));
}

static void
advise_part(SlipwayAdvisor *advisor, const SlipwayObserved *about, const AlterTableCmd *cmd)
{
	for (int i = 0; i < lengthof(alter_rules); i++)
	{
		SlipwayFinding *finding = NULL;
		const SlipwayTouched *table = fits(i, cmd) ? costly(about, cmd, alter_rules[i].cost) : NULL;

		if (table == NULL)
			continue;
		if (cmd->subtype == AT_DropColumn)
			slipway_advisor_use(advisor, about, table, alter_rules[i].code, "drops a column of",
								advise(i, about->target, cmd));
		else
			finding = slipway_advisor_work(advisor, about, table, slipway_advisor_mode(about, table),
										   alter_rules[i].code, describe_cost(alter_rules[i].cost),
										   advise(i, about->target, cmd));
		/* How large it is does not matter where nothing is done to it. */
		if (finding && alter_rules[i].cost == COST_LOCK)
			finding->severity = slipway_finding_severity(NULL, finding->uses_per_second, about->duration_ms);
		return;
	}
}

/* Was a constraint added as not valid to that table before, in the same unit? */
static bool
was_added_in_unit(const SlipwayAdvisor *advisor, const SlipwayObserved *about)
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

void
slipway_advise_alter(SlipwayAdvisor *advisor, const SlipwayObserved *about)
{
	ListCell   *cell;

	foreach(cell, ((const AlterTableStmt *) about->tree)->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, cell);

		if (cmd->subtype != AT_ValidateConstraint)
			advise_part(advisor, about, cmd);
		else if (was_added_in_unit(advisor, about))
			slipway_advisor_work(advisor, about, about->target, about->target_mode, "validate-in-same-transaction", "validates",
								 slipway_advisor_fill_in("Validate it in the next migration: the lock of ADD CONSTRAINT is held until this one commits.",
														 about->target->name, NULL));
	}
}
