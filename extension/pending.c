/*
 * pending.c
 *	  What of a plan a run would apply.
 */
#include "postgres.h"

#include "approval.h"
#include "error_code.h"
#include "load_manifest.h"
#include "pending.h"
#include "settings.h"
#include "validate.h"

/* How many steps of the plan option "to" includes. */
static int
steps_wanted(const SlipwayRun *run, const SlipwayPlan *plan)
{
	const char *near;

	if (run->options->to == NULL)
		return plan->n;
	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].member && strcmp(plan->steps[i].name, run->options->to) == 0)
			return i + 1;
	near = slipway_plan_nearest(plan, run->options->to);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("target migration \"%s\" is not in the manifest", run->options->to),
			 near ? errhint("Perhaps you meant \"%s\".", near) : 0));
}

SlipwayPlan *
slipway_pending_plan(SlipwayRun *run, int *nsteps)
{
	SlipwayPlan *plan;

	slipway_approval_begin(run);
	/* The target may be one of those that are applied. */
	slipway_manifest_read(run->manifest, run->project->name,
						  run->options->to ? SLIPWAY_PART_WHOLE : SLIPWAY_PART_UNAPPLIED);
	plan = slipway_plan_make(run->project->name, run->manifest);
	*nsteps = steps_wanted(run, plan);
	return plan;
}

void
slipway_pending_note_beyond(const SlipwayPlan *plan, int nsteps, const char *to)
{
	for (int i = nsteps; i < plan->n; i++)
		if (plan->steps[i].applied && plan->steps[i].kind == SLIPWAY_VERSIONED)
		{
			ereport(NOTICE,
					(errmsg("migration \"%s\" is applied, and so are later ones", to),
					 errdetail("migrate does not go back.")));
			break;
		}
}

int
slipway_pending_count(const SlipwayPlan *plan, int nsteps)
{
	int			pending = 0;

	for (int i = 0; i < nsteps; i++)
		pending += slipway_step_pending(&plan->steps[i]);
	return pending;
}

/* Whoever looks at a plan need not be the one who may carry it out. */
static void
check_roles(const SlipwayPlan *plan, int nsteps)
{
	for (int i = 0; i < nsteps; i++)
	{
		const SlipwayStep *step = &plan->steps[i];
		SlipwayPlace place;

		if (!slipway_step_pending(step))
			continue;
		slipway_place_push(&place, step->name, NULL, true);
		slipway_terms_check(&step->member->outline->directives, &place);
		slipway_place_pop(&place);
	}
}

void
slipway_pending_check(const SlipwayRun *run, SlipwayPlan *plan, int nsteps)
{
	List	   *problems = slipway_validate_plan(plan, nsteps, run->project,
												 run->options->out_of_order != SLIPWAY_OUT_OF_ORDER_REFUSE);

	if (run->options->verify)
		problems = list_concat(problems, slipway_validate_verify(plan, nsteps, run->project));
	slipway_validate_raise(problems);
	check_roles(plan, nsteps);
	slipway_approval_check_plan(run, plan, nsteps);
}

void
slipway_pending_warn_of_order(const SlipwayRun *run, const SlipwayPlan *plan, int nsteps)
{
	if (run->options->out_of_order != SLIPWAY_OUT_OF_ORDER_WARN)
		return;
	for (int i = 0; i < nsteps; i++)
		if (plan->steps[i].state == SLIPWAY_OUT_OF_ORDER)
			ereport(WARNING,
					(errcode(SLIPWAY_NOT_IN_ORDER),
					 errmsg("migration \"%s\" is applied behind later ones", plan->steps[i].name),
					 errdetail("Where it was applied in its order, what follows it has met another database.")));
}
