/*
 * credential_check.h
 *	  Is all well with the role of a project?
 */
#ifndef SLIPWAY_CREDENTIAL_CHECK_H
#define SLIPWAY_CREDENTIAL_CHECK_H

#include "credential.h"

typedef struct SlipwayCredentialFinding
{
	const char *what;			/* "missing right", ... */
	char	   *object;
	char	   *detail;
} SlipwayCredentialFinding;

/* What is not as it should be, as SlipwayCredentialFindings. Opens scopes. */
extern List *slipway_credential_findings(const SlipwayCredential *credential);

/* Raises SW044, with a list, if there is any. */
extern void slipway_credential_require_sound(const SlipwayCredential *credential);

#endif							/* SLIPWAY_CREDENTIAL_CHECK_H */
