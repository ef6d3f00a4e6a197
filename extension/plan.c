/*
 * plan.c
 *	  A manifest against the history: the state of every migration.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"

#include "error_code.h"
#include "journal.h"
#include "nearest.h"
#include "plan.h"
#include "query.h"
#include "spi.h"

static const char *const state_names[] = {
	"applied", "pending", "failed", "changed", "missing", "future", "out of order",
	"rolled back in part"
};

const char *
slipway_state_name(SlipwayState state)
{
	return state_names[state];
}

bool
slipway_step_pending(const SlipwayStep *step)
{
	return step->state == SLIPWAY_PENDING || step->state == SLIPWAY_FAILED ||
		step->state == SLIPWAY_OUT_OF_ORDER;
}

/* An event after which the migration is applied, or not: a row of query applied.sql. */
static void
read_lasting(SlipwayStep *step, uint64 row)
{
	bool		isnull;

	step->applied = strcmp(slipway_row_text(row, 2), "rollback") != 0;
	step->entry = slipway_row_int8(row, 9);
	if (!step->applied)
		return;
	(void) slipway_row_hash(row, 4, step->applied_hash);
	step->applied_at = slipway_row_datum(row, 5, &isnull);
	step->duration = datumCopy(slipway_row_datum(row, 6, &isnull), false, sizeof(Interval));
	step->applied_by = slipway_row_text(row, 7);
	step->run = slipway_row_int8(row, 8);
}

/* Reads a row; the one that lasts comes first. Datums are copied into context. */
static void
read_row(SlipwayStep *step, uint64 row, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		failed = strcmp(slipway_row_text(row, 3), "succeeded") != 0;

	if (!failed && strcmp(slipway_row_text(row, 2), "forget_failed") != 0)
		read_lasting(step, row);
	else
		step->failed = failed && slipway_row_int8(row, 9) > step->entry;
	MemoryContextSwitchTo(old);
}

/* Steps that are not in the manifest are found by their name, behind the members. */
static SlipwayStep *
find_step(SlipwayPlan *plan, HTAB *members, const char *name, int *others)
{
	int			position = slipway_manifest_position(members, name);
	SlipwayStep *steps = &plan->steps[plan->manifest->n];

	if (position >= 0)
		return &plan->steps[position];
	/* Rows are in order of names. */
	if (*others == 0 || strcmp(steps[*others - 1].name, name) != 0)
		steps[(*others)++].name = name;
	return &steps[*others - 1];
}

/*
 * Fills the members' steps from the history; returns how many steps for
 * migrations that are not in the manifest were put behind them. There is room for some more.
 */
static int
read_history(SlipwayPlan *plan, const char *project, int room)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_APPLIED, 1, {TEXTOID}};
	SlipwayManifest *manifest = plan->manifest;
	MemoryContext caller = CurrentMemoryContext;
	HTAB	   *members = slipway_manifest_index(manifest);
	SlipwayArgs args = {0};
	uint64		rows;
	int			others = 0;

	slipway_arg_text(&args, project);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	plan->steps = MemoryContextAllocZero(caller, (manifest->n + rows + room + 1) * sizeof(SlipwayStep));
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		char	   *name = slipway_row_text(i, 1);

		MemoryContextSwitchTo(spi);
		read_row(find_step(plan, members, name, &others), i, caller);
	}
	slipway_spi_end();
	hash_destroy(members);
	return others;
}

/* Are these known as repeatable, though they are in the manifest no more? */
static void
read_kinds(SlipwayStep *steps, int n, const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_REPEATABLE, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	uint64		rows;

	for (int i = 0; i < n; i++)
		steps[i].kind = SLIPWAY_VERSIONED;
	if (n == 0)
		return;
	slipway_arg_text(&args, project);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 row = 0; row < rows; row++)
		for (int i = 0; i < n; i++)
			if (strcmp(steps[i].name, slipway_row_text(row, 1)) == 0)
				steps[i].kind = SLIPWAY_REPEATABLE;
	slipway_spi_end();
}

static SlipwayNameOrder sort_order;

/* In the order in which they run. */
static int
compare_steps(const void *a, const void *b)
{
	const SlipwayStep *left = a;
	const SlipwayStep *right = b;

	if (left->kind != right->kind)
		return (int) right->kind - (int) left->kind;
	return slipway_name_compare(left->kind == SLIPWAY_VERSIONED ? sort_order : SLIPWAY_ORDER_NAME,
								left->name, right->name);
}

/* Takes out hooks, and what history knows and is neither applied nor begun, then puts the rest in order. */
static void
arrange(SlipwayPlan *plan, int n)
{
	bool		in_order = true;

	plan->n = 0;
	for (int i = 0; i < n; i++)
	{
		const SlipwayStep *step = &plan->steps[i];

		if (step->member ? step->kind == SLIPWAY_HOOK : !step->applied && !step->begun)
			continue;
		in_order = in_order && step->kind == SLIPWAY_VERSIONED && step->member;
		plan->steps[plan->n++] = *step;
	}
	sort_order = plan->manifest->order;
	if (!in_order)
		qsort(plan->steps, plan->n, sizeof(SlipwayStep), compare_steps);
}

/* Is the script of the manifest the one that was applied? */
static bool
is_as_applied(const SlipwayStep *step)
{
	return step->applied && memcmp(step->applied_hash, step->member->up, SLIPWAY_HASH_LEN) == 0;
}

/* What is to be done for a repeatable one depends on itself alone. */
static SlipwayState
repeatable_state(const SlipwayStep *step)
{
	if (step->member == NULL)
		return SLIPWAY_MISSING;
	if (is_as_applied(step))
		return SLIPWAY_APPLIED;
	return step->failed ? SLIPWAY_FAILED : SLIPWAY_PENDING;
}

/* Those around it: is a later one applied, or in the manifest? */
static SlipwayState
versioned_state(const SlipwayStep *step, bool later_applied, bool later_member)
{
	if (step->member == NULL)
		return later_member ? SLIPWAY_MISSING : SLIPWAY_FUTURE;
	if (step->applied)
		return is_as_applied(step) ? SLIPWAY_APPLIED : SLIPWAY_CHANGED;
	if (later_applied)
		return SLIPWAY_OUT_OF_ORDER;
	return step->failed ? SLIPWAY_FAILED : SLIPWAY_PENDING;
}

/*
 * What is pending expects what was before it whole, or not at all. So one that has stopped part
 * way is missed wherever it stands; a newer release's only as long as there is nothing to do.
 */
static void
settle_begun(SlipwayPlan *plan, SlipwayStep *step)
{
	if (step->undoing)
	{
		plan->pending -= slipway_step_pending(step);
		plan->future -= step->state == SLIPWAY_FUTURE;
		step->state = SLIPWAY_ROLLED_BACK_PART;
	}
	if (step->member || step->undoing || !step->begun)
		return;
	plan->future -= step->state == SLIPWAY_FUTURE;
	if (plan->pending > 0)
		step->state = SLIPWAY_MISSING;
	else if (step->kind == SLIPWAY_REPEATABLE)
		step->state = SLIPWAY_FUTURE;
	plan->future += step->state == SLIPWAY_FUTURE;
}

static void
settle_states(SlipwayPlan *plan)
{
	bool		later_applied = false;
	bool		later_member = false;

	for (int i = plan->n - 1; i >= 0; i--)
	{
		SlipwayStep *step = &plan->steps[i];

		if (step->kind == SLIPWAY_REPEATABLE)
			step->state = repeatable_state(step);
		else
		{
			step->state = versioned_state(step, later_applied, later_member);
			later_member |= step->member != NULL;
			/* What only a newer release knows does not make ours late. */
			later_applied |= step->applied && step->state != SLIPWAY_FUTURE;
		}
		plan->future += step->state == SLIPWAY_FUTURE;
		plan->pending += slipway_step_pending(step);
	}
	for (int i = 0; i < plan->n; i++)
		settle_begun(plan, &plan->steps[i]);
}

static SlipwayStep *
find_by_name(SlipwayStep *steps, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	return NULL;
}

/* How far those have come that are done in part, among n steps; adds what is not among them, and counts it. */
static int
read_journal(SlipwayStep *steps, int n, const char *project, const List *open)
{
	int			others = 0;
	ListCell   *cell;

	foreach(cell, open)
	{
		const char *name = lfirst(cell);
		SlipwayStep *step = find_by_name(steps, n + others, name);
		SlipwayJournal *journal = slipway_journal_load(project, name);

		if (!slipway_journal_is_begun(journal))
			continue;
		if (step == NULL)
		{
			step = &steps[n + others++];
			*step = (SlipwayStep) {.name = name};
		}
		step->begun = true;
		step->undoing = slipway_journal_is_undoing(journal);
		step->units_done = journal->units;
	}
	return others;
}

SlipwayPlan *
slipway_plan_make(const char *project, SlipwayManifest *manifest)
{
	SlipwayPlan *plan = palloc0(sizeof(SlipwayPlan));
	List	   *open = slipway_journal_list_open(project);
	int			others = 0;

	plan->manifest = manifest;
	if (manifest->base > 0)
		plan->steps = palloc0((manifest->n + list_length(open) + 1) * sizeof(SlipwayStep));
	else
		others = read_history(plan, project, list_length(open));
	for (int i = 0; i < manifest->n; i++)
	{
		SlipwayStep *step = &plan->steps[i];

		step->member = &manifest->members[i];
		step->name = step->member->name;
		step->kind = step->member->kind;
	}
	others += read_journal(plan->steps, manifest->n + others, project, open);
	read_kinds(plan->steps + manifest->n, others, project);
	arrange(plan, manifest->n + others);
	settle_states(plan);
	return plan;
}

static void
raise_missing(const SlipwayStep *step)
{
	if (!step->begun)
		ereport(ERROR,
				(errcode(SLIPWAY_MISSING_MIGRATION),
				 errmsg("migration \"%s\" was applied but is missing", step->name),
				 errdetail("The manifest holds later migrations, but not this one."),
				 errhint("Put its script back.")));
	ereport(ERROR,
			(errcode(SLIPWAY_MISSING_MIGRATION),
			 errmsg("migration \"%s\" has stopped part way but is missing", step->name),
			 errdetail("The manifest does not hold it. Units of it that are committed: %d.", step->units_done),
			 step->units_done > 0 ?
			 errhint("Put its script back. What it has not executed yet may be changed, or taken out.") :
			 errhint("Put its script back; or say that nothing of it was executed, with slipway.settle_unit(%s, done => false, reason => ...).",
					 quote_literal_cstr(step->name))));
}

SlipwayStep *
slipway_plan_require(const SlipwayPlan *plan, const char *project, const char *name)
{
	List	   *names = NIL;
	const char *nearest;

	for (int i = 0; i < plan->n; i++)
	{
		if (strcmp(plan->steps[i].name, name) == 0)
			return &plan->steps[i];
		names = lappend(names, (char *) plan->steps[i].name);
	}
	nearest = slipway_nearest_find(name, names);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("project \"%s\" has no migration \"%s\"", project, name),
			 nearest ? errhint("Perhaps you mean \"%s\".", nearest) : 0));
}

void
slipway_step_require_member(const SlipwayStep *step)
{
	if (step->member == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_MISSING_MIGRATION),
				 errmsg("migration \"%s\" is not in the newest manifest", step->name),
				 errhint("Put its script back.")));
}

const char *
slipway_plan_nearest(const SlipwayPlan *plan, const char *name)
{
	List	   *names = NIL;

	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].member)
			names = lappend(names, (char *) plan->steps[i].name);
	return slipway_nearest_find(name, names);
}

void
slipway_step_check(const SlipwayStep *step, bool allow_out_of_order)
{
	switch (step->state)
	{
		case SLIPWAY_CHANGED:
			ereport(ERROR,
					(errcode(SLIPWAY_CHECKSUM_CHANGED),
					 errmsg("migration \"%s\" has changed since it was applied", step->name),
					 errdetail("Its script has hash %s, the one applied had %s.",
							   slipway_hash_hex(step->member->up),
							   slipway_hash_hex(step->applied_hash)),
					 errhint("Put the old script back and write the change as a new migration; or take this one as applied with slipway.accept_checksum().")));
			break;
		case SLIPWAY_MISSING:
			/* What was to be run again and again may end without a trace. */
			if (step->begun || step->kind != SLIPWAY_REPEATABLE)
				raise_missing(step);
			break;
		case SLIPWAY_OUT_OF_ORDER:
			if (!allow_out_of_order)
				ereport(ERROR,
						(errcode(SLIPWAY_NOT_IN_ORDER),
						 errmsg("migration \"%s\" is pending below one that is applied", step->name),
						 errhint("Rename it so that it comes last, or allow it with allow_out_of_order.")));
			break;
		case SLIPWAY_ROLLED_BACK_PART:
			ereport(ERROR,
					(errcode(SLIPWAY_PART_WAY),
					 errmsg("the rollback of migration \"%s\" has stopped part way", step->name),
					 errhint("Finish it with rollback; then it can be applied again.")));
			break;
		default:
			break;
	}
}
