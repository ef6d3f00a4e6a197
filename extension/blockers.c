/*
 * blockers.c
 *	  Who is in the way of a backend that waits for a lock.
 *
 * Who that is follows pg_blocking_pids(): whoever holds the lock in a mode that
 * conflicts, and whoever waits for such a mode before us. What others hold on behalf of their
 * parallel workers is the leader's.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "blockers.h"
#include "message.h"

static const char *
mode_name(const SlipwayWait *wait, LOCKMODE mode)
{
	return GetLockmodeName(wait->tag.locktag_lockmethodid, mode);
}

/* The strongest of the modes held, as the one that says most. */
static const char *
strongest_name(const SlipwayWait *wait, LOCKMASK held)
{
	LOCKMODE	mode = MaxLockMode;

	while (mode > 1 && (held & LOCKBIT_ON(mode)) == 0)
		mode--;
	return mode_name(wait, mode);
}

static bool
locks_relation(const SlipwayWait *wait)
{
	return wait->tag.locktag_type == LOCKTAG_RELATION || wait->tag.locktag_type == LOCKTAG_TUPLE ||
		wait->tag.locktag_type == LOCKTAG_RELATION_EXTEND || wait->tag.locktag_type == LOCKTAG_PAGE;
}

/* What is waited for, for people. */
static char *
describe_target(const SlipwayWait *wait)
{
	StringInfoData text;

	if (wait->relation && wait->tag.locktag_type == LOCKTAG_RELATION)
		return psprintf("relation %s", wait->relation);
	if (wait->relation)
		return psprintf("%s of relation %s", LockTagTypeNames[wait->tag.locktag_type], wait->relation);
	if (wait->tag.locktag_type == LOCKTAG_RELATION)
		return psprintf("relation %u", wait->tag.locktag_field2);
	initStringInfo(&text);
	DescribeLockTag(&text, &wait->tag);
	return text.data;
}

static char *
describe_age(TimestampTz since)
{
	long		seconds = TimestampDifferenceMilliseconds(since, GetCurrentTimestamp()) / 1000;

	if (seconds < 60)
		return psprintf("%ld s", seconds);
	if (seconds < 3600)
		return psprintf("%ld min %ld s", seconds / 60, seconds % 60);
	return psprintf("%ld h %ld min", seconds / 3600, seconds / 60 % 60);
}

/* "pid 42 (role app, application psql, idle in transaction, transaction open for 3 s)" */
static void
describe_peer(StringInfo text, const SlipwayPeer *peer)
{
	if (peer->pid == 0)
	{
		appendStringInfoString(text, "a prepared transaction");
		return;
	}
	appendStringInfo(text, "pid %d (", peer->pid);
	if (peer->type == B_BACKEND)
		appendStringInfo(text, "role %s, application %s", peer->role_name ? peer->role_name : "?",
						 *peer->application ? peer->application : "?");
	else
		appendStringInfoString(text, GetBackendTypeDesc(peer->type));
	if (peer->state)
		appendStringInfo(text, ", %s", peer->state);
	if (peer->transaction_started_at != 0)
		appendStringInfo(text, ", transaction open for %s", describe_age(peer->transaction_started_at));
	appendStringInfoChar(text, ')');
}

static void
describe_blocker(StringInfo text, const SlipwayWait *wait, const SlipwayBlocker *blocker)
{
	describe_peer(text, &blocker->peer);
	if (blocker->holds)
		appendStringInfo(text, " holds %s", strongest_name(wait, blocker->holds));
	else
		appendStringInfo(text, " waits before it for %s", mode_name(wait, blocker->waits));
	if (blocker->peer.query)
		appendStringInfo(text, ": %s", blocker->peer.query);
}

static void
add_blocker(StringInfo json, const SlipwayWait *wait, const SlipwayBlocker *blocker)
{
	const SlipwayPeer *peer = &blocker->peer;

	appendStringInfo(json, "{\"pid\":%d", peer->pid);
	if (peer->pid == 0)
		slipway_event_text(json, "type", "prepared transaction");
	else
		slipway_event_text(json, "type", GetBackendTypeDesc(peer->type));
	slipway_event_text(json, "role", peer->role_name);
	slipway_event_text(json, "application", peer->application);
	slipway_event_text(json, "state", peer->state);
	if (peer->transaction_started_at != 0)
		slipway_event_ms(json, "transaction_ms",
						 (GetCurrentTimestamp() - peer->transaction_started_at) / 1000.0);
	slipway_event_text(json, "holds", blocker->holds ? strongest_name(wait, blocker->holds) : NULL);
	slipway_event_text(json, "waits", blocker->holds ? NULL : mode_name(wait, blocker->waits));
	slipway_event_text(json, "query", peer->query);
	appendStringInfoChar(json, '}');
}

static void
add_blockers(StringInfo json, const SlipwayWait *wait)
{
	ListCell   *cell;

	appendStringInfoChar(json, '[');
	foreach(cell, wait->blockers)
	{
		if (foreach_current_index(cell) > 0)
			appendStringInfoChar(json, ',');
		add_blocker(json, wait, lfirst(cell));
	}
	appendStringInfoChar(json, ']');
}

void
slipway_wait_add(StringInfo json, const SlipwayWait *wait)
{
	slipway_event_text(json, "lock", mode_name(wait, wait->mode));
	slipway_event_text(json, "on", LockTagTypeNames[wait->tag.locktag_type]);
	slipway_event_text(json, "relation", wait->relation);
	if (locks_relation(wait))
		slipway_event_int(json, "relation_oid", wait->tag.locktag_field2);
	appendStringInfoString(json, ",\"blockers\":");
	add_blockers(json, wait);
}

char *
slipway_wait_describe(const SlipwayWait *wait)
{
	return psprintf("%s on %s", mode_name(wait, wait->mode), describe_target(wait));
}

char *
slipway_wait_summary(const SlipwayWait *wait)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, wait->blockers)
	{
		const SlipwayBlocker *blocker = lfirst(cell);

		appendStringInfoString(&text, foreach_current_index(cell) > 0 ? ", " : ", blocked by ");
		if (blocker->peer.pid == 0)
			appendStringInfoString(&text, "a prepared transaction");
		else
			appendStringInfo(&text, "pid %d", blocker->peer.pid);
	}
	return text.data;
}

char *
slipway_wait_explain(const SlipwayWait *wait)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	appendStringInfo(&text, "It has waited for %s.", slipway_wait_describe(wait));
	foreach(cell, wait->blockers)
	{
		appendStringInfoString(&text, "\nIn its way: ");
		describe_blocker(&text, wait, lfirst(cell));
	}
	return text.data;
}

/* Does a process wait for the lock before the one that this is about? */
static bool
is_ahead(const BlockedProcsData *data, const BlockedProcData *proc, int pid)
{
	for (int i = 0; i < proc->num_waiters; i++)
		if (data->waiter_pids[proc->first_waiter + i] == pid)
			return true;
	return false;
}

static void
note_blocker(SlipwayWait *wait, const SlipwayRoles *roles, const LockInstanceData *instance)
{
	SlipwayBlocker *blocker;
	ListCell   *cell;

	foreach(cell, wait->blockers)
	{
		blocker = lfirst(cell);
		if (blocker->peer.pid == instance->leaderPid && instance->leaderPid != 0)
		{
			blocker->holds |= instance->holdMask;
			return;
		}
	}
	blocker = palloc0(sizeof(SlipwayBlocker));
	if (!slipway_peer_read(roles, instance->leaderPid, &blocker->peer))
		return;
	blocker->holds = instance->holdMask;
	blocker->waits = instance->waitLockMode;
	wait->blockers = lappend(wait->blockers, blocker);
}

/* Of those that wait in a group of parallel processes, the first. */
static const LockInstanceData *
find_waiter(const BlockedProcsData *data, const BlockedProcData *proc)
{
	for (int i = 0; i < proc->num_locks; i++)
	{
		const LockInstanceData *instance = &data->locks[proc->first_lock + i];

		if (instance->pid == proc->pid && instance->waitLockMode != NoLock)
			return instance;
	}
	return NULL;
}

bool
slipway_wait_read(int pid, const SlipwayRoles *roles, SlipwayWait *wait)
{
	BlockedProcsData *data = GetBlockerStatusData(pid);
	const BlockedProcData *proc = data->procs;
	const LockInstanceData *own = data->nprocs > 0 ? find_waiter(data, proc) : NULL;
	LOCKMASK	conflicts;

	memset(wait, 0, sizeof(SlipwayWait));
	if (own == NULL)
		return false;
	wait->tag = own->locktag;
	wait->mode = own->waitLockMode;
	conflicts = GetLockTagsMethodTable(&wait->tag)->conflictTab[wait->mode];
	for (int i = 0; i < proc->num_locks; i++)
	{
		LockInstanceData *instance = &data->locks[proc->first_lock + i];

		if (instance->leaderPid == own->leaderPid)
			continue;
		instance->holdMask &= conflicts;
		if (instance->holdMask ||
			(instance->waitLockMode != NoLock && (conflicts & LOCKBIT_ON(instance->waitLockMode)) &&
			 is_ahead(data, proc, instance->pid)))
			note_blocker(wait, roles, instance);
	}
	return true;
}

/* Has, or wants, a process what is in our way, now that we do not wait ourselves? */
static bool
is_in_the_way(const SlipwayWait *wait, const LockData *locks, int pid)
{
	LOCKMASK	conflicts = GetLockTagsMethodTable(&wait->tag)->conflictTab[wait->mode];

	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *instance = &locks->locks[i];

		if (instance->leaderPid == pid &&
			memcmp(&instance->locktag, &wait->tag, sizeof(LOCKTAG)) == 0 &&
			((instance->holdMask & conflicts) || (conflicts & LOCKBIT_ON(instance->waitLockMode))))
			return true;
	}
	return false;
}

/* Takes over how a blocker is now; false if it is none any more. */
static bool
refresh_blocker(const SlipwayWait *wait, const LockData *locks, SlipwayRoles *roles, SlipwayBlocker *blocker)
{
	SlipwayPeer now;

	slipway_peer_learn(roles, blocker->peer.role);
	if (!is_in_the_way(wait, locks, blocker->peer.pid) || !slipway_peer_read(roles, blocker->peer.pid, &now))
		return false;
	blocker->peer = now;
	return true;
}

bool
slipway_wait_blocks(const SlipwayWait *wait, SlipwayRoles *roles, SlipwayBlocker *blocker)
{
	return refresh_blocker(wait, GetLockStatusData(), roles, blocker);
}

void
slipway_wait_refresh(SlipwayWait *wait, SlipwayRoles *roles)
{
	LockData   *locks = GetLockStatusData();
	List	   *left = NIL;
	ListCell   *cell;

	foreach(cell, wait->blockers)
		if (refresh_blocker(wait, locks, roles, lfirst(cell)))
			left = lappend(left, lfirst(cell));
	/* They may have ended just now: they were in the way all the same. */
	if (left != NIL)
		wait->blockers = left;
}

void
slipway_wait_name(SlipwayWait *wait)
{
	Oid			database = wait->tag.locktag_field1;
	Oid			relation = wait->tag.locktag_field2;
	char	   *name;
	char	   *schema;

	if (!locks_relation(wait) || (database != MyDatabaseId && database != InvalidOid))
		return;
	name = get_rel_name(relation);
	schema = get_namespace_name(get_rel_namespace(relation));
	if (name && schema)
		wait->relation = psprintf("%s.%s", schema, name);
}

PG_FUNCTION_INFO_V1(slipway_wait);

Datum
slipway_wait(PG_FUNCTION_ARGS)
{
	SlipwayWait wait;
	TupleDesc	descriptor;
	Datum		values[2] = {0};
	bool		nulls[2] = {true, true};

	(void) get_call_result_type(fcinfo, NULL, &descriptor);
	if (slipway_wait_read(PG_GETARG_INT32(0), slipway_peer_roles(), &wait))
	{
		StringInfoData json;

		initStringInfo(&json);
		slipway_wait_name(&wait);
		add_blockers(&json, &wait);
		values[0] = CStringGetTextDatum(slipway_wait_describe(&wait));
		values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
		nulls[0] = nulls[1] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
