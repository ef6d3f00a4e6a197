/*
 * credential_session.h
 *	  Sessions that serve a project as the role which it had before.
 *
 * One role serves many projects, so it must be known which one a session is for. Its application_name may say so (see
 * column application of slipway.credential), or a lock on something in a schema of the project.
 */
#ifndef SLIPWAY_CREDENTIAL_SESSION_H
#define SLIPWAY_CREDENTIAL_SESSION_H

#include "credential.h"

typedef struct SlipwayCredentialSession
{
	int			pid;
	char	   *application;
	char	   *evidence;		/* "application_name" or "lock" */
} SlipwayCredentialSession;

/* Those that there are now; none if there is no previous role. Opens a scope. */
extern List *slipway_credential_sessions_now(const SlipwayCredential *credential);

#endif							/* SLIPWAY_CREDENTIAL_SESSION_H */
