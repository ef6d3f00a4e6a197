/*
 * cmd_credential_migrate.c
 *	  slipway credential migrate
 */
#include "command.h"
#include "credential_command.h"

SlipwayExitCode
slipway_cmd_credential_migrate(const SlipwayArguments *arguments)
{
	return slipway_credential_command_each(arguments, slipway_credential_move);
}
