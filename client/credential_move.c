/*
 * credential_move.c
 *	  Moves one project from the role that it shares with others to one of its own.
 */
#include "credential_move.h"

#include "memory.h"

static void
refuse(SlipwayCredentialStep step, SlipwayCredentialEnd *end)
{
	*end = (SlipwayCredentialEnd) {
		.outcome = SLIPWAY_CREDENTIAL_FAILED, .step = step, .exit_code = SLIPWAY_EXIT_ERROR,
		.message = slipway_memory_copy("not built yet")
	};
}

void
slipway_credential_move(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end)
{
	(void) conn;
	(void) terms;
	(void) project;
	refuse(SLIPWAY_CREDENTIAL_GENERATE, end);
}

void
slipway_credential_step(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialStep step,
						SlipwayCredentialEnd *end)
{
	(void) conn;
	(void) terms;
	(void) project;
	refuse(step, end);
}

void
slipway_credential_undo(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, bool clean_up, SlipwayCredentialEnd *end)
{
	(void) conn;
	(void) terms;
	(void) project;
	(void) clean_up;
	refuse(SLIPWAY_CREDENTIAL_ROLLBACK, end);
}
