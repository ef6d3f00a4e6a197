/*
 * hook.c
 *	  Scripts of a project that run at certain moments of each run.
 */
#include "postgres.h"

#include "hook.h"

static const char *const names[SLIPWAY_HOOKS] = {
	[SLIPWAY_BEFORE_MIGRATE] = "before_migrate",
	[SLIPWAY_AFTER_MIGRATE] = "after_migrate",
	[SLIPWAY_BEFORE_EACH] = "before_each",
	[SLIPWAY_AFTER_EACH] = "after_each",
	[SLIPWAY_AFTER_ERROR] = "after_error",
};

SlipwayHook
slipway_hook_find(const char *name)
{
	int			i = 0;

	while (i < SLIPWAY_HOOKS && strcmp(name, names[i]) != 0)
		i++;
	return i;
}

bool
slipway_hook_is_name(const char *name)
{
	return slipway_hook_find(name) != SLIPWAY_HOOKS;
}

bool
slipway_hook_may_be_stepwise(SlipwayHook hook)
{
	return hook == SLIPWAY_BEFORE_MIGRATE || hook == SLIPWAY_AFTER_MIGRATE;
}
