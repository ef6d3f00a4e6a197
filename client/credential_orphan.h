/*
 * credential_orphan.h
 *	  Roles that no project claims, and secrets that no role uses.
 */
#ifndef SLIPWAY_CREDENTIAL_ORPHAN_H
#define SLIPWAY_CREDENTIAL_ORPHAN_H

#include <libpq-fe.h>

#include "credential_terms.h"

typedef struct SlipwayCredentialOrphans
{
	PGresult   *rows;			/* kind, role, project, detail; sets are among them, of kind "set" */
	SlipwaySecretSetList sets;	/* in the store, that this database has made and knows nothing of any more */
} SlipwayCredentialOrphans;

/* What fails ends the program. Without a store those of the database only. */
void		slipway_credential_orphans_find(PGconn *conn, const SlipwayCredentialTerms *terms, SlipwayCredentialOrphans *orphans);
void		slipway_credential_orphans_release(SlipwayCredentialOrphans *orphans);

SlipwaySecretFault *slipway_credential_orphan_remove(const SlipwayCredentialTerms *terms, const SlipwaySecretSet *set);

/* What a set is marked with: the database, so that a store can serve several, and the project. The caller frees it; NULL: result has the error. */
char	   *slipway_credential_orphan_mark(PGconn *conn, const char *project, PGresult **result);

#endif
