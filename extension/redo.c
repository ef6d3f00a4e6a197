/*
 * redo.c
 *	  CALL slipway.redo(): rolls the newest migration back and applies it again.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/memutils.h"

#include "approval.h"
#include "body.h"
#include "call.h"
#include "descent.h"
#include "error_code.h"
#include "load_manifest.h"
#include "missing.h"
#include "query.h"
#include "requirement.h"
#include "rollback.h"
#include "spi.h"
#include "terms.h"
#include "validate.h"

/* What the manifest has under that name now. */
static SlipwayMember *
find_member(const SlipwayManifest *manifest, const char *name)
{
	for (int i = 0; i < manifest->n; i++)
		if (manifest->members[i].kind == SLIPWAY_VERSIONED && strcmp(manifest->members[i].name, name) == 0)
			return &manifest->members[i];
	ereport(ERROR,
			(errcode(SLIPWAY_MISSING_MIGRATION),
			 errmsg("migration \"%s\" is not in the manifest", name),
			 errdetail("It could be rolled back, but not applied again."),
			 errhint("Put its script back, or use rollback.")));
}

static SlipwayOutline *
check_script(const SlipwayMember *member, const SlipwayProject *project)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "slipway outline",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	char	   *body = slipway_body_load(member->up);
	SlipwayProblem *problem;
	SlipwayOutline *outline;

	if (body == NULL)
		slipway_missing_raise(member->name, NULL, member->up);
	outline = slipway_validate_script(member->name, NULL, body, project->owner != NULL, 0, &problem);
	slipway_body_free(body);
	MemoryContextSwitchTo(caller);
	if (problem)
		slipway_validate_raise(list_make1(problem));
	return outline;
}

/* Those that run before it in a deploy are not run here. */
static void
require_applied(const SlipwayPlan *plan, const SlipwayStep *step, SlipwayPlace *place)
{
	ListCell   *cell;

	foreach(cell, step->member->outline->directives.requirements)
	{
		const SlipwayRequirement *requirement = lfirst(cell);

		for (int i = 0; i < plan->n; i++)
		{
			if (strcmp(plan->steps[i].name, requirement->name) != 0 || plan->steps[i].applied)
				continue;
			place->statement = requirement->at;
			place->in_statement = true;
			ereport(ERROR,
					(errcode(SLIPWAY_UNMET_REQUIREMENT),
					 errmsg("migration \"%s\" requires \"%s\", which is not applied", step->name,
							requirement->name)));
		}
	}
}

/* May the script, whose outline is that of the member, run where the migration stands? */
static void
check_place(const SlipwayRun *run, const SlipwayPlan *plan, const SlipwayMember *member)
{
	SlipwayStep *step = slipway_plan_require(plan, run->project->name, member->name);
	SlipwayPlace place;

	/* as it will be, once it is rolled back */
	step->applied = false;
	step->state = SLIPWAY_PENDING;
	slipway_requirement_check(plan, step - plan->steps, run->project->name);
	slipway_place_push(&place, member->name, NULL, true);
	if (member->outline->directives.repeatable)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("the manifest calls migration \"%s\" versioned, which its script does not", member->name),
				 errhint("A repeatable one has the directive repeatable, a versioned one has not.")));
	require_applied(plan, step, &place);
	slipway_terms_check(&member->outline->directives, &place);
	slipway_place_pop(&place);
}

/*
 * The last redo may have rolled back its migration, and failed to apply it. Then another one is the newest
 * that is applied, which nobody means who says "once more".
 */
static void
refuse_half_done(const SlipwayRun *run, const SlipwayPlan *plan)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_REDO_LAST, 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	char	   *name = NULL;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, run->project->name);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		name = MemoryContextStrdup(caller, slipway_row_text(0, 1));
	slipway_spi_end();
	for (int i = 0; name && i < plan->n; i++)
		if (strcmp(plan->steps[i].name, name) == 0 && plan->steps[i].member && !plan->steps[i].applied)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the last redo has rolled back migration \"%s\", which is not applied again", name),
					 errhint("Apply it with migrate.")));
}

static SlipwayTask *
look(SlipwayRun *run, int *n)
{
	SlipwayPlan *plan;
	SlipwayDescent *descent;
	SlipwayTask *tasks;
	SlipwayMember *member;

	slipway_manifest_read(run->manifest, run->project->name, SLIPWAY_PART_WHOLE);
	plan = slipway_plan_make(run->project->name, run->manifest);
	refuse_half_done(run, plan);
	slipway_approval_begin(run);
	run->options->steps = 1;
	descent = slipway_descent_make(run->project, run->manifest, run->options);
	slipway_descent_check(descent, run->project);
	slipway_descent_check_roles(descent);
	slipway_approval_check_descent(run, descent);
	tasks = slipway_descent_tasks(descent, 1, n);
	if (*n == 0)
		return tasks;
	member = find_member(run->manifest, tasks[*n - 1].name);
	member->outline = check_script(member, run->project);
	check_place(run, plan, member);
	slipway_approval_check(run, slipway_approval_add(NIL, member->name, SLIPWAY_DIRECTION_UP, member->up, &member->approved_by));
	tasks[*n] = (SlipwayTask) {
		.name = member->name, .action = SLIPWAY_ACTION_APPLY, .script = member->up,
		.member = member, .outline = member->outline, .approved_by = member->approved_by,
	};
	*n += 1;
	return tasks;
}

static void
redo(SlipwayRun *run)
{
	slipway_rollback_run(run, "slipway.redo()", look);
}

PG_FUNCTION_INFO_V1(slipway_redo);

Datum
slipway_redo(PG_FUNCTION_ARGS)
{
	slipway_call(fcinfo, "redo", redo);
	return (Datum) 0;
}
