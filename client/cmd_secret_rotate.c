/*
 * cmd_secret_rotate.c
 *	  slipway secret rotate: a new password for a role.
 */
#include <string.h>

#include "command.h"
#include "die.h"
#include "output.h"
#include "secret_rotation.h"
#include "secret_store.h"

SlipwayExitCode
slipway_cmd_secret_rotate(const SlipwayArguments *arguments)
{
	const char *role = slipway_option_text(arguments, SLIPWAY_OPTION_ROLE);
	bool		application = role == NULL || strcmp(role, "application") == 0;
	bool		dry_run = slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN);
	SlipwaySecretStore *store = slipway_secret_store_find(arguments);

	if (store == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write --secrets barbican, or secrets = barbican in a section of slipway.conf.",
					"there is no store that has a password to change");
	if (!slipway_secret_store_keeps_policies(store))
		slipway_die(SLIPWAY_EXIT_USAGE, "Barbican is such a store: --secrets barbican.",
					"passwords in \"%s\" cannot be changed by slipway", slipway_secret_store_place(store));
	/* what was wanted is done then */
	if (!dry_run && slipway_secret_rotation_settle(arguments, application) == SLIPWAY_ROTATION_FINISHED)
		return SLIPWAY_EXIT_DONE;
	slipway_secret_rotation_run(arguments, application, dry_run);
	return SLIPWAY_EXIT_DONE;
}
