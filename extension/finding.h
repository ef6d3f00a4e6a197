/*
 * finding.h
 *	  What is to be said about a statement of a rehearsal, and how bad it is.
 */
#ifndef SLIPWAY_FINDING_H
#define SLIPWAY_FINDING_H

#include "observed.h"

typedef enum SlipwaySeverity
{
	SLIPWAY_NOTE,
	SLIPWAY_WARNING,
	SLIPWAY_DANGER
} SlipwaySeverity;

#define SLIPWAY_SEVERITIES 3

typedef struct SlipwayFinding
{
	SlipwaySeverity severity;
	const char *code;
	const SlipwayObserved *about;
	const SlipwayTouched *relation; /* or NULL */
	double		uses_per_second;	/* of it; -1: not known */
	char	   *message;
	char	   *advice;
} SlipwayFinding;

/* How often a table is used, by the statistics; -1: not known. Opens a scope of spi.h. */
extern double slipway_finding_uses(const SlipwayTouched *table);

/* "public.t (1200 MB, 8000000 rows, about 40 uses a second)" */
extern char *slipway_finding_facts(const SlipwayTouched *table, double uses);

/* How bad it is that nobody may write, or even read, a table for so long, or longer where it is larger; NULL: it is not. */
extern SlipwaySeverity slipway_finding_severity(const SlipwayTouched *table, double uses, double ms);

extern void slipway_finding_report(const SlipwayFinding *finding);

#endif							/* SLIPWAY_FINDING_H */
