/*
 * main.c
 *	  slipway, the client of pg_slipway.
 */
#include <signal.h>

#include "command.h"
#include "die.h"
#include "interrupt.h"

int
main(int argc, char *argv[])
{
	SlipwayArguments arguments = {.values = {NULL}};

	/* a reader that went away is an error to report, not a reason to die of */
	(void) signal(SIGPIPE, SIG_IGN);
	slipway_interrupt_prepare();
	slipway_option_parse(argc, argv, &arguments);
	slipway_die_exit(slipway_command_run(&arguments));
}
