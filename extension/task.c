/*
 * task.c
 *	  One of the things that a run does: a script together with its record.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "task.h"

SlipwayTask *
slipway_task_list(const SlipwayPlan *plan, int nsteps, int *n)
{
	SlipwayTask *tasks = palloc(Max(nsteps, 1) * sizeof(SlipwayTask));

	*n = 0;
	for (int i = 0; i < nsteps; i++)
	{
		SlipwayMember *member = plan->steps[i].member;

		if (slipway_step_pending(&plan->steps[i]))
			tasks[(*n)++] = (SlipwayTask) {
				.name = member->name, .action = SLIPWAY_ACTION_APPLY, .script = member->up,
				.member = member, .outline = member->outline, .approved_by = member->approved_by,
			};
	}
	return tasks;
}

bool
slipway_task_hook(const SlipwayManifest *manifest, SlipwayHook hook, const char *about,
				  SlipwayTask *task)
{
	SlipwayMember *member = manifest->hooks[hook];

	if (member == NULL)
		return false;
	*task = (SlipwayTask) {
		.name = member->name, .action = SLIPWAY_ACTION_HOOK, .script = member->up,
		.about = about, .member = member, .outline = member->outline, .approved_by = member->approved_by,
	};
	return true;
}

int
slipway_task_size(const SlipwayTask *task)
{
	return 1 + list_length(task->others);
}

int
slipway_task_total(const SlipwayTask *tasks, int n)
{
	int			total = 0;

	for (int i = 0; i < n; i++)
		total += slipway_task_size(&tasks[i]);
	return total;
}

bool
slipway_task_is_rollback(const SlipwayTask *task)
{
	return strcmp(task->action, SLIPWAY_ACTION_ROLLBACK) == 0;
}

void
slipway_task_release(SlipwayTask *task)
{
	MemoryContextDelete(task->outline->context);
	task->outline = NULL;
	if (task->member)
		task->member->outline = NULL;
}
