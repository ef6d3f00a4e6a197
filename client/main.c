/*
 * main.c
 *	  slipway, the client of pg_slipway.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "interrupt.h"

/*
 * The C library forgets why it could not write a buffer that was full: in a larger
 * one most of what is printed reaches slipway_output_flush(), which does not.
 */
static void
enlarge_buffer(void)
{
	static char buffer[64 * 1024];

	if (isatty(STDOUT_FILENO) == 0)
		(void) setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
}

int
main(int argc, char *argv[])
{
	SlipwayArguments arguments = {.values = {NULL}};

	/* a reader that went away is an error to report, not a reason to die of */
	(void) signal(SIGPIPE, SIG_IGN);
	enlarge_buffer();
	slipway_interrupt_prepare();
	slipway_option_parse(argc, argv, &arguments);
	slipway_die_exit(slipway_command_run(&arguments));
}
