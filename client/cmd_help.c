/*
 * cmd_help.c
 *	  slipway help
 */
#include "command.h"
#include "die.h"
#include "help.h"

static void
print_command(const SlipwayArguments *arguments)
{
	size_t		used;
	const SlipwayCommand *command = slipway_command_find(arguments->words + 1, arguments->word_count - 1, &used);

	if (used < arguments->word_count - 1)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write slipway help [COMMAND].", "superfluous argument \"%s\"",
					arguments->words[1 + used]);
	slipway_help_print_command(stdout, command);
}

SlipwayExitCode
slipway_cmd_help(const SlipwayArguments *arguments)
{
	if (slipway_option_flag(arguments, SLIPWAY_OPTION_MARKDOWN))
		slipway_help_print_markdown(stdout);
	else if (slipway_option_flag(arguments, SLIPWAY_OPTION_MAN))
		slipway_help_print_man(stdout);
	else if (arguments->word_count > 1)
		print_command(arguments);
	else
		slipway_help_print(stdout);
	return SLIPWAY_EXIT_DONE;
}
