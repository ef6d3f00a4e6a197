/*
 * redo.c
 *	  CALL slipway.redo(): rolls the newest migration back and applies it again.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"

#include "body.h"
#include "call.h"
#include "descent.h"
#include "error_code.h"
#include "load_manifest.h"
#include "missing.h"
#include "rollback.h"
#include "validate.h"

/* What the manifest has under that name now. */
static SlipwayMember *
find_member(SlipwayManifest *manifest, const char *project, const char *name)
{
	slipway_manifest_read(manifest, project, SLIPWAY_PART_WHOLE);
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

static SlipwayTask *
look(SlipwayRun *run, int *n)
{
	SlipwayDescent *descent;
	SlipwayTask *tasks;
	SlipwayMember *member;

	run->options->steps = 1;
	descent = slipway_descent_make(run->project, run->manifest, run->options);
	slipway_descent_check(descent, run->project);
	tasks = slipway_descent_tasks(descent, 1, n);
	if (*n == 0)
		return tasks;
	member = find_member(run->manifest, run->project->name, tasks[*n - 1].name);
	tasks[*n] = (SlipwayTask) {
		.name = member->name, .action = SLIPWAY_ACTION_APPLY, .script = member->up,
		.member = member, .outline = check_script(member, run->project),
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
