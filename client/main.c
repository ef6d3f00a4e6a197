/*
 * main.c
 *	  slipway, the client of pg_slipway.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "die.h"
#include "interrupt.h"
#include "memory.h"

/*
 * Whoever has started us may have closed some of the standard files: what is opened first would then be taken for
 * them, as a connection for the standard output. They are as useless as closed ones, and closed for the program that exec
 * becomes.
 */
static void
occupy_standard_files(void)
{
	for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
		if (fcntl(file, F_GETFD) < 0 && errno == EBADF)
			(void) open("/dev/null", (file == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

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

	occupy_standard_files();
	/* a reader that went away is an error to report, not a reason to die of */
	(void) signal(SIGPIPE, SIG_IGN);
	/* as is a file that may not grow: what was begun is to be removed */
	(void) signal(SIGXFSZ, SIG_IGN);
	enlarge_buffer();
	slipway_memory_use_for_json();
	slipway_interrupt_prepare();
	slipway_option_parse(argc, argv, &arguments);
	slipway_die_exit(slipway_command_run(&arguments));
}
