/*
 * call.c
 *	  What CALL of each procedure that runs scripts has in common.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timeout.h"

#include "call.h"
#include "caller_cursor.h"
#include "caller_session.h"
#include "exec_alone.h"
#include "exec_rehearsal.h"
#include "exec_statement.h"
#include "guard.h"
#include "leftover.h"
#include "load_manifest.h"
#include "privilege.h"
#include "secret.h"
#include "transaction.h"
#include "variable.h"

/* What scripts have left is still there where its removal was what failed, or was cancelled. */
static void
put_session_back(void)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		slipway_leftover_afterwards();
		slipway_transaction_next();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		slipway_transaction_recover();
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("what the scripts have left in the session could not be removed: %s", error->message),
				 errhint("Use a new session.")));
	}
	PG_END_TRY();
}

/*
 * After an error anywhere in a run: a transaction that is sound, the run's row
 * ended if nobody did, the session put back, the locks given back.
 */
static void
clean_up(SlipwayRun *run)
{
	slipway_guard_off();
	slipway_exec_rehearsal_forget();
	slipway_transaction_recover();
	slipway_exec_alone_recover();
	slipway_lock_let_go(&run->lock);
	if (run->number > 0)
		slipway_run_fail(run, NULL);
	put_session_back();
	/* What was reported as applied is so, also where no failure was recorded. */
	slipway_transaction_flush();
	slipway_lock_release(&run->lock);
	slipway_leftover_forget();
	slipway_guard_end();
}

static SlipwayRun *
make_run(const char *action, const char *project, SlipwayOptions *options)
{
	SlipwayRun *run = palloc0(sizeof(SlipwayRun));

	run->context = CurrentMemoryContext;
	run->step_context = AllocSetContextCreate(run->context, "slipway step", ALLOCSET_DEFAULT_SIZES);
	run->statement_context = AllocSetContextCreate(run->context, "slipway statement",
												   SLIPWAY_STATEMENT_SIZES);
	run->action = action;
	run->options = options;
	slipway_privilege_require(SLIPWAY_DEPLOYER, project);
	run->project = slipway_project_load(project);
	slipway_project_offer_search_path(run->project, options->search_path);
	if (run->project->owner)
	{
		/* What was checked when it was registered may have changed since. */
		run->owner = get_role_oid(run->project->owner, false);
		slipway_project_check_owner(project, run->owner);
	}
	run->manifest = slipway_manifest_find(project, options->manifest);
	run->actor = slipway_actor_current(run->project->owner, options->client_version);
	run->cancel = slipway_cancel_rule_parse(options->cancel_blockers);
	slipway_lock_init(&run->lock, run->project);
	slipway_leftover_remember(run->context);
	slipway_caller_session_check(run);
	return run;
}

/* The arguments of the procedures: project and options. */
static SlipwayRun *
read_arguments(FunctionCallInfo fcinfo, const char *action)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("project and options of slipway.%s() must not be null", action)));
	return make_run(action, text_to_cstring(PG_GETARG_TEXT_PP(0)),
					slipway_options_parse(PG_GETARG_JSONB_P(1), action));
}

void
slipway_call(FunctionCallInfo fcinfo, const char *action, SlipwayCallBody body)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *call = debug_query_string;
	SlipwayRun *run;

	slipway_transaction_require_top_level(fcinfo, psprintf("slipway.%s()", action));
	/* Of the CALL as a whole; statements of scripts have their own. */
	disable_timeout(STATEMENT_TIMEOUT, false);
	/* Below the portal's context, which lasts as long as the CALL. */
	MemoryContextSwitchTo(AllocSetContextCreate(PortalContext, "slipway run", ALLOCSET_DEFAULT_SIZES));
	run = read_arguments(fcinfo, action);
	PG_TRY();
	{
		slipway_variables_take(run->options->variables, true, run->options->variables_key);
		body(run);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(run->context);
		error = CopyErrorData();
		FlushErrorState();
		slipway_secret_scrub(error, false);
		slipway_caller_cursor_give_back();
		clean_up(run);
		slipway_variables_end_call();
		ReThrowError(error);
	}
	PG_END_TRY();
	slipway_caller_cursor_give_back();
	slipway_leftover_forget();
	slipway_guard_end();
	slipway_variables_end_call();
	debug_query_string = call;
	pgstat_report_activity(STATE_RUNNING, call);
	MemoryContextSwitchTo(caller);
}
