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

	slipway_step_require_member(step);
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

/* Writes the record; what it had come to so far does not count any more. Hashes are NULL where there is no script. */
static void
record(const Repair *repair, const char *action, const uint8 *script, const uint8 *manifest)
{
	SlipwayEvent event = slipway_decision_event(repair->project, repair->migration, action,
												repair->reason);

	event.script_hash = script;
	event.manifest_hash = manifest;
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

	if (step->undoing)
		slipway_step_check(step, true);
	if (!step->applied)
		refuse_healthy(step->name, "is not applied");
	if (memcmp(step->applied_hash, step->member->up, SLIPWAY_HASH_LEN) == 0)
		refuse_healthy(step->name, "has not changed since it was applied");
	record(&repair, "accept_checksum", step->member->up, repair.manifest->hash);
	PG_RETURN_VOID();
}

/*
 * What its rollback had taken away was put back by hand: it is applied as it was. Its script may be gone
 * from the manifest, or have changed.
 */
static void
mark_put_back(const Repair *repair, const SlipwayStep *step)
{
	static SlipwayQuery query = {"SELECT manifest_hash FROM slipway.history WHERE project = $1 AND entry = $2",
	2, {TEXTOID, INT8OID}};
	uint8		manifest[SLIPWAY_HASH_LEN];
	SlipwayArgs args = {0};
	bool		known;

	slipway_arg_text(&args, repair->project->name);
	slipway_arg_int8(&args, step->entry);
	slipway_spi_begin();
	known = slipway_query(&query, &args, 1) > 0 && slipway_row_hash(0, 1, manifest);
	slipway_spi_end();
	record(repair, "mark_applied", step->applied_hash, known ? manifest : NULL);
}

PG_FUNCTION_INFO_V1(slipway_mark_applied);

Datum
slipway_mark_applied(PG_FUNCTION_ARGS)
{
	Repair		repair = begin(fcinfo, "slipway.mark_applied()");
	const SlipwayStep *step = slipway_plan_require(repair.plan, repair.project->name, repair.migration);

	if (step->undoing && step->applied)
	{
		mark_put_back(&repair, step);
		PG_RETURN_VOID();
	}
	step = require_member(&repair);
	if (!slipway_step_pending(step))
		refuse_healthy(step->name, "is applied already");
	record(&repair, "mark_applied", step->member->up, repair.manifest->hash);
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

/* Forgotten, it would count as applied, which it is not, and as little as not applied. */
static void
refuse_undoing(const Repair *repair)
{
	ereport(ERROR,
			(errcode(SLIPWAY_PART_WAY),
			 errmsg("the rollback of migration \"%s\" has stopped part way", repair->migration),
			 errdetail("What it has committed cannot be forgotten."),
			 errhint("Finish it with rollback; or put back by hand what is gone, and say so with slipway.mark_applied().")));
}

PG_FUNCTION_INFO_V1(slipway_forget_failed);

Datum
slipway_forget_failed(PG_FUNCTION_ARGS)
{
	Repair		repair = begin(fcinfo, "slipway.forget_failed()");
	SlipwayJournal *journal = slipway_journal_load(repair.project->name, repair.migration);

	if (slipway_journal_is_undoing(journal))
		refuse_undoing(&repair);
	if (journal->action == NULL && !has_failed(&repair))
		refuse_healthy(slipway_plan_require(repair.plan, repair.project->name, repair.migration)->name,
					   "has neither failed nor stopped part way");
	record(&repair, "forget_failed", NULL, NULL);
	PG_RETURN_VOID();
}
