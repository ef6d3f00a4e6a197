/*
 * decision.c
 *	  What an administrator says of a migration by hand, on record.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "actor.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "lock.h"
#include "pause.h"
#include "run.h"
#include "spi.h"

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

/* With the snapshot of an older moment the plan would be one of that moment. */
void
slipway_decision_require_fresh(const SlipwayProject *project)
{
	static SlipwayQuery query = {"SELECT max(entry) FROM slipway.history WHERE project = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	bool		isnull;
	int64		seen;

	if (!IsolationUsesXactSnapshot())
		return;
	slipway_arg_text(&args, project->name);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	seen = DatumGetInt64(slipway_row_datum(0, 1, &isnull));
	slipway_spi_end();
	if ((isnull ? 0 : seen) != slipway_history_last(project->name, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the history of project \"%s\" has grown since this transaction began", project->name),
				 errhint("Look again, in a new transaction.")));
}

/*
 * A run that fails and is to try again is without its lock for a moment. It finds that we have it, and writes its end before it
 * waits for its turn, in which it looks again. One that could not write that cannot be waited for.
 */
static void
wait_for_run(const SlipwayProject *project)
{
	for (int i = 0; i < SLIPWAY_RUN_END_POLLS && slipway_run_others_alive(project); i++)
		slipway_pause(SLIPWAY_RUN_END_POLL_MS);
}

SlipwayProject *
slipway_decision_begin_as(const char *function, const char *name, SlipwayRight right)
{
	SlipwayProject *project = slipway_project_load(name);

	slipway_privilege_require(right, project->name);
	/* A standby would speak of its locks. */
	PreventCommandDuringRecovery(function);
	/* The lock that keeps out other runs is the very run's own. */
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call %s", function)));
	slipway_actor_require_will(function);
	if (!slipway_lock_keep_out(project))
		ereport(ERROR,
				(errcode(SLIPWAY_LOCKED),
				 errmsg("a run of project \"%s\" goes on", project->name),
				 errhint("It finds out by itself what it can. Wait for its end.")));
	wait_for_run(project);
	slipway_decision_require_fresh(project);
	return project;
}

SlipwayProject *
slipway_decision_begin(const char *function, const char *name)
{
	return slipway_decision_begin_as(function, name, SLIPWAY_ADMIN);
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
