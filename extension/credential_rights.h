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

/* One right, in the words of GRANT. */
typedef struct SlipwayRightRow
{
	char	   *kind;			/* "TABLE", ...; "TABLES", ... for default privileges; "ROLE" for memberships and
								 * attributes */
	char	   *object;			/* quoted; of default privileges "FOR ROLE x IN SCHEMA y" */
	char	   *privilege;
	char	   *state;			/* "granted", "missing", "superfluous", "public" */
} SlipwayRightRow;

/* Is that one? */
extern bool slipway_rights_is_preset(const char *preset);

/* All of them, as SlipwayRightRows, ordered by kind and object. The role need not exist. Opens a scope. */
extern List *slipway_rights_compare(const SlipwayCredential *credential);

/* Raises 3F000 unless there is a schema to give rights in. Opens a scope. */
extern void slipway_rights_require_schema(const SlipwayCredential *credential);

/* The statements that give the role what is missing. */
extern List *slipway_rights_statements(const SlipwayCredential *credential);

/* Runs them, as the caller; 42501 if something is missing still. */
extern void slipway_rights_grant(const SlipwayCredential *credential);

/* What it has of the rights of the preset, as a JSON array. */
extern char *slipway_rights_granted(const SlipwayCredential *credential);

/* Takes back what the preset gives, but for what was there before (credential->before). */
extern void slipway_rights_revoke(const SlipwayCredential *credential);

/* Takes back all that the role has in this database. */
extern void slipway_rights_revoke_all(const char *role);

#endif							/* SLIPWAY_CREDENTIAL_RIGHTS_H */
