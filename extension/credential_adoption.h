/*
 * credential_adoption.h
 *	  A role that a credential has not made but taken: what it was before, and how it becomes that again.
 */
#ifndef SLIPWAY_CREDENTIAL_ADOPTION_H
#define SLIPWAY_CREDENTIAL_ADOPTION_H

#include "credential.h"

/*
 * Raises SW042 unless the role, which exists, may be adopted with that verifier: it is no superuser, and has just one password,
 * its own or the verifier's.
 */
extern void slipway_adoption_check(const SlipwayCredential *credential, const char *verifier);

/*
 * Notes in credential->before what the role is, unless that is known, and the schemas in which it is to get
 * rights: to be called before each time that it gets some. Opens a scope.
 */
extern void slipway_adoption_note(SlipwayCredential *credential);

/*
 * Takes back the rights that the preset has given, and puts back login, connection limit and password. What was granted
 * to the role before, or elsewhere, stays. Raises 42501 if the caller cannot.
 */
extern void slipway_adoption_undo(const SlipwayCredential *credential);

#endif							/* SLIPWAY_CREDENTIAL_ADOPTION_H */
