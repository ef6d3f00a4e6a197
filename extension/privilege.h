/*
 * privilege.h
 *	  Who may do what, and as whom bookkeeping is done.
 */
#ifndef SLIPWAY_PRIVILEGE_H
#define SLIPWAY_PRIVILEGE_H

typedef enum SlipwayRight
{
	SLIPWAY_READER,				/* hashes and states, not bodies */
	SLIPWAY_UPLOADER,
	SLIPWAY_APPROVER,
	SLIPWAY_DEPLOYER,
	SLIPWAY_ADMIN
} SlipwayRight;

/* Table slipway.history; 42P01 without it. */
extern Oid	slipway_history_relation(void);

/* The owner of slipway.history, as which all bookkeeping is done. */
extern Oid	slipway_bookkeeper(void);

/* The owner of any schema; an error if it is gone. */
extern Oid	slipway_owner_of_schema(Oid schema);

/* The owner of schema slipway and of the routines in it: a superuser. */
extern Oid	slipway_schema_owner(void);

/*
 * Does the current user hold the right in the project (NULL: in all)?
 * Superusers and members of the bookkeeper's role do, and admin includes
 * every other right; any right includes reader. Must not be called inside
 * a scope of spi.h.
 */
extern bool slipway_privilege_has(SlipwayRight right, const char *project);

/* The right of that name; 22023 for any other word. */
extern SlipwayRight slipway_privilege_parse(const char *kind);

/* Raises 42501 unless slipway_privilege_has(). */
extern void slipway_privilege_require(SlipwayRight right, const char *project);

#endif							/* SLIPWAY_PRIVILEGE_H */
