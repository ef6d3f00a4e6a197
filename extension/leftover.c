/*
 * leftover.c
 *	  What a script leaves in the session, and its removal.
 *
 * The server has no list of prepared statements, cursors or channels that an
 * extension could compare before and after, so the hook of utility.c tells us
 * of the commands while a script runs, from whatever depth the command comes. What
 * has been noted and is still there at the end is removed. DISCARD would take
 * what the caller's driver had prepared as well.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "caller_cursor.h"
#include "error_code.h"
#include "guard.h"
#include "leftover.h"
#include "query.h"
#include "replication.h"
#include "spi.h"
#include "transaction.h"

static struct
{
	MemoryContext context;		/* of the run; NULL: none */
	List	   *temporary;		/* ObjectAddress of what was there before */
	List	   *channels;		/* listened to before */
	List	   *statements;		/* prepared by the script, in the unit that runs */
	List	   *kept;			/* and in those before it */
	List	   *cursors;		/* declared by it */
	List	   *listened;
}			session;

static List *
note(List *names, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(session.context);

	names = lappend(names, pstrdup(name));
	MemoryContextSwitchTo(old);
	return names;
}

static bool
contains(List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static void
refuse_taking(const char *what, const char *name)
{
	ereport(ERROR,
			(errcode(SLIPWAY_REFUSED_STATEMENT),
			 errmsg("%s \"%s\" is not allowed in a migration", what, name),
			 errdetail("It is the caller's.")));
}

/* What the caller has could not be put back. */
static void
refuse_callers(const Node *command)
{
	if (IsA(command, DeallocateStmt))
	{
		const char *name = ((const DeallocateStmt *) command)->name;

		if (name && FetchPreparedStatement(name, false) && !contains(session.statements, name) &&
			!contains(session.kept, name))
			refuse_taking("DEALLOCATE", name);
	}
	else if (IsA(command, ClosePortalStmt))
	{
		if (((const ClosePortalStmt *) command)->portalname == NULL && slipway_caller_cursor_any())
			ereport(ERROR,
					(errcode(SLIPWAY_REFUSED_STATEMENT),
					 errmsg("CLOSE ALL is not allowed in a migration while the caller holds cursors")));
	}
	else if (IsA(command, UnlistenStmt))
	{
		const char *name = ((const UnlistenStmt *) command)->conditionname;

		if (name && contains(session.channels, name))
			refuse_taking("UNLISTEN", name);
	}
}

void
slipway_leftover_note(const Node *command)
{
	if (session.context == NULL)
		return;
	refuse_callers(command);
	if (IsA(command, PrepareStmt))
	{
		const char *name = ((const PrepareStmt *) command)->name;

		/* A name that exists already makes the command fail: not the script's. */
		if (FetchPreparedStatement(name, false) == NULL)
			session.statements = note(session.statements, name);
	}
	else if (IsA(command, DeclareCursorStmt))
	{
		const char *name = ((const DeclareCursorStmt *) command)->portalname;

		if (!PortalIsValid(GetPortalByName(name)))
			session.cursors = note(session.cursors, name);
	}
	else if (IsA(command, ListenStmt) && !contains(session.listened, ((const ListenStmt *) command)->conditionname))
		session.listened = note(session.listened, ((const ListenStmt *) command)->conditionname);
}

/* Objects in this session's temporary schema, as ObjectAddress. */
static List *
list_temporary(void)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_TEMPORARY_OBJECTS, 1, {OIDOID}};
	MemoryContext caller = CurrentMemoryContext;
	Oid			schema = LookupExplicitNamespace("pg_temp", true);
	List	   *objects = NIL;
	SlipwayArgs args = {0};
	uint64		rows;

	if (!OidIsValid(schema))
		return NIL;
	slipway_arg_datum(&args, ObjectIdGetDatum(schema), false);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;
		MemoryContext spi = MemoryContextSwitchTo(caller);
		ObjectAddress *object = palloc(sizeof(ObjectAddress));

		ObjectAddressSet(*object, DatumGetObjectId(slipway_row_datum(i, 1, &isnull)),
						 DatumGetObjectId(slipway_row_datum(i, 2, &isnull)));
		objects = lappend(objects, object);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return objects;
}

/* What pg_listening_channels() returns, called without the detour of a query. */
static List *
list_channels(void)
{
	LOCAL_FCINFO(call, 0);
	FmgrInfo	function;
	ReturnSetInfo set = {.type = T_ReturnSetInfo, .allowedModes = SFRM_ValuePerCall};
	List	   *channels = NIL;

	fmgr_info(F_PG_LISTENING_CHANNELS, &function);
	InitFunctionCallInfoData(*call, &function, 0, InvalidOid, NULL, (Node *) &set);
	set.econtext = CreateStandaloneExprContext();
	for (;;)
	{
		Datum		name;

		set.isDone = ExprSingleResult;
		name = FunctionCallInvoke(call);
		if (set.isDone == ExprEndResult)
			break;
		channels = note(channels, TextDatumGetCString(name));
	}
	FreeExprContext(set.econtext, true);
	return channels;
}

void
slipway_leftover_remember(MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	memset(&session, 0, sizeof(session));
	session.context = context;
	session.channels = list_channels();
	session.temporary = list_temporary();
	slipway_replication_remember(context);
	MemoryContextSwitchTo(old);
}

bool
slipway_leftover_had_temporary(void)
{
	return session.temporary != NIL;
}

static void
close_cursors(void)
{
	ListCell   *cell;

	foreach(cell, session.cursors)
	{
		Portal		portal = GetPortalByName(lfirst(cell));

		if (PortalIsValid(portal) && !portal->portalPinned && portal->status != PORTAL_ACTIVE)
			PortalDrop(portal, false);
	}
	session.cursors = NIL;
}

/* Takes effect with the next commit; they stay noted, as there may be an abort. */
static void
unlisten(void)
{
	ListCell   *cell;

	foreach(cell, session.listened)
		if (!contains(session.channels, lfirst(cell)))
			Async_Unlisten(lfirst(cell));
}

void
slipway_leftover_before_commit(void)
{
	close_cursors();
	unlisten();
}

static bool
was_there(const ObjectAddress *object)
{
	ListCell   *cell;

	foreach(cell, session.temporary)
	{
		const ObjectAddress *known = lfirst(cell);

		if (known->classId == object->classId && known->objectId == object->objectId)
			return true;
	}
	return false;
}

/* Drops some of the temporary objects that were not there before; returns how many. */
static int
drop_some(int limit)
{
	ObjectAddresses *leftover = new_object_addresses();
	ListCell   *cell;
	int			n = 0;

	foreach(cell, list_temporary())
	{
		if (was_there(lfirst(cell)))
			continue;
		add_exact_object_address(lfirst(cell), leftover);
		if (++n == limit)
			break;
	}
	if (n > 0)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		performMultipleDeletions(leftover, DROP_CASCADE,
								 PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
		PopActiveSnapshot();
	}
	free_object_addresses(leftover);
	return n;
}

static void
drop_statements(List *names)
{
	ListCell   *cell;

	foreach(cell, names)
		DropPreparedStatement(lfirst(cell), false);
}

void
slipway_leftover_keep(void)
{
	MemoryContext old = MemoryContextSwitchTo(session.context);

	session.kept = list_concat(session.kept, session.statements);
	session.statements = NIL;
	MemoryContextSwitchTo(old);
}

void
slipway_leftover_of_unit(void)
{
	drop_statements(session.statements);
	session.statements = NIL;
}

static void
tidy_up(void)
{
	close_cursors();
	drop_statements(session.statements);
	drop_statements(session.kept);
	session.statements = session.kept = NIL;
	unlisten();
	slipway_replication_restore();
	ResetSequenceCaches();
}

void
slipway_leftover_between(void)
{
	tidy_up();
	(void) drop_some(0);
}

void
slipway_leftover_afterwards(void)
{
	tidy_up();
	/* Each takes some locks, which in one transaction may be more than there are. */
	while (drop_some(max_locks_per_xact) == max_locks_per_xact)
		slipway_transaction_next();
}

void
slipway_leftover_forget(void)
{
	memset(&session, 0, sizeof(session));
}
