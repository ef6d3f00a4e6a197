/*
 * credential_plan.h
 *	  What would be done with the credential of a project, shown instead.
 */
#ifndef SLIPWAY_CREDENTIAL_PLAN_H
#define SLIPWAY_CREDENTIAL_PLAN_H

#include "credential_move.h"

/*
 * As slipway_credential_move(), slipway_credential_step() and slipway_credential_undo(), but prints on stdout the statements, with *** for
 * the password and its verifier, and as comments what would be done in the store.
 */
void		slipway_credential_plan_move(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
										 SlipwayCredentialEnd *end);
void		slipway_credential_plan_step(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project,
										 SlipwayCredentialStep step, SlipwayCredentialEnd *end);
void		slipway_credential_plan_undo(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool clean_up,
										 SlipwayCredentialEnd *end);

#endif
