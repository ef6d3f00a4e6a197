/*
 * blockers.h
 *	  Who is in the way of a backend that waits for a lock.
 */
#ifndef SLIPWAY_BLOCKERS_H
#define SLIPWAY_BLOCKERS_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "storage/lock.h"

#include "peer.h"

typedef struct SlipwayBlocker
{
	SlipwayPeer peer;
	LOCKMASK	holds;			/* modes that are in the way; 0: it waits before us */
	LOCKMODE	waits;			/* mode that it waits for */
} SlipwayBlocker;

typedef struct SlipwayWait
{
	LOCKTAG		tag;
	LOCKMODE	mode;
	const char *relation;		/* its name; NULL: of none, or not looked up */
	List	   *blockers;		/* of SlipwayBlocker */
} SlipwayWait;

/*
 * Finds what a backend waits for and who is in its way, in the current memory
 * context; false if it does not wait. Needs no catalogs, so that a backend can ask for
 * itself from within its wait.
 */
extern bool slipway_wait_read(int pid, const SlipwayRoles *roles, SlipwayWait *wait);

/*
 * After this backend has left the queue: who of those is in the way still, as it is now. If
 * nobody is, they stay as they were. Needs the catalogs.
 */
extern void slipway_wait_refresh(SlipwayWait *wait, SlipwayRoles *roles);

/* Is one of them in the way at this very moment? If so, takes over how it is now. Needs the catalogs. */
extern bool slipway_wait_blocks(const SlipwayWait *wait, SlipwayRoles *roles, SlipwayBlocker *blocker);

/* Looks up the name of the relation, if it is one of this database. Needs the catalogs. */
extern void slipway_wait_name(SlipwayWait *wait);

/* "AccessExclusiveLock on relation public.t" */
extern char *slipway_wait_describe(const SlipwayWait *wait);

/* ", blocked by pid 42, pid 43", or nothing. */
extern char *slipway_wait_summary(const SlipwayWait *wait);

/* Sentences for the detail of an error. */
extern char *slipway_wait_explain(const SlipwayWait *wait);

/* Adds what is waited for to an object, and the blockers as an array. */
extern void slipway_wait_add(StringInfo json, const SlipwayWait *wait);

#endif							/* SLIPWAY_BLOCKERS_H */
