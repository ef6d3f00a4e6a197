/*
 * requirement.c
 *	  What scripts require of others.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
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

/* The names on the way that led from one step to another, from the end; by[i]: which step led to step i. */
static List *
trace_back(const SlipwayPlan *plan, int from, int to, const int *by)
{
	List	   *path = list_make1((void *) plan->steps[to].name);

	for (int i = by[to]; i != from; i = by[i])
		path = lappend(path, (void *) plan->steps[i].name);
	return path;
}

/*
 * Does a step lead to itself, by what is required? Then how, from the end; else NIL. Step by step, and not by a call for each, of which
 * there may be as many as there are migrations.
 */
static List *
find_way_back(const SlipwayPlan *plan, int step)
{
	int		   *by = palloc(plan->n * sizeof(int));
	int		   *queue = palloc(plan->n * sizeof(int));
	int			n = 1;
	ListCell   *cell;

	for (int i = 0; i < plan->n; i++)
		by[i] = -1;
	queue[0] = step;
	for (int done = 0; done < n; done++)
	{
		CHECK_FOR_INTERRUPTS();
		foreach(cell, requirements_of(&plan->steps[queue[done]]))
		{
			int			next = find_step(plan, ((const SlipwayRequirement *) lfirst(cell))->name, queue[done]);

			if (next < 0 || by[next] >= 0)
				continue;
			by[next] = queue[done];
			if (next == step)
				return trace_back(plan, step, step, by);
			queue[n++] = next;
		}
	}
	return NIL;
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
	List	   *path = find_way_back(plan, i);

	if (path)
		refuse_cycle(plan, i, path);
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
