/*
 * held.c
 *	  Which locks on relations of this database this backend has acquired since it last looked.
 */
#include "postgres.h"

#include "access/transam.h"
#include "miscadmin.h"
#include "utils/hsearch.h"

#include "compat.h"
#include "held.h"

typedef struct HeldKey
{
	Oid			relation;
	LOCKMODE	mode;
} HeldKey;

static HTAB *known;				/* of SlipwayHeld */

void
slipway_held_begin(MemoryContext context)
{
	HASHCTL		control = {
		.keysize = sizeof(HeldKey), .entrysize = sizeof(SlipwayHeld), .hcxt = context,
	};

	known = hash_create("slipway held locks", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

void
slipway_held_end(void)
{
	known = NULL;
}

static bool
is_relation(const LockInstanceData *lock)
{
	return lock->locktag.locktag_type == LOCKTAG_RELATION &&
		lock->locktag.locktag_field1 == MyDatabaseId &&
		lock->locktag.locktag_field2 >= FirstNormalObjectId;
}

static int
count_waiters(const LockData *locks, const LOCKTAG *tag)
{
	int			n = 0;

	for (int i = 0; i < locks->nelements; i++)
		n += locks->locks[i].waitLockMode != NoLock && locks->locks[i].pid != MyProcPid &&
			memcmp(&locks->locks[i].locktag, tag, sizeof(LOCKTAG)) == 0;
	return n;
}

static void
look_at(const LOCKTAG *tag, LOCKMODE mode, int waiters, SlipwayHeldVisitor visit, void *arg)
{
	HeldKey		key = {tag->locktag_field2, mode};
	int64		acquired = slipway_lock_acquired(tag, mode);
	SlipwayHeld *held;
	bool		found;

	held = hash_search(known, &key, HASH_ENTER, &found);
	/* One that was rolled back is counted anew. */
	held->again = !found || acquired != held->acquired;
	held->acquired = acquired;
	held->waiters = waiters;
	visit(held, arg);
}

void
slipway_held_look(SlipwayHeldFilter wanted, SlipwayHeldVisitor visit, void *arg)
{
	LockData   *locks = GetLockStatusData();
	int			all_waiters = 0;

	for (int i = 0; i < locks->nelements; i++)
		all_waiters += locks->locks[i].waitLockMode != NoLock;
	for (int i = 0; i < locks->nelements; i++)
	{
		const LockInstanceData *lock = &locks->locks[i];
		int			waiters;

		if (lock->pid != MyProcPid || lock->holdMask == 0 || !is_relation(lock) ||
			!wanted(lock->locktag.locktag_field2))
			continue;
		waiters = all_waiters > 0 ? count_waiters(locks, &lock->locktag) : 0;
		for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
			if (lock->holdMask & LOCKBIT_ON(mode))
				look_at(&lock->locktag, mode, waiters, visit, arg);
	}
	pfree(locks->locks);
	pfree(locks);
}
