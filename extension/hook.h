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

/* "before_migrate", ... */
extern const char *slipway_hook_name(SlipwayHook hook);

extern bool slipway_hook_is_name(const char *name);

#endif							/* SLIPWAY_HOOK_H */
