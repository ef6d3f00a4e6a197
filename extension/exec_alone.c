/*
 * exec_alone.c
 *	  Runs a statement that refuses a transaction block.
 *
 * It commits by itself, perhaps more than once, so that nothing of what
 * protects a block can span it: a nest level of settings ends with the first
 * commit, and so would a security context, which the server allows inside a
 * transaction only. So the settings are those of the session, which are remembered and put
 * back, and an owner role, or that of run-as, is the current user without a context, as after
 * SET ROLE.
 *
 * From there RESET ROLE leads to the session's role. Commands that only the server's code
 * carries out do not offer an occasion for it. DO and CALL do: those that commit by
 * themselves are refused in projects with an owner role, unless it is the session's. Functions that
 * such a command calls on its way, as the check of a domain in a literal, are another: the settings behind those commands
 * cannot be changed meanwhile, in workers of parallel queries neither.
 *
 * lock_timeout would end the wait of a concurrent build for old snapshots, and leave
 * an INVALID index: unless the script sets one, there is none for such statements.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "error_code.h"
#include "exec_alone.h"
#include "exec_statement.h"
#include "fixed_role.h"
#include "guard.h"
#include "refuse.h"
#include "secret.h"
#include "settings.h"
#include "settle.h"
#include "transaction.h"

/* What is to be put back; NULL: nothing. */
static struct
{
	SlipwayRemembered *before;
	SlipwayRemembered *begun;		/* with what it began */
	Oid			user;
	int			sec_context;
}			outer;

bool
slipway_exec_alone_is_allowed(const SlipwayRun *run, const Node *stmt)
{
	return !OidIsValid(run->owner) || GetSessionUserId() == run->owner ||
		!(IsA(stmt, DoStmt) || IsA(stmt, CallStmt));
}

static void
check_role(const SlipwayRun *run, const Node *stmt)
{
	if (!slipway_exec_alone_is_allowed(run, stmt))
		ereport(ERROR,
				(errcode(SLIPWAY_REFUSED_STATEMENT),
				 errmsg("DO and CALL cannot commit by themselves in a project with an owner role"),
				 errdetail("RESET ROLE in them would lead to the role of the session."),
				 errhint("Take the COMMIT out, or deploy as the owner role itself.")));
}

void
slipway_exec_alone_enter(SlipwayRun *run, const SlipwayCarried *carried, const Node *stmt)
{
	const SlipwayTerms *terms = &run->terms;
	MemoryContext caller;

	check_role(run, stmt);
	caller = MemoryContextSwitchTo(run->step_context);
	GetUserIdAndSecContext(&outer.user, &outer.sec_context);
	outer.before = slipway_carried_remember();
	slipway_settings_set(run->project,
						 slipway_refuse_waits_long(stmt) && !terms->own_lock_timeout ? 0 : terms->lock_timeout,
						 terms->statement_timeout);
	slipway_carried_set(carried, terms->role);
	outer.begun = slipway_carried_remember();
	MemoryContextSwitchTo(caller);
}

/* What the script's role does not see is not there for the statement either. */
char *
slipway_exec_alone_facts(const SlipwayRun *run, const Node *stmt)
{
	Oid			user;
	int			sec_context;
	char	   *facts;

	GetUserIdAndSecContext(&user, &sec_context);
	if (OidIsValid(run->terms.role))
		SetUserIdAndSecContext(run->terms.role, sec_context | SECURITY_LOCAL_USERID_CHANGE);
	facts = slipway_settle_facts(stmt);
	SetUserIdAndSecContext(user, sec_context);
	return facts;
}

/* The session is as it was; takes effect with the next commit. */
static void
leave(void)
{
	SlipwayRemembered *before = outer.before;

	outer.before = NULL;
	slipway_fixed_role(false);
	slipway_guard_off();
	SetUserIdAndSecContext(outer.user, outer.sec_context);
	slipway_carried_restore(before);
}

void
slipway_exec_alone(SlipwayRun *run, SlipwayPlace *place, SlipwayStatement *statement,
				   SlipwayCarried *carried)
{
	QueryCompletion qc;

	if (OidIsValid(run->terms.role))
		SetUserIdAndSecContext(run->terms.role, 0);
	slipway_fixed_role(OidIsValid(run->terms.role));
	slipway_guard_on();
	slipway_exec_statement(place, statement, run->statement_context, &qc);
	/* What DO has done since its last COMMIT ends with this one. */
	slipway_transaction_next();
	place->in_statement = false;
	slipway_carried_add(carried, outer.begun);
	leave();
	slipway_transaction_next();
}

void
slipway_exec_alone_recover(void)
{
	if (outer.before == NULL)
		return;
	leave();
	slipway_transaction_next();
}

RawStmt *
slipway_exec_alone_tree(const char *script, const SlipwayStatement *statement)
{
	RawStmt    *volatile tree = NULL;
	int			nest;

	if (statement->tree)
		return copyObject(statement->tree);
	nest = slipway_secret_begin();
	PG_TRY();
	{
		tree = slipway_statement_parse(slipway_statement_text(script, statement));
	}
	PG_FINALLY();
	{
		slipway_secret_end(nest);
	}
	PG_END_TRY();
	return tree;
}
