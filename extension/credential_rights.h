/*
 * credential_rights.h
 *	  What the role of a project may do, and what it shall.
 *
 * A preset stands for rights in the schemas of the project. One that another project has too is not among
 * them: whatever is granted there would reach into the other project.
 */
#ifndef SLIPWAY_CREDENTIAL_RIGHTS_H
#define SLIPWAY_CREDENTIAL_RIGHTS_H

#include "credential.h"
#include "spi.h"

/* One right, in the words of GRANT. */
typedef struct SlipwayRightRow
{
	char	   *kind;			/* "TABLE", ...; "TABLES", ... for default privileges; "ROLE" for memberships and
								 * attributes */
	char	   *object;			/* quoted; of default privileges "FOR ROLE x IN SCHEMA y" */
	char	   *privilege;
	char	   *state;			/* "granted", "missing", "superfluous", "public"; to be granted: "grantable", with grant
								 * option */
	char	   *grantor;		/* NULL: not asked for */
} SlipwayRightRow;

typedef enum SlipwayRightVerb
{
	SLIPWAY_GRANT,
	SLIPWAY_REVOKE
} SlipwayRightVerb;

/* Is that one? */
extern bool slipway_rights_is_preset(const char *preset);

/* All of them, as SlipwayRightRows, ordered by kind and object. The role need not exist. Opens a scope. */
extern List *slipway_rights_compare(const SlipwayCredential *credential);

/* And those that it has as PUBLIC in schemas of other projects: "public". */
extern List *slipway_rights_public(const SlipwayCredential *credential);

/* Raises 3F000 unless there is a schema to give rights in. Opens a scope. */
extern void slipway_rights_require_schema(const SlipwayCredential *credential);

/* The statements that give the role what is missing. */
extern List *slipway_rights_statements(const SlipwayCredential *credential);

/* Runs them, as the caller; 42501 if something is missing still. */
extern void slipway_rights_grant(const SlipwayCredential *credential);

/* The rows of a query whose columns are those of SlipwayRightRow, with or without the last, in the caller's memory. Opens a scope. */
extern List *slipway_rights_query(SlipwayQuery *query, SlipwayArgs *args);

/*
 * Grants or revokes SlipwayRightRows, as the caller, or the grantor if it is known: 42501 unless the caller has its rights. Those
 * on the same object follow each other.
 */
extern void slipway_rights_change(SlipwayRightVerb verb, const List *rows, const char *role);

/* Raises 42501 if there is any left of what that was to do. */
extern void slipway_rights_require_done(SlipwayRightVerb verb, const List *left, const SlipwayCredential *credential);

/* Takes back all that the role has in this database, whoever has granted it. */
extern void slipway_rights_revoke_all(const char *role);

#endif							/* SLIPWAY_CREDENTIAL_RIGHTS_H */
