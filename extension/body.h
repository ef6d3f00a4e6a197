/*
 * body.h
 *	  Script bodies as they are stored.
 */
#ifndef SLIPWAY_BODY_H
#define SLIPWAY_BODY_H

#include "miscadmin.h"
#include "script.h"

/* What slipway_body_load_small() takes for small, in bytes, and how many at most. */
#define SLIPWAY_BODY_SMALL 8192
#define SLIPWAY_BODY_BATCH 1000

/* Bytes of bodies and parse trees that a session keeps so as not to make them again. */
#define SLIPWAY_BODY_ROOM (2 * (Size) maintenance_work_mem * 1024)

/*
 * Body of a stored script, or NULL; SW014 if it does not have that hash. It goes with the current memory context, or by
 * slipway_body_free().
 */
extern char *slipway_body_load(const uint8 *hash);

/* A copy for slipway_body_free(). */
extern char *slipway_body_copy(const char *body);

/* Not for pfree(): a body begins behind room for the header of a text. */
extern void slipway_body_free(char *body);

/*
 * Takes over a body that has just been stored and has that hash: it has a NUL behind it,
 * and a memory context of its own. If it is not larger than SLIPWAY_BODY_ROOM,
 * slipway_body_load() gives it away once, in this transaction or the next.
 */
extern void slipway_body_remember(text *body, const uint8 *hash);

/*
 * Bodies of n stored scripts: those that are large, or not there, are NULL, others for pfree(). Otherwise the same.
 */
extern char **slipway_body_load_small(const uint8 *const *hashes, int n);

/* Called once from _PG_init. */
extern void slipway_body_init(void);

#endif							/* SLIPWAY_BODY_H */
