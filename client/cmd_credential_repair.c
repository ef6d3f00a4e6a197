/*
 * cmd_credential_repair.c
 *	  slipway credential repair
 */
#include "command.h"
#include "credential_command.h"

SlipwayExitCode
slipway_cmd_credential_repair(const SlipwayArguments *arguments)
{
	return slipway_credential_command_each(arguments, slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN) ? slipway_credential_plan_repair
										   : slipway_credential_repair);
}
