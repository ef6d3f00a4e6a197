/*
 * layout.h
 *	  What the tracking tables look like.
 *
 * They can belong to a role that is no superuser (slipway.set_owner()), and that may alter what is its own. To read a column of
 * another type as what it was would be to read memory at an address of that role's choice.
 */
#ifndef SLIPWAY_LAYOUT_H
#define SLIPWAY_LAYOUT_H

#include "utils/rel.h"

/*
 * Raises 55000 if a column of a tracking table is not of the type that the extension has made it with, or may be
 * NULL where it could not; or if what is read is not the rows of that table alone, or not all of them. Others may have been added. The table is locked.
 */
extern void slipway_layout_check(Relation table);

/* The same, of one that a query of ours uses, if it is a tracking table at all. */
extern void slipway_layout_check_used(Oid relation);

/* Called once from _PG_init. */
extern void slipway_layout_init(void);

#endif							/* SLIPWAY_LAYOUT_H */
