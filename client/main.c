/*
 * main.c
 *	  slipway, the client of pg_slipway.
 */
#include "command.h"
#include "die.h"

int
main(int argc, char *argv[])
{
	SlipwayArguments arguments = {.values = {NULL}};

	slipway_option_parse(argc, argv, &arguments);
	slipway_die_exit(slipway_command_run(&arguments));
}
