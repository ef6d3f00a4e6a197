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

const char *
slipway_hook_name(SlipwayHook hook)
{
	return names[hook];
}

bool
slipway_hook_is_name(const char *name)
{
	for (int i = 0; i < SLIPWAY_HOOKS; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}
