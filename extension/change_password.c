/*
 * change_password.c
 *	  A role changes its own password, without a statement that the server could log.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "credential_role.h"
#include "error_code.h"
#include "guard.h"

PG_FUNCTION_INFO_V1(slipway_change_password);

/* What ALTER ROLE lets every role do; so all may call it. */
Datum
slipway_change_password(PG_FUNCTION_ARGS)
{
	char	   *verifier = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call pg_catalog.slipway_change_password()")));
	/* A function that runs as its owner must not be talked into changing the owner's. */
	if (GetUserId() != GetSessionUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a password can be changed only by the role that has logged in")));
	slipway_credential_check_verifier(verifier);
	slipway_credential_change_password(GetUserNameFromId(GetUserId(), false), verifier);
	PG_RETURN_VOID();
}
