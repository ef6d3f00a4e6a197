/*
 * utility.c
 *	  How utility statements pass this extension's hook.
 *
 * Statements of a script shall look to other extensions as if a client had
 * sent them, but all of them run inside one CALL. pg_stat_statements counts
 * what it sees inside a utility statement as nested, and does not track it by
 * default; pgaudit raises "stack is not empty" at a top-level utility
 * statement inside another. So the CALL of our own procedure goes past their
 * hooks, straight to the server, and what the scripts do goes through them.
 *
 * That needs this hook to be in place when the CALL arrives. In a session whose
 * first use of the extension is the CALL itself, the library is loaded too late
 * for that; then pgaudit is told that the script's statements are not at top
 * level, which it accepts, and pg_stat_statements sees them as nested.
 * session_preload_libraries = 'pg_slipway' or a SELECT slipway.version() before
 * makes the difference; the client calls that anyway.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/guc.h"

#include "guard.h"
#include "leftover.h"
#include "utility.h"

static ProcessUtility_hook_type next_utility = NULL;

/* Is the CALL that runs now known to nobody but us? */
static bool call_hidden = false;

static bool
is_our_call(const Node *command)
{
	return IsA(command, CallStmt) &&
		getExtensionOfObject(ProcedureRelationId, ((const CallStmt *) command)->funcexpr->funcid) ==
		get_extension_oid("pg_slipway", true);
}

static bool
have_pgaudit(void)
{
	return GetConfigOption("pgaudit.log", true, false) != NULL;
}

/* Our CALL: not to be seen by the hooks that were there before ours. */
static void
run_hidden(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
		   ProcessUtilityContext context, ParamListInfo params,
		   QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	call_hidden = true;
	PG_TRY();
	{
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params,
								queryEnv, dest, qc);
	}
	PG_FINALLY();
	{
		call_hidden = false;
	}
	PG_END_TRY();
}

static void
process_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	if (slipway_guard_active())
	{
		slipway_guard_utility(pstmt->utilityStmt);
		slipway_leftover_note(pstmt->utilityStmt);
		if (context == PROCESS_UTILITY_TOPLEVEL && !call_hidden && have_pgaudit())
			context = PROCESS_UTILITY_QUERY;
	}
	else if (next_utility && context == PROCESS_UTILITY_TOPLEVEL && is_our_call(pstmt->utilityStmt))
	{
		run_hidden(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
		return;
	}
	if (next_utility)
		next_utility(pstmt, queryString, readOnlyTree, context, params, queryEnv, dest, qc);
	else
		standard_ProcessUtility(pstmt, queryString, readOnlyTree, context, params,
								queryEnv, dest, qc);
}

void
slipway_utility_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
