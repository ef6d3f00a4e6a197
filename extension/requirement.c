/*
 * requirement.c
 *	  What scripts require of others.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "load_manifest.h"
#include "nearest.h"
#include "requirement.h"

/* Mostly it stands not far before the one that requires it. */
static int
find_step(const SlipwayPlan *plan, const char *name, int near)
{
	for (int i = near; i >= 0; i--)
		if (strcmp(plan->steps[i].name, name) == 0)
			return i;
	for (int i = near + 1; i < plan->n; i++)
		if (strcmp(plan->steps[i].name, name) == 0)
			return i;
	return -1;
}

/* Is it one of those that were left out of the manifest, as all of them are applied? */
static bool
is_in_base(const SlipwayPlan *plan, const SlipwayManifest *whole, const char *name)
{
	for (int i = 0; i < plan->manifest->base; i++)
		if (whole->members[i].kind != SLIPWAY_HOOK && strcmp(whole->members[i].name, name) == 0)
			return true;
	return false;
}

/* Of one that is still to run, and was checked. */
static List *
requirements_of(const SlipwayStep *step)
{
	return slipway_step_pending(step) && step->member->outline ?
		step->member->outline->directives.requirements : NIL;
}

/* Does step number from lead to step number to, by what is required? Then path has how, from the end. */
static bool
leads_to(const SlipwayPlan *plan, int from, int to, bool *seen, List **path)
{
	ListCell   *cell;

	if (seen[from])
		return false;
	seen[from] = true;
	foreach(cell, requirements_of(&plan->steps[from]))
	{
		int			next = find_step(plan, ((const SlipwayRequirement *) lfirst(cell))->name, from);

		if (next >= 0 && (next == to || leads_to(plan, next, to, seen, path)))
		{
			*path = lappend(*path, (void *) plan->steps[next].name);
			return true;
		}
	}
	return false;
}

/* "a" requires "b", "b" requires "a" */
static void
refuse_cycle(const SlipwayPlan *plan, int i, List *path)
{
	const char *from = plan->steps[i].name;
	StringInfoData text;

	initStringInfo(&text);
	for (int n = list_length(path) - 1; n >= 0; n--)
	{
		const char *to = list_nth(path, n);

		appendStringInfo(&text, "%s\"%s\" requires \"%s\"", text.len > 0 ? ", " : "", from, to);
		from = to;
	}
	ereport(ERROR,
			(errcode(SLIPWAY_UNMET_REQUIREMENT),
			 errmsg("migration \"%s\" requires itself", plan->steps[i].name),
			 list_length(path) > 1 ? errdetail("%s.", text.data) : 0));
}

static void
refuse_unknown(const SlipwayManifest *whole, const SlipwayStep *step, const char *name)
{
	List	   *names = NIL;
	const char *near;

	for (int i = 0; i < whole->n; i++)
		if (whole->members[i].kind != SLIPWAY_HOOK && strcmp(whole->members[i].name, step->name) != 0)
			names = lappend(names, whole->members[i].name);
	near = slipway_nearest_find(name, names);
	ereport(ERROR,
			(errcode(SLIPWAY_UNMET_REQUIREMENT),
			 errmsg("migration \"%s\" requires \"%s\", which is unknown", step->name, name),
			 near ? errhint("Perhaps you meant \"%s\".", near) : 0));
}

static void
refuse_later(const SlipwayPlan *plan, int i, int required)
{
	bool		repeatable = plan->steps[required].kind == SLIPWAY_REPEATABLE &&
		plan->steps[i].kind == SLIPWAY_VERSIONED;
	bool	   *seen = palloc0(plan->n * sizeof(bool));
	List	   *path = NIL;

	if (required == i || leads_to(plan, i, i, seen, &path))
		refuse_cycle(plan, i, path ? path : list_make1((void *) plan->steps[i].name));
	ereport(ERROR,
			(errcode(SLIPWAY_UNMET_REQUIREMENT),
			 errmsg("migration \"%s\" requires \"%s\", which comes later", plan->steps[i].name,
					plan->steps[required].name),
			 errdetail(repeatable ? "Repeatable migrations run behind all versioned ones." :
					   "Migrations run in the order of their names."),
			 errhint("Rename one of them, if neither is applied anywhere.")));
}

/* The plan does not have it: is it one of those that need not be looked at? */
static void
check_elsewhere(const SlipwayPlan *plan, const SlipwayStep *step, const char *name, const char *project)
{
	const SlipwayManifest *whole = plan->manifest;

	if (whole->base > 0)
		whole = slipway_manifest_load(project, slipway_hash_hex(whole->hash));
	if (!is_in_base(plan, whole, name))
		refuse_unknown(whole, step, name);
}

void
slipway_requirement_check(const SlipwayPlan *plan, int i, const char *project)
{
	const SlipwayStep *step = &plan->steps[i];
	SlipwayPlace place;
	ListCell   *cell;

	slipway_place_push(&place, step->name, NULL, true);
	foreach(cell, requirements_of(step))
	{
		const SlipwayRequirement *requirement = lfirst(cell);
		int			required = find_step(plan, requirement->name, i);

		place.statement = requirement->at;
		place.in_statement = true;
		if (required < 0)
			check_elsewhere(plan, step, requirement->name, project);
		/* What is applied may be pending: another version of something repeatable. */
		if (required >= i && !plan->steps[required].applied)
			refuse_later(plan, i, required);
	}
	slipway_place_pop(&place);
}
