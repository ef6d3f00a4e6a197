/*
 * rehearsal.h
 *	  What a rehearsal has told: the events of CALL slipway.rehearse(), as
 *	  doc/json/slipway.schema.json has them.
 */
#ifndef SLIPWAY_REHEARSAL_H
#define SLIPWAY_REHEARSAL_H

#include <jansson.h>
#include <stdbool.h>

#include "folder.h"

/* How bad a lock is for others. */
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
	json_t	   *migrations;		/* rehearsed_migration */
	json_t	   *leftovers;		/* not_rolled_back */
	json_t	   *differences;	/* difference */
	json_t	   *findings;		/* finding */
	json_t	   *done;			/* the event, or NULL */
	json_t	   *error;			/* what ended it, as slipway_problem_json() has it; or NULL */
} SlipwayRehearsal;

SlipwayRehearsal *slipway_rehearsal_new(const SlipwayFolder *folder);
void		slipway_rehearsal_free(SlipwayRehearsal *rehearsal);

/* Is it an event that only rehearsals have, or their last one? */
bool		slipway_rehearsal_knows(const char *event);

/* Keeps an event, if it is one of those. */
void		slipway_rehearsal_take(SlipwayRehearsal *rehearsal, json_t *event);

/* Of an event: a text, "" if it is not there; a number, negative if it is not there. */
const char *slipway_rehearsal_text(const json_t *event, const char *key);
double		slipway_rehearsal_number(const json_t *event, const char *key);

/* How many findings there are of this severity. */
size_t		slipway_rehearsal_count(const SlipwayRehearsal *rehearsal, const char *severity);

/* How many statements had that outcome. */
size_t		slipway_rehearsal_outcomes(const SlipwayRehearsal *rehearsal, const char *outcome);

/* What a mode of locks, as "AccessExclusiveLock", does to others. */
SlipwayLockReach slipway_rehearsal_reach(const char *mode);

/* The same in words: "blocks reading and writing". */
const char *slipway_rehearsal_reach_name(SlipwayLockReach reach);

/* What a statement begins with, without comments, in one line. The caller frees it. */
char	   *slipway_rehearsal_brief(const char *statement);

#endif
