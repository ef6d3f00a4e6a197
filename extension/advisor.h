/*
 * advisor.h
 *	  Collects what is to be said about a rehearsal.
 */
#ifndef SLIPWAY_ADVISOR_H
#define SLIPWAY_ADVISOR_H

#include "exec_rehearsal.h"
#include "finding.h"

/* In uses a second: many. */
#define SLIPWAY_BUSY 10

typedef struct SlipwayAdvisor
{
	const SlipwayRehearsal *rehearsal;
	List	   *findings;		/* of SlipwayFinding */
} SlipwayAdvisor;

/* Adds one without message, advice and severity; relation may be NULL. Opens a scope of spi.h. */
extern SlipwayFinding *slipway_advisor_add(SlipwayAdvisor *advisor, const SlipwayObserved *about,
										   const SlipwayTouched *relation, const char *code);

/* A table is worked on under a lock that others mind, or would be: "rewrites" it. */
extern SlipwayFinding *slipway_advisor_work(SlipwayAdvisor *advisor, const SlipwayObserved *about,
											const SlipwayTouched *table, LOCKMODE mode, const char *code,
											const char *what, char *advice);

/* If a table is in use: programs would not find any more what they use. */
extern void slipway_advisor_use(SlipwayAdvisor *advisor, const SlipwayObserved *about,
								const SlipwayTouched *table, const char *code, const char *what,
								char *advice);

/* Advice about the parts of ALTER TABLE, whose target counts. */
extern void slipway_advise_alter(SlipwayAdvisor *advisor, const SlipwayObserved *about);

/* The strongest lock on a relation, as far as the statement or its target tell. */
extern LOCKMODE slipway_advisor_mode(const SlipwayObserved *about, const SlipwayTouched *relation);

/* Is it that table, or a partition below it? */
extern bool slipway_advisor_is_part(const SlipwayTouched *relation, const SlipwayTouched *table);

/* The largest of some relations. */
extern const SlipwayTouched *slipway_advisor_largest(List *relations);

/* For messages: the facts of a finding's relation; a mode; what others cannot do under it. */
extern char *slipway_advisor_facts(const SlipwayFinding *finding);
extern const char *slipway_advisor_mode_name(LOCKMODE mode);
extern const char *slipway_advisor_describe_mode(LOCKMODE mode);

/* Advice in which %t is a table, and %c a name, which is quoted; NULL: dots. */
extern char *slipway_advisor_fill_in(const char *advice, const char *table, const char *name);

#endif							/* SLIPWAY_ADVISOR_H */
