/*
 * rehearsal.h
 *	  What a rehearsal has told: the events of CALL slipway.rehearse(), as
 *	  doc/json/slipway.schema.json has them.
 */
#ifndef SLIPWAY_REHEARSAL_H
#define SLIPWAY_REHEARSAL_H

#include <jansson.h>
#include <stdbool.h>

#include "difference.h"
#include "folder.h"

/* How bad a lock is for others, the least first. */
typedef enum SlipwayLockReach
{
	SLIPWAY_LOCK_BLOCKS_NEITHER,	/* reading nor writing */
	SLIPWAY_LOCK_BLOCKS_WRITING,
	SLIPWAY_LOCK_BLOCKS_BOTH
} SlipwayLockReach;

/* Arrays of events, in the order in which they came. */
typedef struct SlipwayRehearsal
{
	const SlipwayFolder *folder;
	json_t	   *statements;		/* rehearsed */
	json_t	   *places;			/* number in that list by place, see slipway_rehearsal_statement() */
	json_t	   *migrations;		/* rehearsed_migration, also of hooks that belong to none */
	json_t	   *leftovers;		/* not_rolled_back */
	json_t	   *findings;		/* finding */
	SlipwayDifferenceList differences;	/* difference */
	json_t	   *done;			/* the event, or NULL */
	json_t	   *error;			/* what ended it, as slipway_problem_json() has it; or NULL */
} SlipwayRehearsal;

SlipwayRehearsal *slipway_rehearsal_new(const SlipwayFolder *folder);
void		slipway_rehearsal_free(SlipwayRehearsal *rehearsal);

/*
 * The end has come, perhaps too early: then adds the migration in which it ended, as if what its
 * statements have locked were held until then.
 */
void		slipway_rehearsal_end(SlipwayRehearsal *rehearsal);

/* Is it an event that only rehearsals have, or their last one? */
bool		slipway_rehearsal_knows(const char *event);

/* Keeps an event, if it is one of those. */
void		slipway_rehearsal_take(SlipwayRehearsal *rehearsal, json_t *event);

/* Of an event: a text, "" if it is not there; a number, negative if it is not there, and cut at 10^15. */
const char *slipway_rehearsal_text(const json_t *event, const char *key);
double		slipway_rehearsal_number(const json_t *event, const char *key);

/* Of an event: a line or a column, counted from 1; 0 if it has none, or one that no script has. */
int			slipway_rehearsal_position(const json_t *event, const char *key);

/*
 * Of an event: the script that it is about, which is a hook or a migration; and the migration
 * that it belongs to, or the hook that belongs to none.
 */
const char *slipway_rehearsal_script(const json_t *event);
const char *slipway_rehearsal_owner(const json_t *event);

/* The number of the statement that an event is about, as it stands in the list; -1: there is none. */
int			slipway_rehearsal_statement(const SlipwayRehearsal *rehearsal, const json_t *event);

/* How many migrations were rehearsed. */
size_t		slipway_rehearsal_migrations(const SlipwayRehearsal *rehearsal);

/* Are two statements of the same script? */
bool		slipway_rehearsal_same_script(const json_t *a, const json_t *b);

/* How many findings there are of this severity. */
size_t		slipway_rehearsal_count(const SlipwayRehearsal *rehearsal, const char *severity);

/* How many statements had that outcome. */
size_t		slipway_rehearsal_outcomes(const SlipwayRehearsal *rehearsal, const char *outcome);

/* From 0 for "AccessShareLock" to 7 for "AccessExclusiveLock"; -1: it is none. */
int			slipway_rehearsal_strength(const char *mode);

/* What a mode of locks, as "AccessExclusiveLock", does to others. */
SlipwayLockReach slipway_rehearsal_reach(const char *mode);

/* The same in words: "blocks reading and writing". */
const char *slipway_rehearsal_reach_name(SlipwayLockReach reach);

/* Is a lock on an index, or on a partitioned one? */
bool		slipway_rehearsal_is_index(const json_t *lock);

/* Does a lock among those of an event go without saying: that of an index, beside as strong a one of a table? */
bool		slipway_rehearsal_is_minor(const json_t *lock, const json_t *locks);

/* What a statement begins with, without comments, in one line. The caller frees it. */
char	   *slipway_rehearsal_brief(const char *statement);

#endif
