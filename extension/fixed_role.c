/*
 * fixed_role.c
 *	  Makes the role of the session one that no SET or RESET changes.
 *
 * The two settings are made such that nobody can change. That is this process's alone: a
 * worker of a parallel query has its own, and its session user is the leader's. There, too,
 * a function with a SET clause is called with what that says. So a setting that the server hands to each
 * worker, with the others, tells of it; it is no one's but ours to set.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "compat.h"
#include "fixed_role.h"

#define SETTING "slipway.fixed_role"

static bool locked = false;
static bool told = false;

static void
lock_settings(bool lock)
{
	int			n;
	struct config_generic **variables;

	if (lock == locked)
		return;
	variables = slipway_guc_variables(&n);
	for (int i = 0; i < n; i++)
		if (strcmp(variables[i]->name, "role") == 0 || strcmp(variables[i]->name, "session_authorization") == 0)
			variables[i]->context = lock ? PGC_INTERNAL : PGC_USERSET;
	locked = lock;
}

static bool
check_source(bool *value, void **extra, GucSource source)
{
	return source == PGC_S_DEFAULT || source == PGC_S_OVERRIDE;
}

/* In a worker that is given the settings of its leader; there, it is done already. */
static void
assign_told(bool value, void *extra)
{
	lock_settings(value);
}

void
slipway_fixed_role(bool fixed)
{
	lock_settings(fixed);
	/* Not from this source: one that a rollback would undo. */
	if (fixed != told)
		SetConfigOption(SETTING, fixed ? "on" : "off", PGC_SUSET, PGC_S_OVERRIDE);
}

void
slipway_fixed_role_init(void)
{
	DefineCustomBoolVariable(SETTING,
							 "Tells workers of parallel queries that the role cannot be changed.",
							 NULL, &told, false, PGC_SUSET,
							 GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE,
							 check_source, assign_told, NULL);
}
