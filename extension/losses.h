/*
 * losses.h
 *	  The data that a down script destroys, as far as its statements say so.
 */
#ifndef SLIPWAY_LOSSES_H
#define SLIPWAY_LOSSES_H

#include "project.h"
#include "unit.h"

typedef struct SlipwayLoss
{
	const char *action;			/* "drop table", "drop column", "truncate" or "delete" */
	char	   *relation;		/* qualified and quoted */
	char	   *column;			/* or NULL */
	double		rows;			/* of the relation; negative: not known */
	bool		exact;			/* they were counted */
} SlipwayLoss;

/*
 * A list of SlipwayLoss, in the current memory context, of tables that are there now, with what goes by
 * CASCADE of tables, schemas, types, domains and extensions, and of TRUNCATE. What functions and DO blocks do
 * is not seen. Tables are looked up and counted as the owner role of the project, if it has one, else as the caller.
 */
extern List *slipway_losses_find(const SlipwayProject *project, const char *script,
								 const SlipwayOutline *outline);

#endif							/* SLIPWAY_LOSSES_H */
