/*
 * journal.h
 *	  What is done of migrations that are not, unit by unit.
 *
 * A unit in a transaction block is written down as done in that
 * transaction. One that stands alone is written down as started before, and as
 * done or failed afterwards; if neither could be written, its fate is settled
 * from the catalogs: see settle.h.
 */
#ifndef SLIPWAY_JOURNAL_H
#define SLIPWAY_JOURNAL_H

#include "hash.h"
#include "run.h"

/* A unit that stands alone and whose end is not known to be good. */
typedef struct SlipwayOpenUnit
{
	int64		entry;			/* 0: there is none */
	bool		failed;			/* it raised an error; else it is not known how it ended */
	int			statement;		/* its number in the script, from 1 */
	uint8		script[SLIPWAY_HASH_LEN];	/* which one that was */
	char	   *facts;			/* of slipway_settle_facts(), or NULL */
} SlipwayOpenUnit;

typedef struct SlipwayJournal
{
	char	   *action;			/* what was begun: to "apply" it, or "rollback"; NULL: nothing */
	List	   *others;			/* names of those that the same script rolls back */
	int			done;			/* statements that are done */
	int			units;			/* that they were, as the script was cut then */
	uint8		hash[SLIPWAY_HASH_LEN]; /* over them: see slipway_journal_hash() */
	ArrayType  *settings;		/* that they have made, of slipway_carried_array(); or NULL */
	SlipwayOpenUnit open;		/* the unit that follows */
} SlipwayJournal;

/* What is to be written down of a unit. */
typedef struct SlipwayJournalUnit
{
	const SlipwayTask *task;
	int			number;			/* from 1, as the script is cut now */
	int			first;			/* statement, from 1 */
	int			last;
	int			line;
	const uint8 *hash;			/* over the statements up to the last */
	TimestampTz started_at;
	ArrayType  *settings;		/* made so far; of one that is started, by those before it */
	const char *facts;
} SlipwayJournalUnit;

/* How far a migration has come, in the current memory context. Needs no scope. */
extern SlipwayJournal *slipway_journal_load(const char *project, const char *migration);

/* Has what was begun left something behind; and was that a rollback? */
extern bool slipway_journal_is_begun(const SlipwayJournal *journal);
extern bool slipway_journal_is_undoing(const SlipwayJournal *journal);

/* Is a migration of the project done in part? The cheap question before all others. */
extern bool slipway_journal_is_open(const char *project);

/*
 * Raises SW001 if the first statements of a script are not those that the journal has
 * as done; else hash is that over them.
 */
extern void slipway_journal_check(const SlipwayJournal *journal, const char *migration, const char *script,
								  const SlipwayOutline *outline, uint8 *hash);

/*
 * Adds statement number i of a script and its data to the hash over those before; that over none is all zeroes. As they
 * were written: another value of a variable is no other script.
 */
extern void slipway_journal_hash(uint8 *hash, const SlipwayOutline *outline, const char *script, int i);

/* All that follow are to be called inside a scope of spi.h. */
extern void slipway_journal_add_done(SlipwayRun *run, const SlipwayJournalUnit *unit);

/*
 * Returns its entry, for slipway_journal_end(), whose outcome is "done", "failed" or
 * "undone". settings may be NULL: they are those of when it was started.
 */
extern int64 slipway_journal_add_started(SlipwayRun *run, const SlipwayJournalUnit *unit);
extern void slipway_journal_end(const SlipwayProject *project, int64 entry, const char *outcome,
								ArrayType *settings);

/* The migration is over: its record is the newest entry of the history. */
extern void slipway_journal_close(const SlipwayProject *project, const char *migration);

/*
 * From now on, relations that the server makes for the unit are noted in the transaction
 * that makes them; 0 ends that.
 */
extern void slipway_journal_watch(const char *project, int64 entry);

/* Called by the hook for an object that was just made. */
extern void slipway_journal_made(Oid catalog, Oid object);

/* Names of the migrations that have open lines: begun, and not known to be applied or undone. */
extern List *slipway_journal_list_open(const char *project);

/* A relation that was noted, and is still there under that name. */
typedef struct SlipwayMade
{
	Oid			oid;
	char	   *name;			/* qualified and quoted */
	Oid			table;			/* that it is an index of */
	bool		valid;
} SlipwayMade;

/* A list of SlipwayMade. Opens a scope. */
extern List *slipway_journal_list_made(const char *project, int64 entry);

#endif							/* SLIPWAY_JOURNAL_H */
