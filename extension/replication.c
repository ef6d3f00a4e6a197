/*
 * replication.c
 *	  What a script leaves in the session that has to do with replication.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "replication/origin.h"
#include "replication/slot.h"
#include "storage/lwlock.h"

#include "compat.h"
#include "replication.h"

static struct
{
	RepOriginId origin;
	List	   *slots;			/* names of temporary ones */
	bool		backup;
}			before;

static bool
is_own_temporary(const ReplicationSlot *slot)
{
	return slot->in_use && slot->active_pid == MyProcPid && slot->data.persistency == RS_TEMPORARY;
}

static int
count_slots(void)
{
	int			n = 0;

	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots; i++)
		n += is_own_temporary(&ReplicationSlotCtl->replication_slots[i]);
	LWLockRelease(ReplicationSlotControlLock);
	return n;
}

/* Their names; only this backend makes and drops them. */
static List *
list_slots(void)
{
	int			n = count_slots();
	NameData   *names = palloc(Max(n, 1) * sizeof(NameData));
	List	   *list = NIL;
	int			found = 0;

	if (n == 0)
		return NIL;
	LWLockAcquire(ReplicationSlotControlLock, LW_SHARED);
	for (int i = 0; i < max_replication_slots && found < n; i++)
		if (is_own_temporary(&ReplicationSlotCtl->replication_slots[i]))
			names[found++] = ReplicationSlotCtl->replication_slots[i].data.name;
	LWLockRelease(ReplicationSlotControlLock);
	for (int i = 0; i < found; i++)
		list = lappend(list, NameStr(names[i]));
	return list;
}

static bool
was_there(const char *slot)
{
	ListCell   *cell;

	foreach(cell, before.slots)
		if (strcmp(lfirst(cell), slot) == 0)
			return true;
	return false;
}

void
slipway_replication_remember(MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);

	before.origin = replorigin_session_origin;
	before.slots = list_slots();
	before.backup = get_backup_status() == SESSION_BACKUP_RUNNING;
	MemoryContextSwitchTo(caller);
}

/*
 * A function that works on a slot keeps it where it fails, and the server gives it back when a command has failed; not so
 * where a script, or a run that tries again, has caught the error.
 */
void
slipway_replication_let_go(void)
{
	if (MyReplicationSlot)
		ReplicationSlotRelease();
}

static void
restore_origin(void)
{
	if (replorigin_session_origin == before.origin)
		return;
	if (replorigin_session_origin != InvalidRepOriginId)
		replorigin_session_reset();
	replorigin_session_origin = InvalidRepOriginId;
	replorigin_session_origin_lsn = InvalidXLogRecPtr;
	replorigin_session_origin_timestamp = 0;
	if (before.origin == InvalidRepOriginId)
		return;
	slipway_origin_setup(before.origin);
	replorigin_session_origin = before.origin;
}

void
slipway_replication_restore(void)
{
	ListCell   *cell;

	restore_origin();
	slipway_replication_let_go();
	foreach(cell, list_slots())
		if (!was_there(lfirst(cell)))
			ReplicationSlotDrop(lfirst(cell), true);
	if (!before.backup && get_backup_status() == SESSION_BACKUP_RUNNING)
		do_pg_abort_backup(0, BoolGetDatum(false));
}
