/*
 * caller_cursor.c
 *	  Cursors that the session of a caller holds, which are not for scripts.
 *
 * A run begins outside of a transaction block, so that all of them are held ones, which only read what they
 * have stored. PL/pgSQL and cursor_to_xml() reach a cursor without any command that a hook could see. So they are
 * marked as the server marks those that are not ready, and that somebody
 * needs: its own code refuses to run, or to drop, them. Marked as held automatically they do not mind commits.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/execnodes.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/portal.h"
#include "utils/tuplestore.h"

#include "caller_cursor.h"

/* Names of those that were taken. */
static List *taken = NIL;

/* What pg_cursor() returns, called without the detour of a query. */
static ReturnSetInfo *
call_pg_cursor(ReturnSetInfo *set)
{
	LOCAL_FCINFO(call, 0);
	FmgrInfo	function;

	fmgr_info(F_PG_CURSOR, &function);
	InitFunctionCallInfoData(*call, &function, 0, InvalidOid, NULL, (Node *) set);
	(void) FunctionCallInvoke(call);
	return set;
}

static bool
is_held(Portal portal)
{
	return PortalIsValid(portal) && portal->holdStore && portal->createSubid == InvalidSubTransactionId &&
		portal->status == PORTAL_READY && !portal->portalPinned;
}

static void
take(const char *name)
{
	Portal		portal = GetPortalByName(name);

	if (!is_held(portal))
		return;
	portal->status = PORTAL_DEFINED;
	portal->portalPinned = portal->autoHeld = true;
	taken = lappend(taken, pstrdup(name));
}

void
slipway_caller_cursor_take(MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	ReturnSetInfo set = {
		.type = T_ReturnSetInfo, .allowedModes = SFRM_Materialize, .econtext = CreateStandaloneExprContext()
	};
	TupleTableSlot *slot;

	(void) call_pg_cursor(&set);
	slot = MakeSingleTupleTableSlot(set.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(set.setResult, true, false, slot))
	{
		bool		isnull;

		take(TextDatumGetCString(slot_getattr(slot, 1, &isnull)));
	}
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(set.setResult);
	FreeExprContext(set.econtext, true);
	MemoryContextSwitchTo(caller);
}

bool
slipway_caller_cursor_any(void)
{
	return taken != NIL;
}

void
slipway_caller_cursor_give_back(void)
{
	ListCell   *cell;

	foreach(cell, taken)
	{
		Portal		portal = GetPortalByName(lfirst(cell));

		portal->portalPinned = portal->autoHeld = false;
		portal->status = PORTAL_READY;
	}
	taken = NIL;
}
