/*
 * decision.c
 *	  What an administrator says of a migration by hand, on record.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "lock.h"
#include "privilege.h"

char *
slipway_decision_argument(FunctionCallInfo fcinfo, int arg, const char *what)
{
	char	   *value = PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (value == NULL || *value == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", what)));
	return value;
}

SlipwayProject *
slipway_decision_begin(const char *function, const char *name)
{
	SlipwayProject *project = slipway_project_load(name);

	slipway_privilege_require(SLIPWAY_ADMIN, project->name);
	/* The lock that keeps out other runs is the very run's own. */
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call %s", function)));
	if (!slipway_lock_keep_out(project))
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("a run of project \"%s\" goes on", project->name),
				 errhint("It finds out by itself what it can. Wait for its end.")));
	return project;
}

SlipwayEvent
slipway_decision_event(const SlipwayProject *project, const char *migration, const char *action,
					   const char *reason)
{
	SlipwayEvent event = {0};

	event.project = project;
	event.actor = slipway_actor_current(project->owner, NULL);
	event.migration = migration;
	event.action = action;
	event.outcome = "succeeded";
	event.reason = reason;
	event.started_at = event.finished_at = GetCurrentTimestamp();
	return event;
}
