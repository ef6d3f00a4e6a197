/*
 * lock.c
 *	  The lock of a project: at most one run at a time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "error_code.h"
#include "lock.h"
#include "message.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"
#include "transaction.h"

/* Sub-identifiers of our object locks, whose class is slipway.history. */
#define LOCK_RUN 1
#define LOCK_CHAIN 2
#define LOCK_NEWEST 3
#define LOCK_DETACHED 4
#define LOCK_DONE 5
#define LOCK_SNAPSHOT 6
#define LOCK_DATABASE 7

/* pg_advisory_lock(bigint) uses 1 there. */
#define ADVISORY_BIGINT 1

static const LOCKMODE advisory_modes[] = {ExclusiveLock, ShareLock};

typedef struct SlipwayLockList
{
	LOCKTAG    *tags;			/* NULL: only count */
	LOCKMASK   *masks;			/* modes held */
	int			n;
} SlipwayLockList;

static void
set_object_tag(LOCKTAG *tag, int64 key, uint16 what)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, slipway_history_relation(), (uint32) key, what);
}

static void
list_advisory(PROCLOCK *proclock, void *arg)
{
	SlipwayLockList *list = arg;
	LOCK	   *lock = proclock->tag.myLock;

	if (LOCK_LOCKMETHOD(*lock) != USER_LOCKMETHOD || proclock->holdMask == 0)
		return;
	if (list->tags)
	{
		list->tags[list->n] = lock->tag;
		list->masks[list->n] = proclock->holdMask;
	}
	list->n++;
}

static void
visit_own_locks(SlipwayLockList *list)
{
	list->n = 0;
	for (int i = 0; i < NUM_LOCK_PARTITIONS; i++)
	{
		LWLock	   *partition = LockHashPartitionLockByIndex(i);

		LWLockAcquire(partition, LW_SHARED);
		slipway_visit_proclocks(i, list_advisory, list);
		LWLockRelease(partition);
	}
}

/*
 * The advisory locks of this backend, in the current memory context. Counted
 * first, as memory should not be allocated under an LWLock; no other backend
 * can change how many there are.
 */
static SlipwayLockList *
list_advisory_locks(void)
{
	SlipwayLockList *list = palloc0(sizeof(SlipwayLockList));

	visit_own_locks(list);
	if (list->n > 0)
	{
		list->masks = palloc(list->n * sizeof(LOCKMASK));
		list->tags = palloc(list->n * sizeof(LOCKTAG));
		visit_own_locks(list);
	}
	return list;
}

static void
free_list(SlipwayLockList *list)
{
	if (list->tags)
	{
		pfree(list->tags);
		pfree(list->masks);
	}
	pfree(list);
}

static bool
same_tag(const LOCKTAG *a, const LOCKTAG *b)
{
	return memcmp(a, b, sizeof(LOCKTAG)) == 0;
}

/* The modes in which the session held it when the run began. */
static LOCKMASK
held_before(const SlipwayLock *lock, const LOCKTAG *tag)
{
	for (int i = 0; i < lock->before->n; i++)
		if (same_tag(&lock->before->tags[i], tag))
			return lock->before->masks[i];
	return 0;
}

static void
release_fully(const LOCKTAG *tag, LOCKMODE mode)
{
	while (slipway_lock_held(tag, mode))
		if (!LockRelease(tag, mode, true))
			break;
}

/* Gives back the advisory locks that were not there when the run began. */
static void
release_left_behind(SlipwayLock *lock)
{
	SlipwayLockList *now = list_advisory_locks();

	for (int i = 0; i < now->n; i++)
	{
		LOCKMASK	keep = held_before(lock, &now->tags[i]);

		if (same_tag(&now->tags[i], &lock->advisory))
			keep |= LOCKBIT_ON(ExclusiveLock);
		for (int m = 0; m < lengthof(advisory_modes); m++)
			if ((keep & LOCKBIT_ON(advisory_modes[m])) == 0)
				release_fully(&now->tags[i], advisory_modes[m]);
	}
	free_list(now);
}

void
slipway_lock_init(SlipwayLock *lock, const SlipwayProject *project)
{
	uint64		key = (uint64) project->lock_key;

	memset(lock, 0, sizeof(SlipwayLock));
	lock->project = project;
	SET_LOCKTAG_ADVISORY(lock->advisory, MyDatabaseId, (uint32) (key >> 32), (uint32) key,
						 ADVISORY_BIGINT);
	set_object_tag(&lock->inner, project->lock_key, LOCK_RUN);
	lock->before = list_advisory_locks();
}

bool
slipway_lock_is_taken(const SlipwayLock *lock)
{
	int			holders = 0;

	(void) GetLockConflicts(&lock->inner, ExclusiveLock, &holders);
	return holders > 0;
}

/* Who holds the public or the inner lock; pid 0: nobody. */
typedef struct LockHolder
{
	int64		pid;
	char	   *description;
} LockHolder;

static LockHolder
find_holder(const SlipwayLock *lock)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_LOCK_HOLDER, 5, {INT8OID, INT8OID, INT8OID, INT8OID, INT8OID}};
	LockHolder	holder = {0, "nobody any more"};
	SlipwayArgs args = {0};

	slipway_arg_int8(&args, lock->advisory.locktag_field2);
	slipway_arg_int8(&args, lock->advisory.locktag_field3);
	slipway_arg_int8(&args, lock->inner.locktag_field2);
	slipway_arg_int8(&args, lock->inner.locktag_field3);
	slipway_arg_int8(&args, GetUserId());
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		holder.pid = slipway_row_int8(0, 1);
		holder.description = slipway_row_text(0, 2);
	}
	slipway_spi_end();
	return holder;
}

static bool
try_both(SlipwayLock *lock)
{
	if (LockAcquire(&lock->advisory, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	if (LockAcquire(&lock->inner, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&lock->advisory, ExclusiveLock, true);
	return false;
}

static void
set_lock_timeout(int ms)
{
	(void) set_config_option("lock_timeout", psprintf("%d", ms), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* Waits for both, at most wait_ms in all; raises 55P03 when that is over. */
static void
wait_both(SlipwayLock *lock, int wait_ms, volatile bool *got_advisory)
{
	int			nest = NewGUCNestLevel();
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), wait_ms);

	set_lock_timeout(wait_ms);
	(void) LockAcquire(&lock->advisory, ExclusiveLock, true, false);
	*got_advisory = true;
	if (wait_ms > 0)
		set_lock_timeout(Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until), 1));
	(void) LockAcquire(&lock->inner, ExclusiveLock, true, false);
	AtEOXact_GUC(true, nest);
}

static void
report_waiting(const SlipwayLock *lock)
{
	LockHolder	holder = find_holder(lock);
	StringInfoData json;

	slipway_event_begin(&json, "waiting");
	slipway_event_text(&json, "project", lock->project->name);
	if (holder.pid > 0)
		slipway_event_int(&json, "pid", holder.pid);
	slipway_event_text(&json, "holder", holder.description);
	slipway_event_send(&json, "waiting for the lock of project \"%s\", held by %s",
					   lock->project->name, holder.description);
}

/* The lock was not obtained in time. */
static void
raise_locked(const SlipwayLock *lock, int wait_ms)
{
	LockHolder	holder = find_holder(lock);

	ereport(ERROR,
			(errcode(SLIPWAY_LOCKED),
			 errmsg("could not obtain the lock of project \"%s\" within %d ms",
					lock->project->name, wait_ms),
			 errdetail("It is held by %s.", holder.description),
			 errhint("Nothing was changed. Wait for the other run, raise lock_wait, "
					 "or see view slipway.lock_holder.")));
}

void
slipway_lock_acquire(SlipwayLock *lock, int wait_ms)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorData  *volatile error = NULL;
	volatile bool got_advisory = false;

	if (try_both(lock))
	{
		lock->held = true;
		return;
	}
	report_waiting(lock);
	slipway_transaction_next();
	PG_TRY();
	{
		wait_both(lock, wait_ms, &got_advisory);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (error == NULL)
	{
		lock->held = true;
		return;
	}
	slipway_transaction_recover();
	if (got_advisory)
		LockRelease(&lock->advisory, ExclusiveLock, true);
	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
		ReThrowError(error);
	raise_locked(lock, wait_ms);
}

/* Takes a session lock once unless it is held; false if somebody else has it. */
static bool
take_again(const LOCKTAG *tag, LOCKMODE mode)
{
	return slipway_lock_held(tag, mode) ||
		LockAcquire(tag, mode, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * A script's pg_advisory_unlock_all() took what the session had before. How
 * often it had each is something the server does not tell.
 */
static void
take_back_lost(SlipwayLock *lock)
{
	bool		lost = false;

	for (int i = 0; i < lock->before->n; i++)
		for (int m = 0; m < lengthof(advisory_modes); m++)
			if (lock->before->masks[i] & LOCKBIT_ON(advisory_modes[m]))
				lost |= !take_again(&lock->before->tags[i], advisory_modes[m]);
	/* It is tried again behind each script, and said once. */
	if (lost && !lock->lost)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("a script released an advisory lock of this session and another session took it")));
	lock->lost |= lost;
}

void
slipway_lock_let_go(SlipwayLock *lock)
{
	release_left_behind(lock);
}

void
slipway_lock_tidy(SlipwayLock *lock)
{
	release_left_behind(lock);
	if (slipway_lock_held(&lock->advisory, ExclusiveLock))
		return;
	take_back_lost(lock);
	/* On top of the session's own hold, if it has one. */
	if (LockAcquire(&lock->advisory, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING),
				 errmsg("a script released the lock of project \"%s\" and another session took it",
						lock->project->name),
				 errdetail("It will wait for this run all the same.")));
}

bool
slipway_lock_retake(SlipwayLock *lock)
{
	release_left_behind(lock);
	/* Whoever waits for the public lock cannot have got to the inner one. */
	return slipway_lock_held(&lock->advisory, ExclusiveLock) &&
		LockAcquire(&lock->inner, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void
slipway_lock_release(SlipwayLock *lock)
{
	release_left_behind(lock);
	if ((held_before(lock, &lock->advisory) & LOCKBIT_ON(ExclusiveLock)) == 0)
		release_fully(&lock->advisory, ExclusiveLock);
	else if (lock->held && slipway_lock_held(&lock->advisory, ExclusiveLock))
		LockRelease(&lock->advisory, ExclusiveLock, true);
	take_back_lost(lock);
	release_fully(&lock->inner, ExclusiveLock);
	lock->held = false;
}

int
slipway_lock_run_pid(const SlipwayProject *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RUN_BACKEND, 2, {INT8OID, INT8OID}};
	LOCKTAG		inner;
	SlipwayArgs args = {0};
	int			pid = 0;

	set_object_tag(&inner, project->lock_key, LOCK_RUN);
	slipway_arg_int8(&args, inner.locktag_field2);
	slipway_arg_int8(&args, inner.locktag_field3);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		pid = (int) slipway_row_int8(0, 1);
	slipway_spi_end();
	return pid;
}

bool
slipway_lock_keep_out(const SlipwayProject *project)
{
	LOCKTAG		inner;

	set_object_tag(&inner, project->lock_key, LOCK_RUN);
	return LockAcquire(&inner, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

static void
lock_to_end(int64 lock_key, uint16 what)
{
	LOCKTAG		tag;

	set_object_tag(&tag, lock_key, what);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

void
slipway_lock_chain(int64 lock_key)
{
	lock_to_end(lock_key, LOCK_CHAIN);
}

void
slipway_lock_newest(int64 lock_key)
{
	lock_to_end(lock_key, LOCK_NEWEST);
}

void
slipway_lock_detached(int64 lock_key)
{
	lock_to_end(lock_key, LOCK_DETACHED);
}

void
slipway_lock_mark(int done)
{
	LOCKTAG		tag;

	/* In a mode in which other projects may do the same. */
	set_object_tag(&tag, done, LOCK_DONE);
	(void) LockAcquire(&tag, AccessShareLock, false, false);
	set_object_tag(&tag, done - 1, LOCK_DONE);
	if (done > 1)
		(void) LockRelease(&tag, AccessShareLock, false);
}

void
slipway_lock_snapshot(int64 lock_key)
{
	lock_to_end(lock_key, LOCK_SNAPSHOT);
}

void
slipway_lock_database(void)
{
	lock_to_end(0, LOCK_DATABASE);
}
