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
#include "plan.h"
#include "query.h"
#include "spi.h"

static const char *const state_names[] = {
	"applied", "pending", "failed", "changed", "missing", "future", "out of order"
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

/* Reads a row of query applied.sql; datums are copied into context. */
static void
read_row(SlipwayStep *step, uint64 row, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;

	step->applied = strcmp(slipway_row_text(row, 2), "succeeded") == 0;
	step->state = step->applied ? SLIPWAY_APPLIED : SLIPWAY_FAILED;
	if (step->applied)
	{
		(void) slipway_row_hash(row, 3, step->applied_hash);
		step->applied_at = slipway_row_datum(row, 4, &isnull);
		step->duration = datumCopy(slipway_row_datum(row, 5, &isnull), false, sizeof(Interval));
		step->applied_by = slipway_row_text(row, 6);
		step->run = slipway_row_int8(row, 7);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Fills the members' steps from the history; returns how many steps for
 * migrations that are not in the manifest were put behind them.
 */
static int
read_history(SlipwayPlan *plan, const char *project)
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
	plan->steps = MemoryContextAllocZero(caller, (manifest->n + rows + 1) * sizeof(SlipwayStep));
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *name = slipway_row_text(i, 1);
		int			position = slipway_manifest_position(members, name);
		SlipwayStep *step = &plan->steps[position >= 0 ? position : manifest->n + others];

		read_row(step, i, caller);
		step->name = name;
		if (position < 0 && step->applied)
			others++;
	}
	slipway_spi_end();
	hash_destroy(members);
	return others;
}

static SlipwayNameOrder sort_order;

static int
compare_steps(const void *a, const void *b)
{
	return slipway_name_compare(sort_order, ((const SlipwayStep *) a)->name,
								((const SlipwayStep *) b)->name);
}

/* States that depend on the others: changed, out of order, missing, future. */
static void
settle_states(SlipwayPlan *plan)
{
	bool		later_applied = false;
	bool		later_member = false;

	for (int i = plan->n - 1; i >= 0; i--)
	{
		SlipwayStep *step = &plan->steps[i];

		if (step->member == NULL)
			step->state = later_member ? SLIPWAY_MISSING : SLIPWAY_FUTURE;
		else if (!step->applied)
		{
			if (later_applied)
				step->state = SLIPWAY_OUT_OF_ORDER;
			plan->pending++;
		}
		else if (memcmp(step->applied_hash, step->member->up, SLIPWAY_HASH_LEN) != 0)
			step->state = SLIPWAY_CHANGED;
		plan->future += step->state == SLIPWAY_FUTURE;
		later_member |= step->member != NULL;
		/* What only a newer release knows does not make ours late. */
		later_applied |= step->applied && step->state != SLIPWAY_FUTURE;
	}
}

/* How far those have come that are done in part. */
static void
read_journal(SlipwayPlan *plan, const char *project)
{
	if (!slipway_journal_is_open(project))
		return;
	for (int i = 0; i < plan->n; i++)
		if (slipway_step_pending(&plan->steps[i]))
			plan->steps[i].units_done = slipway_journal_load(project, plan->steps[i].name)->units;
}

SlipwayPlan *
slipway_plan_make(const char *project, SlipwayManifest *manifest)
{
	SlipwayPlan *plan = palloc0(sizeof(SlipwayPlan));
	int			others;

	plan->manifest = manifest;
	if (manifest->base > 0)
	{
		plan->steps = palloc0(Max(manifest->n, 1) * sizeof(SlipwayStep));
		others = 0;
	}
	else
		others = read_history(plan, project);
	for (int i = 0; i < manifest->n; i++)
	{
		SlipwayStep *step = &plan->steps[i];

		step->member = &manifest->members[i];
		if (step->name == NULL)
			step->state = SLIPWAY_PENDING;
		step->name = step->member->name;
	}
	plan->n = manifest->n + others;
	if (others > 0)
	{
		sort_order = manifest->order;
		qsort(plan->steps, plan->n, sizeof(SlipwayStep), compare_steps);
	}
	settle_states(plan);
	read_journal(plan, project);
	return plan;
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
					 errhint("Put the old script back and write the change as a new migration.")));
			break;
		case SLIPWAY_MISSING:
			ereport(ERROR,
					(errcode(SLIPWAY_MISSING_MIGRATION),
					 errmsg("migration \"%s\" was applied but is missing", step->name),
					 errdetail("The manifest holds later migrations, but not this one."),
					 errhint("Put its script back.")));
			break;
		case SLIPWAY_OUT_OF_ORDER:
			if (!allow_out_of_order)
				ereport(ERROR,
						(errcode(SLIPWAY_NOT_IN_ORDER),
						 errmsg("migration \"%s\" is pending below one that is applied", step->name),
						 errhint("Rename it so that it comes last, or allow it with allow_out_of_order.")));
			break;
		default:
			break;
	}
}
