/*
 * ignore.h
 *	  Patterns of what snapshots and differences leave out; snapshot_scope.h says what they mean.
 */
#ifndef SLIPWAY_IGNORE_H
#define SLIPWAY_IGNORE_H

#include "postgres.h"

#include "fmgr.h"

typedef struct SlipwayIgnore
{
	int			n;
	const char **patterns;
} SlipwayIgnore;

/* Those of setting slipway.ignore. */
extern SlipwayIgnore slipway_ignore_default(void);

/* Those of an argument text[], else of the setting. */
extern SlipwayIgnore slipway_ignore_argument(FunctionCallInfo fcinfo, int arg);

/* Those of a text[]; 22004 if one of them is NULL. */
extern SlipwayIgnore slipway_ignore_from_array(Datum array);

/* As the value of a text[]. */
extern Datum slipway_ignore_array(const SlipwayIgnore *ignore);

/* All of both, each once. */
extern SlipwayIgnore slipway_ignore_both(const SlipwayIgnore *one, const SlipwayIgnore *other);

#endif							/* SLIPWAY_IGNORE_H */
