/*
 * utility.c
 *	  How utility statements pass this extension's hook.
 *
 * Statements of a script shall look to other extensions as if a client had
 * sent them, but all of them run inside one CALL, and two extensions mind.
 *
 * pgaudit raises "stack is not empty" at a top-level utility statement inside
 * another. Where it is loaded, the script's statements are run as not being at
 * top level; it logs them, and the CALL, in full.
 *
 * pg_stat_statements takes what runs inside a utility statement for nested,
 * which it does not track by default. Where it is loaded, and pgaudit is not,
 * the CALL of our own procedure goes past the other hooks straight to the
 * server, and the statements of the scripts go through them, at top level. An
 * audit trail without the CALL would be worse than statistics without the
 * statements; so with both, pg_stat_statements.track = all is needed.
 *
 * The second needs this hook to be in place when the CALL arrives. A session
 * whose first use of the extension is the CALL itself loads the library too
 * late for that: session_preload_libraries = 'pg_slipway' helps, or a SELECT
 * slipway.version() before, which the client sends anyway.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/guc.h"

#include "copy_inline.h"
#include "guard.h"
#include "leftover.h"
#include "lock_hold.h"
#include "refuse.h"
#include "secret.h"
#include "side_effect.h"
#include "time_limit.h"
#include "utility.h"

static ProcessUtility_hook_type next_utility = NULL;

static bool
is_our_call(const Node *command)
{
	Oid			ours;

	if (!IsA(command, CallStmt))
		return false;
	ours = get_extension_oid("pg_slipway", true);
	return OidIsValid(ours) &&
		getExtensionOfObject(ProcedureRelationId, ((const CallStmt *) command)->funcexpr->funcid) == ours;
}

/* Told by a setting that the extension defines when it is loaded. */
static bool
is_loaded(const char *setting)
{
	return GetConfigOption(setting, true, false) != NULL;
}

bool
slipway_utility_top_level(void)
{
	return !is_loaded("pgaudit.log");
}

static void
run_copy(ProcessUtility_hook_type next, PlannedStmt *pstmt, const char *queryString,
		 bool readOnlyTree, ProcessUtilityContext context, ParamListInfo params,
		 QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	}
	PG_CATCH();
	{
		slipway_copy_inline_fail(caller);
	}
	PG_END_TRY();
	slipway_copy_inline_end();
}

static void
process_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	ProcessUtility_hook_type next = next_utility ? next_utility : standard_ProcessUtility;
	bool		copying = false;
	bool		maintaining = false;
	bool		timed = false;

	if (slipway_guard_active())
	{
		/* Of what a function or DO runs, which statistics keep. */
		queryString = slipway_secret_hide(queryString, SLIPWAY_MASK_BYTES);
		slipway_refuse_reset(pstmt->utilityStmt);
		slipway_guard_utility(pstmt->utilityStmt);
		slipway_leftover_note(pstmt->utilityStmt);
		timed = slipway_lock_hold_command(pstmt->utilityStmt);
		slipway_side_effect_command(pstmt->utilityStmt);
		maintaining = slipway_guard_maintain(pstmt->utilityStmt);
		copying = slipway_copy_inline_begin(pstmt->utilityStmt);
	}
	else if (context == PROCESS_UTILITY_TOPLEVEL && is_our_call(pstmt->utilityStmt) &&
			 is_loaded("pg_stat_statements.track") && slipway_utility_top_level())
		next = standard_ProcessUtility;
	if (copying)
		run_copy(next, pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		next(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	if (maintaining)
		slipway_guard_maintained();
	if (timed)
		slipway_lock_hold_command_end();
	/* At top level it is warned of, and applied before the next statement. */
	if (slipway_guard_active() && context != PROCESS_UTILITY_TOPLEVEL && IsA(pstmt->utilityStmt, VariableSetStmt))
		slipway_time_limit_apply();
}

void
slipway_utility_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
