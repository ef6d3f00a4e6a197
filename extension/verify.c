/*
 * verify.c
 *	  CALL slipway.verify(): do the verify scripts of what is applied succeed?
 *
 * Each runs in a transaction of its own, and all of them run, whatever fails. Nothing is
 * written, so there is no run, no lock and no entry in the history: it can be asked at any time,
 * on a standby too.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "approval.h"
#include "call.h"
#include "caller_cursor.h"
#include "error_code.h"
#include "exec_block.h"
#include "exec_verify.h"
#include "guard.h"
#include "leftover.h"
#include "load_manifest.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "message.h"
#include "query.h"
#include "result.h"
#include "settings.h"
#include "spi.h"
#include "transaction.h"

/* As the server raises it when somebody cancels; that of statement_timeout has another text. */
#define CANCELLED "canceling statement due to user request"

/* What is to be verified. */
typedef struct Check
{
	const char *migration;
	int64		entry;			/* of the history, that says it is applied */
	bool		has_script;
	uint8		script[SLIPWAY_HASH_LEN];
} Check;

/* Fills in the scripts of the manifests with which the migrations were applied. */
static void
read_applied_scripts(Check *checks, int n, const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_VERIFY_SCRIPTS, 2, {TEXTOID, INT8ARRAYOID}};
	Datum	   *entries = palloc(Max(n, 1) * sizeof(Datum));
	SlipwayArgs args = {0};

	for (int i = 0; i < n; i++)
		entries[i] = Int64GetDatum(checks[i].entry);
	slipway_arg_text(&args, project);
	slipway_arg_datum(&args, PointerGetDatum(construct_array(entries, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
															 TYPALIGN_DOUBLE)), false);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 0);
	for (int i = 0; i < n; i++)
		checks[i].has_script = slipway_row_hash(i, 1, checks[i].script);
	slipway_spi_end();
}

static bool
wants_newest(const SlipwayOptions *options)
{
	return options->verify_scripts && strcmp(options->verify_scripts, "newest") == 0;
}

/* All that are applied, with their scripts. */
static int
list_applied(SlipwayRun *run, const SlipwayPlan *plan, Check *checks)
{
	int			n = 0;

	for (int i = 0; i < plan->n; i++)
	{
		const SlipwayStep *step = &plan->steps[i];
		Check		check = {.migration = step->name, .entry = step->entry};

		if (!step->applied || step->undoing)
			continue;
		check.has_script = step->member && step->member->has_verify;
		if (check.has_script)
			memcpy(check.script, step->member->verify, SLIPWAY_HASH_LEN);
		checks[n++] = check;
	}
	if (!wants_newest(run->options))
		read_applied_scripts(checks, n, run->project->name);
	return n;
}

/* The one that option "migration" names, which must be there to be verified. */
static const Check *
find_wanted(SlipwayRun *run, const SlipwayPlan *plan, const Check *checks, int n)
{
	const char *name = run->options->migration;
	const SlipwayStep *step = slipway_plan_require(plan, run->project->name, name);

	if (step->undoing)
		slipway_step_check(step, true);
	for (int i = 0; i < n; i++)
		if (strcmp(checks[i].migration, name) == 0 && checks[i].has_script)
			return &checks[i];
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 step->applied ? errmsg("migration \"%s\" has no verify script", name) :
			 errmsg("migration \"%s\" is not applied", name),
			 step->applied && !wants_newest(run->options) ?
			 errhint("It had none when it was applied; option verify_scripts takes those of the newest manifest.") : 0));
}

/* What is to be verified, in the order in which it was to be applied. */
static Check *
list_checks(SlipwayRun *run, int *n)
{
	SlipwayPlan *plan;
	Check	   *checks;
	int			all;

	slipway_manifest_read(run->manifest, run->project->name, SLIPWAY_PART_WHOLE);
	plan = slipway_plan_make(run->project->name, run->manifest);
	checks = palloc(Max(plan->n, 1) * sizeof(Check));
	all = list_applied(run, plan, checks);
	*n = 0;
	if (run->options->migration)
	{
		checks[0] = *find_wanted(run, plan, checks, all);
		*n = 1;
		return checks;
	}
	for (int i = 0; i < all; i++)
		if (checks[i].has_script)
			checks[(*n)++] = checks[i];
	return checks;
}

/* Runs a script; its error is part of the result. Comes back in a fresh transaction. */
static SlipwayResult
try_script(SlipwayRun *run, const Check *check)
{
	volatile SlipwayResult result = {.started_at = GetCurrentTimestamp()};
	SlipwayPlace nowhere = {0};

	MemoryContextReset(run->step_context);
	MemoryContextSwitchTo(run->step_context);
	slipway_transaction_next();
	PG_TRY();
	{
		slipway_exec_block_begin();
		slipway_settings_show(run->project->name, 0, check->migration);
		slipway_exec_verify(run, check->migration, check->script);
	}
	PG_CATCH();
	{
		slipway_result_catch((SlipwayResult *) &result, run, &nowhere);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(run->context);
	slipway_settings_hide();
	slipway_guard_off();
	slipway_transaction_recover();
	slipway_leftover_afterwards();
	/* Advisory locks of the session outlive a rollback. */
	slipway_lock_release(&run->lock);
	if (result.error)
		slipway_lock_watch_explain(result.error);
	return result;
}

static void
report(const Check *check, const SlipwayResult *result)
{
	const ErrorData *error = result->error;
	double		ms = (GetCurrentTimestamp() - result->started_at) / 1000.0;
	StringInfoData json;

	slipway_event_begin(&json, "verify");
	slipway_event_text(&json, "migration", check->migration);
	slipway_event_text(&json, "outcome", error ? "failed" : "succeeded");
	slipway_event_text(&json, "script_hash", slipway_hash_hex(check->script));
	slipway_event_ms(&json, "duration_ms", ms);
	if (error == NULL)
	{
		slipway_event_send(&json, "%s: verified in %.1f ms", check->migration, ms);
		return;
	}
	slipway_event_text(&json, "sqlstate", unpack_sql_state(error->sqlerrcode));
	slipway_event_text(&json, "message", error->message);
	slipway_event_text(&json, "detail", error->detail);
	slipway_event_text(&json, "hint", error->hint);
	if (result->position.line > 0)
		slipway_event_int(&json, "line", result->position.line);
	if (result->position.column > 0)
		slipway_event_int(&json, "column", result->position.column);
	slipway_event_send(&json, "%s: %s", check->migration, error->message);
}

static void
add_failure(StringInfo list, const Check *check, const SlipwayResult *result)
{
	appendStringInfo(list, "%s%s", list->len > 0 ? "\n" : "", check->migration);
	if (result->position.line > 0)
		appendStringInfo(list, ", line %d", result->position.line);
	appendStringInfo(list, ": %s", result->error->message);
}

static void
report_end(const SlipwayRun *run, int n)
{
	StringInfoData json;

	slipway_event_begin(&json, "verified");
	slipway_event_text(&json, "project", run->project->name);
	slipway_event_int(&json, "migrations", n);
	slipway_event_send(&json, "project \"%s\": %d verified", run->project->name, n);
}

/* Whoever asks has the rights of the project's owner role for it. */
static void
check_approvals(SlipwayRun *run, const Check *checks, int n)
{
	List	   *approvals = NIL;

	slipway_approval_begin(run);
	for (int i = 0; i < n && run->approval; i++)
		approvals = slipway_approval_add(approvals, checks[i].migration, SLIPWAY_PART_VERIFY, checks[i].script, NULL);
	slipway_approval_check(run, approvals);
}

static void
verify(SlipwayRun *run)
{
	int			n;
	Check	   *checks = list_checks(run, &n);
	StringInfoData failures;
	int			failed = 0;

	check_approvals(run, checks, n);
	slipway_lock_watch_begin(run->context);
	slipway_lock_wait_begin();
	slipway_caller_cursor_take(run->context);
	initStringInfo(&failures);
	for (int i = 0; i < n; i++)
	{
		SlipwayResult result = try_script(run, &checks[i]);

		if (result.error && result.error->message_id && strcmp(result.error->message_id, CANCELLED) == 0)
			ReThrowError(result.error);
		report(&checks[i], &result);
		if (result.error == NULL)
			continue;
		failed++;
		add_failure(&failures, &checks[i], &result);
	}
	if (failed > 0)
		ereport(ERROR,
				(errcode(SLIPWAY_VERIFY_FAILED),
				 errmsg("verification failed for %d of %d migrations", failed, n),
				 errdetail("%s", failures.data)));
	report_end(run, n);
}

PG_FUNCTION_INFO_V1(slipway_verify);

Datum
slipway_verify(PG_FUNCTION_ARGS)
{
	slipway_call(fcinfo, "verify", verify);
	return (Datum) 0;
}
