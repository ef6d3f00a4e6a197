/*
 * cmd_help.c
 *	  slipway help
 */
#include "command.h"
#include "help.h"

SlipwayExitCode
slipway_cmd_help(const SlipwayArguments *arguments)
{
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_MARKDOWN))
		slipway_help_print_markdown(stdout);
	else if (slipway_option_flag(arguments, SLIPWAY_OPTION_MAN))
		slipway_help_print_man(stdout);
	else if (arguments->word_count > 1)
		slipway_help_print_command(stdout, slipway_command_find(arguments->words[1]));
	else
		slipway_help_print(stdout);
	return SLIPWAY_EXIT_DONE;
}
