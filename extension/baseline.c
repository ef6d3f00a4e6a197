/*
 * baseline.c
 *	  slipway.baseline(): takes over a database that was not built by runs.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "decision.h"
#include "error_code.h"
#include "journal.h"
#include "load_manifest.h"
#include "missing.h"
#include "plan.h"
#include "spi.h"

/* What was applied tells by itself how far the database is. */
static void
check_nothing_applied(const SlipwayPlan *plan, const char *project)
{
	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].applied)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("project \"%s\" has a history already", project),
					 errdetail("Migration \"%s\" is applied in it, for one.", plan->steps[i].name),
					 errhint("Single ones are taken as applied with slipway.mark_applied().")));
}

static const SlipwayStep *
find_target(const SlipwayPlan *plan, const char *project, const char *name)
{
	const SlipwayStep *step = slipway_plan_require(plan, project, name);

	slipway_step_require_member(step);
	if (step->kind != SLIPWAY_VERSIONED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("migration \"%s\" is repeatable", name),
				 errhint("A baseline ends with a versioned one; repeatable ones run with the next deploy.")));
	return step;
}

/* The record of one that nobody ran. */
static void
record(const SlipwayProject *project, const SlipwayManifest *manifest, const SlipwayMember *member,
	   const char *reason)
{
	SlipwayEvent event = slipway_decision_event(project, member->name, "baseline", reason);

	event.script_hash = member->up;
	event.manifest_hash = manifest->hash;
	slipway_history_append(&event);
	slipway_journal_close(project, member->name);
}

PG_FUNCTION_INFO_V1(slipway_baseline);

Datum
slipway_baseline(PG_FUNCTION_ARGS)
{
	char	   *migration = slipway_decision_argument(fcinfo, 0, "the name of the migration");
	char	   *reason = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	SlipwayProject *project = slipway_decision_begin("slipway.baseline()",
													 slipway_decision_argument(fcinfo, 2, "project"));
	SlipwayManifest *manifest = slipway_manifest_load(project->name, NULL);
	SlipwayPlan *plan = slipway_plan_make(project->name, manifest);
	const SlipwayStep *target = find_target(plan, project->name, migration);
	SlipwayMissing missing = slipway_missing_find(manifest, false);
	const SlipwayStep *step;

	check_nothing_applied(plan, project->name);
	for (step = plan->steps; step <= target; step++)
	{
		/* One that has stopped part way, and is not there any more. */
		slipway_step_check(step, true);
		slipway_missing_refuse(&missing, step->member);
	}
	slipway_spi_begin();
	for (step = plan->steps; step <= target; step++)
		record(project, manifest, step->member, reason);
	slipway_spi_end();
	PG_RETURN_INT32(target - plan->steps + 1);
}
