/*
 * credential_grantee.h
 *	  The roles that credentials have made or adopted.
 */
#ifndef SLIPWAY_CREDENTIAL_GRANTEE_H
#define SLIPWAY_CREDENTIAL_GRANTEE_H

#include "nodes/pg_list.h"

/* As OIDs, in the current memory context. */
extern List *slipway_credential_grantees(void);

#endif							/* SLIPWAY_CREDENTIAL_GRANTEE_H */
