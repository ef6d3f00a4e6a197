/*
 * repair.c
 *	  Ways out of trouble: slipway.accept_checksum(), forget_failed() and
 *	  mark_applied(). Each is a row of the history; none runs or undoes anything.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "decision.h"
#include "error_code.h"
#include "journal.h"
#include "load_manifest.h"
#include "missing.h"
#include "plan.h"
#include "query.h"
#include "spi.h"

/* One of them, about one migration. */
typedef struct Repair
{
	SlipwayProject *project;
	const char *migration;
	const char *reason;
	SlipwayManifest *manifest;	/* the newest */
	SlipwayPlan *plan;
} Repair;

/* The arguments that all have, and what they are about. */
static Repair
begin(FunctionCallInfo fcinfo, const char *function)
{
	Repair		repair;

	repair.migration = slipway_decision_argument(fcinfo, 0, "the name of the migration");
	repair.reason = slipway_decision_argument(fcinfo, 1, "a reason");
	repair.project = slipway_decision_begin(function, slipway_decision_argument(fcinfo, 2, "project"));
	repair.manifest = slipway_manifest_load(repair.project->name, NULL);
	repair.plan = slipway_plan_make(repair.project->name, repair.manifest);
	return repair;
}

/* Its step, with a script that the server has. */
static const SlipwayStep *
require_member(const Repair *repair)
{
	const SlipwayStep *step = slipway_plan_require(repair->plan, repair->project->name, repair->migration);
	SlipwayMissing missing = slipway_missing_find(repair->manifest, false);

	if (step->member == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_MISSING_MIGRATION),
				 errmsg("migration \"%s\" is not in the newest manifest", step->name),
				 errhint("Put its script back.")));
	slipway_missing_refuse(&missing, step->member);
	return step;
}

static void
refuse_healthy(const char *migration, const char *state)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("migration \"%s\" %s", migration, state),
			 errhint("See slipway.status.")));
}

/* Writes the record; what it had come to so far does not count any more. Of member NULL there is no script. */
static void
record(const Repair *repair, const char *action, const SlipwayMember *member)
{
	SlipwayEvent event = slipway_decision_event(repair->project, repair->migration, action,
												repair->reason);

	if (member)
	{
		event.script_hash = member->up;
		event.manifest_hash = repair->manifest->hash;
	}
	slipway_spi_begin();
	slipway_history_append(&event);
	slipway_journal_close(repair->project, repair->migration);
	slipway_spi_end();
}

PG_FUNCTION_INFO_V1(slipway_accept_checksum);

Datum
slipway_accept_checksum(PG_FUNCTION_ARGS)
{
	Repair		repair = begin(fcinfo, "slipway.accept_checksum()");
	const SlipwayStep *step = require_member(&repair);

	if (!step->applied)
		refuse_healthy(step->name, "is not applied");
	if (memcmp(step->applied_hash, step->member->up, SLIPWAY_HASH_LEN) == 0)
		refuse_healthy(step->name, "has not changed since it was applied");
	record(&repair, "accept_checksum", step->member);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(slipway_mark_applied);

Datum
slipway_mark_applied(PG_FUNCTION_ARGS)
{
	Repair		repair = begin(fcinfo, "slipway.mark_applied()");
	const SlipwayStep *step = require_member(&repair);

	if (!slipway_step_pending(step))
		refuse_healthy(step->name, "is applied already");
	record(&repair, "mark_applied", step->member);
	PG_RETURN_VOID();
}

/* Did its last try fail? Its script may be gone. */
static bool
has_failed(const Repair *repair)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_LAST_TRY, 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	bool		failed;

	slipway_arg_text(&args, repair->project->name);
	slipway_arg_text(&args, repair->migration);
	slipway_spi_begin();
	failed = slipway_query(&query, &args, 1) > 0 && strcmp(slipway_row_text(0, 1), "succeeded") != 0;
	slipway_spi_end();
	return failed;
}

PG_FUNCTION_INFO_V1(slipway_forget_failed);

Datum
slipway_forget_failed(PG_FUNCTION_ARGS)
{
	Repair		repair = begin(fcinfo, "slipway.forget_failed()");
	bool		begun = slipway_journal_load(repair.project->name, repair.migration)->action != NULL;

	if (!begun && !has_failed(&repair))
		refuse_healthy(slipway_plan_require(repair.plan, repair.project->name, repair.migration)->name,
					   "has neither failed nor stopped part way");
	record(&repair, "forget_failed", NULL);
	PG_RETURN_VOID();
}
