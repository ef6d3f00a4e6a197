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
#include "variable.h"

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

/* Told by a setting that the extension defines when it is loaded. Before, anybody may set a placeholder of that name. */
static bool
is_loaded(const char *setting)
{
	return GetConfigOption(setting, true, false) != NULL &&
		(GetConfigOptionFlags(setting, true) & GUC_CUSTOM_PLACEHOLDER) == 0;
}

bool
slipway_utility_top_level(void)
{
	return !is_loaded("pgaudit.log");
}

/* What the hook is given, and what it hands on. */
typedef struct Utility
{
	ProcessUtility_hook_type next;
	PlannedStmt *pstmt;
	const char *text;
	bool		read_only;
	ProcessUtilityContext context;
	ParamListInfo params;
	QueryEnvironment *env;
	DestReceiver *dest;
	QueryCompletion *qc;
} Utility;

static void
run(const Utility *utility)
{
	utility->next(utility->pstmt, utility->text, utility->read_only, utility->context, utility->params,
				  utility->env, utility->dest, utility->qc);
}

static void
run_copy(const Utility *utility)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		run(utility);
	}
	PG_CATCH();
	{
		slipway_copy_inline_fail(caller);
	}
	PG_END_TRY();
	slipway_copy_inline_end();
}

/* Of a function that a maintaining command calls, or one itself. */
static void
run_maintained(const Utility *utility, bool before)
{
	PG_TRY();
	{
		run(utility);
	}
	PG_CATCH();
	{
		slipway_guard_maintained(before);
		PG_RE_THROW();
	}
	PG_END_TRY();
	slipway_guard_maintained(before);
}

static void
run_guarded(Utility *utility)
{
	const Node *command = utility->pstmt->utilityStmt;
	bool		maintaining = slipway_guard_maintaining();
	bool		copying;
	bool		timed;

	/* Of what a function or DO runs, which statistics keep. */
	utility->text = slipway_secret_hide(utility->text, SLIPWAY_MASK_BYTES);
	slipway_refuse_reset(command);
	slipway_guard_utility(command);
	slipway_leftover_note(command);
	timed = slipway_lock_hold_command(command);
	slipway_side_effect_command(command);
	copying = slipway_copy_inline_begin(command);
	if (slipway_guard_maintain(command) || maintaining)
		run_maintained(utility, maintaining);
	else if (copying)
		run_copy(utility);
	else
		run(utility);
	if (timed)
		slipway_lock_hold_command_end();
	/* At top level it is warned of, and applied before the next statement. */
	if (slipway_guard_active() && utility->context != PROCESS_UTILITY_TOPLEVEL && IsA(command, VariableSetStmt))
		slipway_time_limit_apply();
}

static void
process_utility(PlannedStmt *pstmt, const char *queryString, bool readOnlyTree,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *queryEnv, DestReceiver *dest, QueryCompletion *qc)
{
	Utility		utility = {
		next_utility ? next_utility : standard_ProcessUtility, pstmt, queryString, readOnlyTree, context, params,
		queryEnv, dest, qc
	};

	if (slipway_guard_active())
		run_guarded(&utility);
	else
	{
		const Node *command = pstmt->utilityStmt;
		bool		discards = IsA(command, DiscardStmt) && ((const DiscardStmt *) command)->target == DISCARD_ALL;

		if (context == PROCESS_UTILITY_TOPLEVEL && is_our_call(command) &&
			is_loaded("pg_stat_statements.track") && slipway_utility_top_level())
			utility.next = standard_ProcessUtility;
		run(&utility);
		/* The session is somebody else's from now on. */
		if (discards)
			slipway_variables_withdraw();
	}
}

void
slipway_utility_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
}
