/*
 * validate.c
 *	  Why a run would not start: everything that is wrong, before anything runs.
 *
 * Each check raises its problem as the error it is; here they are caught and
 * collected, so that a release with three mistakes shows all three. Nothing
 * that is caught has touched more than memory.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "error_code.h"
#include "validate.h"

/* Of a check, as against a cancel or lack of memory in the middle of one. */
static bool
is_finding(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category == ERRCODE_TO_CATEGORY(SLIPWAY_CHECKSUM_CHANGED) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_FEATURE_NOT_SUPPORTED);
}

/* In PG_CATCH: takes the error over as a problem, or raises it again. */
static SlipwayProblem *
take_problem(const char *migration, MemoryContext context)
{
	SlipwayProblem *problem;

	MemoryContextSwitchTo(context);
	if (!is_finding(geterrcode()))
		PG_RE_THROW();
	problem = palloc0(sizeof(SlipwayProblem));
	problem->migration = migration;
	problem->error = CopyErrorData();
	problem->position = slipway_place_last();
	FlushErrorState();
	return problem;
}

static SlipwayProblem *
check_step(const SlipwayStep *step, bool allow_out_of_order)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayProblem *volatile problem = NULL;
	SlipwayPlace place;

	PG_TRY();
	{
		slipway_place_push(&place, step->name, NULL, true);
		slipway_step_check(step, allow_out_of_order);
		slipway_place_pop(&place);
	}
	PG_CATCH();
	{
		problem = take_problem(step->name, context);
	}
	PG_END_TRY();
	return problem;
}

static void
require_transactional(const char *migration, const SlipwayOutline *outline, SlipwayPlace *place)
{
	if (outline->stepwise_reason)
	{
		place->statement = outline->stepwise_at;
		place->in_statement = true;
		ereport(ERROR,
				(errcode(SLIPWAY_NEEDS_STEPWISE),
				 errmsg("migration \"%s\" cannot run in one transaction", migration),
				 errdetail("That is because of %s.", outline->stepwise_reason),
				 errhint("This version runs transactional migrations only: run this one with psql.")));
	}
}

SlipwayOutline *
slipway_validate_script(const char *migration, const char *body, bool fixed_role,
						SlipwayProblem **problem)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayOutline *volatile outline = NULL;

	*problem = NULL;
	PG_TRY();
	{
		outline = slipway_outline(migration, body, fixed_role);
	}
	PG_CATCH();
	{
		*problem = take_problem(migration, context);
	}
	PG_END_TRY();
	return outline;
}

/* The up script of a pending step: is it there, and can it be run? */
static SlipwayProblem *
check_script(SlipwayStep *step, bool fixed_role)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayProblem *volatile problem = NULL;
	SlipwayPlace place;
	char	   *body = slipway_script_load(step->member->up);

	if (body)
	{
		SlipwayProblem *found;

		step->member->outline = slipway_validate_script(step->name, body, fixed_role, &found);
		pfree(body);
		if (found)
			return found;
	}
	PG_TRY();
	{
		slipway_place_push(&place, step->name, NULL, true);
		if (step->member->outline == NULL)
			ereport(ERROR,
					(errcode(SLIPWAY_NOT_UPLOADED),
					 errmsg("script of migration \"%s\" was not uploaded", step->name),
					 errdetail("Its hash is %s.", slipway_hash_hex(step->member->up)),
					 errhint("Upload it with slipway.add_script().")));
		require_transactional(step->name, step->member->outline, &place);
		slipway_place_pop(&place);
	}
	PG_CATCH();
	{
		problem = take_problem(step->name, context);
	}
	PG_END_TRY();
	return problem;
}

List *
slipway_validate_plan(SlipwayPlan *plan, int nsteps, const SlipwayProject *project,
					  bool allow_out_of_order)
{
	List	   *problems = NIL;

	for (int i = 0; i < plan->n; i++)
	{
		SlipwayStep *step = &plan->steps[i];
		SlipwayProblem *problem = check_step(step, allow_out_of_order);

		if (problem)
			problems = lappend(problems, problem);
		if (i < nsteps && slipway_step_pending(step) && step->member->outline == NULL)
		{
			problem = check_script(step, project->owner != NULL);
			if (problem)
				problems = lappend(problems, problem);
		}
	}
	return problems;
}

void
slipway_validate_raise(List *problems)
{
	SlipwayProblem *first;
	int			more = list_length(problems) - 1;

	if (problems == NIL)
		return;
	first = linitial(problems);
	if (more > 0)
		first->error->detail = psprintf("%s%sThere %s %d more: see slipway.validate().",
										first->error->detail ? first->error->detail : "",
										first->error->detail ? "\n" : "",
										more == 1 ? "is" : "are", more);
	ReThrowError(first->error);
}
