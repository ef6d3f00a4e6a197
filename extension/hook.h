/*
 * hook.h
 *	  Scripts of a project that run at certain moments of each run.
 */
#ifndef SLIPWAY_HOOK_H
#define SLIPWAY_HOOK_H

typedef enum SlipwayHook
{
	SLIPWAY_BEFORE_MIGRATE,
	SLIPWAY_AFTER_MIGRATE,
	SLIPWAY_BEFORE_EACH,
	SLIPWAY_AFTER_EACH,
	SLIPWAY_AFTER_ERROR
} SlipwayHook;

#define SLIPWAY_HOOKS 5

/* SLIPWAY_HOOKS if it is not the name of one. */
extern SlipwayHook slipway_hook_find(const char *name);
extern bool slipway_hook_is_name(const char *name);

/* Others run in the transaction of a migration, or are not to stop part way themselves. */
extern bool slipway_hook_may_be_stepwise(SlipwayHook hook);

#endif							/* SLIPWAY_HOOK_H */
