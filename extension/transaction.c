/*
 * transaction.c
 *	  Ending one transaction and beginning the next inside a CALL.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "executor/spi.h"
#include "jit/jit.h"
#include "nodes/parsenodes.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "compat.h"
#include "replication.h"
#include "transaction.h"

void
slipway_transaction_require_top_level(FunctionCallInfo fcinfo, const char *name)
{
	bool		atomic = fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;

	if (!atomic && !SPI_inside_nonatomic_context())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s cannot run inside a transaction block", name),
			 errdetail("It commits each migration by itself."),
			 errhint("CALL it as a statement of its own: not after BEGIN, in a function, "
					 "a DO block, another procedure or a string of several statements, "
					 "and with autocommit on.")));
}

void
slipway_transaction_commit(void)
{
	MemoryContext caller = CurrentMemoryContext;

	HoldPinnedPortals();
	ForgetPortalSnapshots();
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

void
slipway_transaction_start(void)
{
	MemoryContext caller = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	/* For bookkeeping, whatever the default: it reads after it has locked. */
	XactIsoLevel = XACT_READ_COMMITTED;
	/* It would end the session in the middle of a deploy. */
	if (slipway_have_transaction_timeout())
		(void) set_config_option("transaction_timeout", "0", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	MemoryContextSwitchTo(caller);
}

void
slipway_transaction_next(void)
{
	slipway_transaction_commit();
	slipway_transaction_start();
}

void
slipway_transaction_recover(void)
{
	MemoryContext caller = CurrentMemoryContext;

	/* A timer of the statement that failed must not hit what follows. */
	disable_timeout(STATEMENT_TIMEOUT, false);
	jit_reset_after_error();
	AbortOutOfAnyTransaction();
	slipway_replication_let_go();

	/*
	 * The snapshot went with the transaction, but the portal of the CALL,
	 * being active, was left alone; the next commit would look for it.
	 */
	if (ActivePortal)
		ActivePortal->portalSnapshot = NULL;
	MemoryContextSwitchTo(caller);
	slipway_transaction_start();
}

void
slipway_transaction_begin_block(void)
{
	MemoryContext caller = CurrentMemoryContext;

	BeginTransactionBlock();
	CommitTransactionCommand();
	StartTransactionCommand();
	XactIsoLevel = DefaultXactIsoLevel;
	MemoryContextSwitchTo(caller);
}

void
slipway_transaction_commit_block(bool lazy)
{
	if (!EndTransactionBlock(false))
		elog(ERROR, "the transaction of a migration was aborted by its script");
	if (lazy)
		(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	slipway_transaction_commit();
}

void
slipway_transaction_flush(void)
{
	XLogFlush(XactLastCommitEnd);
}
