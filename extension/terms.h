/*
 * terms.h
 *	  On what terms a script runs: as whom, and with which time-outs.
 */
#ifndef SLIPWAY_TERMS_H
#define SLIPWAY_TERMS_H

#include "directive.h"

typedef struct SlipwayTerms
{
	Oid			role;			/* InvalidOid: the caller */
	int			lock_timeout;	/* ms, 0: no limit */
	int			statement_timeout;
	bool		own_lock_timeout;	/* the script says so: it counts for all its statements */
} SlipwayTerms;

struct SlipwayRun;

/*
 * Those of a script of this run, whose place is pushed, into run->terms: what its directives say, else the options
 * and the project. Raises 42704 and 42501, placed, for a role that is not there, or not the caller's to take.
 */
extern void slipway_terms_set(struct SlipwayRun *run, const SlipwayDirectives *directives, SlipwayPlace *place);

/* The second of these errors, where the role is there: it may be made by a script before this one. */
extern void slipway_terms_check(const SlipwayDirectives *directives, SlipwayPlace *place);

#endif							/* SLIPWAY_TERMS_H */
