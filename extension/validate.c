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

#include "body.h"
#include "error_code.h"
#include "exec_verify.h"
#include "hash.h"
#include "journal.h"
#include "missing.h"
#include "requirement.h"
#include "secret.h"
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
	slipway_secret_scrub(problem->error, slipway_place_last_in_secret());
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
check_hook(const char *name, const SlipwayOutline *outline)
{
	SlipwayHook hook = slipway_hook_find(name);
	SlipwayPlace place;

	if (hook == SLIPWAY_HOOKS)
		return;
	slipway_place_push(&place, name, NULL, true);
	if (outline->stepwise_reason == NULL || slipway_hook_may_be_stepwise(hook))
	{
		slipway_place_pop(&place);
		return;
	}
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("hook \"%s\" cannot commit in several steps", name),
			 errdetail("The cause is %s.", outline->stepwise_reason),
			 errhint("Hooks before_migrate and after_migrate can.")));
}

SlipwayOutline *
slipway_validate_script(const char *migration, const char *part, const char *body, bool fixed_role,
						Size limit, SlipwayProblem **problem)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayOutline *volatile outline = NULL;

	*problem = NULL;
	PG_TRY();
	{
		outline = slipway_outline(migration, part, body, fixed_role, limit);
		if (part == NULL)
			check_hook(migration, outline);
		else if (strcmp(part, SLIPWAY_PART_VERIFY) == 0)
			slipway_verify_check(migration, outline);
	}
	PG_CATCH();
	{
		outline = NULL;
		*problem = take_problem(migration, context);
	}
	PG_END_TRY();
	return outline;
}

SlipwayProblem *
slipway_validate_begun(const char *migration, const char *part, const char *body,
					   const SlipwayOutline *outline, const SlipwayProject *project)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayProblem *volatile problem = NULL;
	SlipwayPlace place;
	uint8		hash[SLIPWAY_HASH_LEN];

	PG_TRY();
	{
		slipway_place_push(&place, migration, NULL, true);
		place.part = part;
		slipway_journal_check(slipway_journal_load(project->name, migration), migration, body, outline, hash);
		slipway_place_pop(&place);
	}
	PG_CATCH();
	{
		problem = take_problem(migration, context);
		if (part)
			problem->error->hint = psprintf("Go on with the %s script that it was begun with.", part);
	}
	PG_END_TRY();
	return problem;
}

/* Of a plan, while it is checked. */
typedef struct PlanCheck
{
	SlipwayPlan *plan;
	int			nsteps;
	const char *project;
	bool		fixed_role;
	Size		room;			/* bytes of bodies and trees that may still be kept */
	MemoryContext batch_context;
	char	  **batch;			/* small bodies of the next steps to check */
	int			taken;			/* of them */
	int			loaded;
} PlanCheck;

/* Raises SW001 if the script has changed where it was already executed. */
static void
check_begun(const char *project, const SlipwayStep *step, const char *body)
{
	uint8		hash[SLIPWAY_HASH_LEN];

	slipway_journal_check(slipway_journal_load(project, step->name), step->name, body,
						  step->member->outline, hash);
}

/* The problem of a step without a script, or with one that cannot go on where an older one has stopped. */
static SlipwayProblem *
check_outline(const PlanCheck *check, const SlipwayStep *step, const char *body)
{
	MemoryContext context = CurrentMemoryContext;
	SlipwayProblem *volatile problem = NULL;
	SlipwayPlace place;

	PG_TRY();
	{
		slipway_place_push(&place, step->name, NULL, true);
		if (step->member->outline == NULL)
			slipway_missing_raise(step->name, NULL, step->member->up);
		if (step->member->outline->directives.repeatable != (step->kind == SLIPWAY_REPEATABLE))
			ereport(ERROR,
					(errcode(SLIPWAY_INVALID_MANIFEST),
					 errmsg("the manifest calls migration \"%s\" %s, which its script does not", step->name,
							slipway_kind_name(step->kind)),
					 errhint("A repeatable one has the directive repeatable, a versioned one has not.")));
		if (step->units_done > 0)
			check_begun(check->project, step, body);
		slipway_place_pop(&place);
	}
	PG_CATCH();
	{
		problem = take_problem(step->name, context);
	}
	PG_END_TRY();
	return problem;
}

/* Is the script of this step still to be checked? */
static bool
wants_check(const PlanCheck *check, int i)
{
	const SlipwayStep *step = &check->plan->steps[i];

	return i < check->nsteps && slipway_step_pending(step) && step->member->outline == NULL;
}

/* Loads small bodies from this step on, which wants one. */
static void
load_batch(PlanCheck *check, int i)
{
	const uint8 *hashes[SLIPWAY_BODY_BATCH];
	MemoryContext caller;

	MemoryContextReset(check->batch_context);
	caller = MemoryContextSwitchTo(check->batch_context);
	check->taken = check->loaded = 0;
	for (; i < check->nsteps && check->loaded < SLIPWAY_BODY_BATCH; i++)
		if (wants_check(check, i))
			hashes[check->loaded++] = check->plan->steps[i].member->up;
	check->batch = slipway_body_load_small(hashes, check->loaded);
	MemoryContextSwitchTo(caller);
}

/* Body of a step's script in the current context, or NULL. */
static char *
next_body(PlanCheck *check, int i)
{
	char	   *body;

	if (check->taken == check->loaded)
		load_batch(check, i);
	body = check->batch[check->taken++];
	return body ? slipway_body_copy(body) : slipway_body_load(check->plan->steps[i].member->up);
}

/*
 * The up script of a pending step: is it there, and can it be run? i is the number of the step, or
 * -1 for a hook.
 */
static SlipwayProblem *
check_script(PlanCheck *check, SlipwayStep *step, int i)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "slipway outline",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SlipwayOutline *outline = NULL;
	SlipwayProblem *problem = NULL;
	char	   *body = i < 0 ? slipway_body_load(step->member->up) : next_body(check, i);
	Size		size = body ? strlen(body) : 0;
	bool		keep = size <= check->room;
	Size		before = MemoryContextMemAllocated(context, true);

	if (keep)
		check->room -= size;
	if (body)
		outline = slipway_validate_script(step->name, NULL, body, check->fixed_role,
										  MemoryContextMemAllocated(context, false) + check->room,
										  &problem);
	check->room -= Min(check->room, MemoryContextMemAllocated(context, true) - before);
	MemoryContextSwitchTo(caller);
	step->member->outline = outline;
	if (problem == NULL)
		problem = check_outline(check, step, body);
	if (outline && keep)
		outline->body = body;
	else if (body)
		slipway_body_free(body);
	return problem;
}

/* Has a run of the first steps anything to do? */
static bool
will_run(const SlipwayPlan *plan, int nsteps)
{
	for (int i = 0; i < nsteps; i++)
		if (slipway_step_pending(&plan->steps[i]))
			return true;
	return false;
}

/* Adds what is wrong with the scripts of the hooks. */
static List *
check_hooks(PlanCheck *check, List *problems)
{
	for (int i = 0; i < SLIPWAY_HOOKS; i++)
	{
		SlipwayMember *member = check->plan->manifest->hooks[i];
		SlipwayStep step = {.kind = SLIPWAY_HOOK, .member = member};
		SlipwayProblem *problem;

		if (member == NULL || member->outline)
			continue;
		step.name = member->name;
		if (slipway_hook_may_be_stepwise(i) && slipway_journal_is_open(check->project))
			step.units_done = slipway_journal_load(check->project, member->name)->units;
		problem = check_script(check, &step, -1);
		if (problem)
			problems = lappend(problems, problem);
	}
	return problems;
}

/* Of a step whose outline, and those of the others, are known. */
static SlipwayProblem *
check_requirements(const PlanCheck *check, int i)
{
	const SlipwayStep *step = &check->plan->steps[i];
	MemoryContext context = CurrentMemoryContext;
	SlipwayProblem *volatile problem = NULL;

	if (!slipway_step_pending(step) || step->member->outline == NULL)
		return NULL;
	PG_TRY();
	{
		slipway_requirement_check(check->plan, i, check->project);
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
	PlanCheck	check = {0};
	List	   *problems = NIL;

	check.plan = plan;
	check.nsteps = nsteps;
	check.project = project->name;
	check.fixed_role = project->owner != NULL;
	check.room = SLIPWAY_BODY_ROOM;
	check.batch_context = AllocSetContextCreate(CurrentMemoryContext, "slipway bodies",
												ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < plan->n; i++)
	{
		SlipwayProblem *problem = check_step(&plan->steps[i], allow_out_of_order);

		if (problem)
			problems = lappend(problems, problem);
		if (wants_check(&check, i) && (problem = check_script(&check, &plan->steps[i], i)) != NULL)
			problems = lappend(problems, problem);
	}
	if (will_run(plan, nsteps))
		problems = check_hooks(&check, problems);
	MemoryContextDelete(check.batch_context);
	for (int i = 0; i < nsteps; i++)
	{
		SlipwayProblem *problem = check_requirements(&check, i);

		if (problem)
			problems = lappend(problems, problem);
	}
	return problems;
}

/* The problem of a verify script, in the current memory context; or NULL. */
static SlipwayProblem *
check_verify(const SlipwayStep *step, bool fixed_role)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "slipway verify script", ALLOCSET_DEFAULT_SIZES);
	SlipwayProblem *volatile problem = NULL;
	char	   *body;

	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		(void) slipway_verify_outline(step->name, step->member->verify, fixed_role, &body);
	}
	PG_CATCH();
	{
		problem = take_problem(step->name, caller);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return problem;
}

List *
slipway_validate_verify(const SlipwayPlan *plan, int nsteps, const SlipwayProject *project)
{
	List	   *problems = NIL;

	for (int i = 0; i < nsteps; i++)
	{
		const SlipwayStep *step = &plan->steps[i];
		SlipwayProblem *problem = NULL;

		if (slipway_step_pending(step) && step->member->has_verify)
			problem = check_verify(step, project->owner != NULL);
		if (problem)
			problems = lappend(problems, problem);
	}
	return problems;
}

/* Adds what is wrong with one of these scripts, if it was uploaded. */
static List *
check_companion(List *problems, const SlipwayStep *step, const char *part, const uint8 *script, bool fixed_role)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "slipway companion script", ALLOCSET_DEFAULT_SIZES);
	SlipwayProblem *problem = NULL;
	char	   *body;

	MemoryContextSwitchTo(context);
	body = slipway_body_load(script);
	MemoryContextSwitchTo(caller);
	if (body)
		(void) slipway_validate_script(step->name, part, body, fixed_role, 0, &problem);
	/* What has no value now may have one when it runs. */
	if (problem && problem->error->sqlerrcode != SLIPWAY_MISSING_VALUE)
	{
		problem->error->message = psprintf("%s script: %s", part, problem->error->message);
		problems = lappend(problems, problem);
	}
	MemoryContextDelete(context);
	return problems;
}

List *
slipway_validate_companions(const SlipwayPlan *plan, const SlipwayProject *project)
{
	bool		fixed_role = project->owner != NULL;
	List	   *problems = NIL;

	for (int i = 0; i < plan->n; i++)
	{
		const SlipwayStep *step = &plan->steps[i];

		if (!slipway_step_pending(step))
			continue;
		if (step->member->has_down)
			problems = check_companion(problems, step, SLIPWAY_PART_DOWN, step->member->down, fixed_role);
		if (step->member->has_verify)
			problems = check_companion(problems, step, SLIPWAY_PART_VERIFY, step->member->verify, fixed_role);
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
		first->error->detail = psprintf("%s%sThere %s %d more, which validate lists.",
										first->error->detail ? first->error->detail : "",
										first->error->detail ? "\n" : "",
										more == 1 ? "is" : "are", more);
	ReThrowError(first->error);
}
