/*
 * cmd_credential_migrate.c
 *	  slipway credential migrate, and its steps: generate, create, update, validate; and the way back, rollback.
 */
#include <string.h>

#include "command.h"
#include "credential_command.h"
#include "credential_plan.h"
#include "die.h"
#include "secret_command.h"

static bool
is_dry(const SlipwayArguments *arguments)
{
	return slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN);
}

SlipwayExitCode
slipway_cmd_credential_migrate(const SlipwayArguments *arguments)
{
	return slipway_credential_command_each(arguments, is_dry(arguments) ? slipway_credential_plan_move : slipway_credential_move);
}

/* A step, as what is done with each project; what would be. */
#define STEP(name, step) \
	static void \
	do_##name(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end) \
	{ \
		slipway_credential_step(conn, terms, project, step, end); \
	} \
	static void \
	plan_##name(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end) \
	{ \
		slipway_credential_plan_step(conn, terms, project, step, end); \
	} \
	SlipwayExitCode \
	slipway_cmd_credential_##name(const SlipwayArguments *arguments) \
	{ \
		return slipway_credential_command_each(arguments, is_dry(arguments) ? plan_##name : do_##name); \
	}

STEP(generate, SLIPWAY_CREDENTIAL_GENERATE)
STEP(create, SLIPWAY_CREDENTIAL_CREATE)
STEP(update, SLIPWAY_CREDENTIAL_UPDATE)
STEP(validate, SLIPWAY_CREDENTIAL_VALIDATE)

/* A pair for each of what a rollback may be. */
#define ROLLBACK(name, function, clean_up) \
	static void \
	name(PGconn *conn, const SlipwayCredentialTerms *terms, const char *project, SlipwayCredentialEnd *end) \
	{ \
		function(conn, terms, project, clean_up, end); \
	}

ROLLBACK(do_rollback, slipway_credential_undo, false)
ROLLBACK(do_rollback_and_clean, slipway_credential_undo, true)
ROLLBACK(plan_rollback, slipway_credential_plan_undo, false)
ROLLBACK(plan_rollback_and_clean, slipway_credential_plan_undo, true)

SlipwayExitCode
slipway_cmd_credential_rollback(const SlipwayArguments *arguments)
{
	const char *owned = slipway_option_text(arguments, SLIPWAY_OPTION_OWNED);
	bool		clean_up = slipway_option_flag(arguments, SLIPWAY_OPTION_CLEANUP);

	if (is_dry(arguments))
		return slipway_credential_command_each(arguments, clean_up ? plan_rollback_and_clean : plan_rollback);
	if (owned != NULL && strcmp(owned, "drop") == 0)
		slipway_secret_command_confirm(arguments, "drop all that the roles own");
	return slipway_credential_command_each(arguments, clean_up ? do_rollback_and_clean : do_rollback);
}
