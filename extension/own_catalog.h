/*
 * own_catalog.h
 *	  What catalogs say of slipway's own objects, while scripts write into catalogs.
 *
 * No hook tells which rows an UPDATE of pg_trigger or pg_class, which a superuser may do, will change. So the
 * rows about slipway's own objects are looked at before the first such statement and behind it.
 */
#ifndef SLIPWAY_OWN_CATALOG_H
#define SLIPWAY_OWN_CATALOG_H

/* A script is about to write into a table: remembers what there is, if that is a catalog. */
extern void slipway_own_catalog_write(Oid relid);

/* Raises SW017 if it is not as it was before the first such write. Costs nothing where there was none. */
extern void slipway_own_catalog_check(void);

/* After it was checked, slipway itself has changed something, called for by a script. */
extern void slipway_own_catalog_changed(void);

/* Forgets it: another unit begins, or nothing can be looked at any more. */
extern void slipway_own_catalog_forget(void);

#endif							/* SLIPWAY_OWN_CATALOG_H */
