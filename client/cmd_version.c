/*
 * cmd_version.c
 *	  slipway version
 */
#include <stdio.h>

#include "command.h"
#include "output.h"

SlipwayExitCode
slipway_cmd_version(const SlipwayArguments *arguments)
{
	(void) arguments;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s}", "version", SLIPWAY_VERSION));
	else
		(void) puts("slipway " SLIPWAY_VERSION);
	return SLIPWAY_EXIT_DONE;
}
