/*
 * exec_statement.c
 *	  Runs one statement as if a client had sent it.
 *
 * This follows exec_simple_query() of the server step by step; what differs is
 * that nothing is sent to the client and that the transaction is ours.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/portalcmds.h"
#include "miscadmin.h"
#include "parser/analyze.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/ps_status.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "compat.h"
#include "copy_inline.h"
#include "exec_statement.h"
#include "lock_wait.h"
#include "lock_watch.h"
#include "own_catalog.h"
#include "secret.h"
#include "time_limit.h"
#include "utility.h"

static bool
wants_logging(const RawStmt *raw)
{
	return log_statement == LOGSTMT_ALL ||
		(log_statement != LOGSTMT_NONE && GetCommandLogLevel((Node *) raw) <= log_statement);
}

/* Tells log, activity view and timers that a new statement begins. */
static bool
announce(const char *text, const RawStmt *raw)
{
	bool		logged = wants_logging(raw);

	debug_query_string = text;
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, text);
	pgstat_report_query_id(0, true);
	set_ps_display(GetCommandTagName(CreateCommandTag(raw->stmt)));
	if (logged)
		ereport(LOG, (errmsg("statement: %s", text), errhidestmt(true), errhidecontext(true)));
	return logged;
}

/* The script may have changed statement_timeout: it is read each time. */
static void
arm_timeout(void)
{
	if (StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	else
		disable_timeout(STATEMENT_TIMEOUT, false);
}

static void
report_duration(const char *text, bool was_logged)
{
	char		msec[32];

	switch (check_log_duration(msec, was_logged))
	{
		case 1:
			ereport(LOG, (errmsg("duration: %s ms", msec), errhidestmt(true), errhidecontext(true)));
			break;
		case 2:
			ereport(LOG, (errmsg("duration: %s ms  statement: %s", msec, text),
						  errhidestmt(true), errhidecontext(true)));
			break;
	}
}

static List *
plan_statement(RawStmt *raw, const char *text)
{
	bool		snapshot_set = analyze_requires_snapshot(raw);
	List	   *plans;

	if (snapshot_set)
		PushActiveSnapshot(GetTransactionSnapshot());
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw, text, NULL, 0, NULL),
							text, CURSOR_OPT_PARALLEL_OK, NULL);
	if (snapshot_set)
		PopActiveSnapshot();
	return plans;
}

static void
run_plans(List *plans, const RawStmt *raw, const char *text, MemoryContext transaction_context,
		  QueryCompletion *qc)
{
	Portal		portal = CreateNewPortal();

	portal->visible = false;
	PortalDefineQuery(portal, NULL, text, CreateCommandTag(raw->stmt), plans, NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	MemoryContextSwitchTo(transaction_context);
	(void) slipway_portal_run(portal, slipway_utility_top_level(), None_Receiver, qc);
	PortalDrop(portal, false);
}

static bool
has_secret(const SlipwayPlace *place, const SlipwayStatement *statement)
{
	return place->expansion &&
		slipway_expansion_has_secret(place->expansion, statement->location, statement->length);
}

char *
slipway_exec_statement_text(const SlipwayPlace *place, const SlipwayStatement *statement)
{
	char	   *text = slipway_statement_text(place->script, statement);

	if (has_secret(place, statement))
		slipway_expansion_mask(place->expansion, statement->location, statement->length, text);
	return text;
}

/* The tree from when the script was checked, if it is still what it would be. */
static RawStmt *
take_tree(SlipwayPlace *place, SlipwayStatement *statement, const char *text)
{
	RawStmt    *tree = statement->tree;

	statement->tree = NULL;
	if (tree && statement->lexer == slipway_lexer_settings())
		return tree;
	place->text = NULL;
	if (!has_secret(place, statement))
	{
		place->text = text;
		return slipway_statement_parse(text);
	}
	return slipway_statement_parse(slipway_statement_text(place->script, statement));
}

void
slipway_exec_statement(SlipwayPlace *place, SlipwayStatement *statement, MemoryContext context,
					   QueryCompletion *qc)
{
	MemoryContext caller = CurrentMemoryContext;
	RawStmt    *raw;
	bool		logged;
	char	   *text;

	/* It points to the text of the statement before, which goes now. */
	debug_query_string = NULL;
	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
	place->statement = *statement;
	place->in_statement = true;
	text = slipway_exec_statement_text(place, statement);
	debug_query_string = text;
	raw = take_tree(place, statement, text);
	place->text = text;
	slipway_copy_inline_prepare(place->script, statement, raw);
	logged = announce(text, raw);
	CHECK_FOR_INTERRUPTS();
	slipway_lock_watch_forget();
	slipway_time_limit_apply();
	slipway_lock_wait_before();
	slipway_secret_before();
	arm_timeout();
	run_plans(plan_statement(raw, text), raw, text, caller, qc);
	CommandCounterIncrement();
	slipway_own_catalog_check();
	disable_timeout(STATEMENT_TIMEOUT, false);
	slipway_lock_wait_after(place);
	MemoryContextSwitchTo(caller);
	report_duration(text, logged);
}
