/*
 * password.c
 *	  Asks for a password on the terminal.
 */
#include "password.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "die.h"
#include "memory.h"

bool
slipway_password_can_ask(void)
{
	FILE	   *terminal = fopen("/dev/tty", "r+");

	if (terminal == NULL)
		return false;
	(void) fclose(terminal);
	return true;
}

/* A signal only has to end the read, so that the echo is restored. */
static void
note_signal(int signal_number)
{
	(void) signal_number;
}

static char *
read_line(FILE *in)
{
	char	   *line = NULL;
	size_t		size = 0;
	ssize_t		length;
	struct sigaction action = {.sa_handler = note_signal};
	struct sigaction old_int,
				old_term;

	(void) sigaction(SIGINT, &action, &old_int);
	(void) sigaction(SIGTERM, &action, &old_term);
	length = getline(&line, &size, in);
	(void) sigaction(SIGINT, &old_int, NULL);
	(void) sigaction(SIGTERM, &old_term, NULL);
	if (length < 0)
	{
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

char *
slipway_password_ask(const char *prompt)
{
	FILE	   *in = fopen("/dev/tty", "r");
	FILE	   *out = fopen("/dev/tty", "w");
	struct termios before;
	bool		is_terminal;
	char	   *password;

	if (in == NULL || out == NULL)
	{
		if (in != NULL)
			(void) fclose(in);
		if (out != NULL)
			(void) fclose(out);
		in = stdin;
		out = stderr;
	}
	is_terminal = tcgetattr(fileno(in), &before) == 0;
	if (is_terminal)
	{
		struct termios silent = before;

		silent.c_lflag &= ~(tcflag_t) ECHO;
		(void) tcsetattr(fileno(in), TCSAFLUSH, &silent);
	}
	(void) fputs(prompt, out);
	(void) fflush(out);
	password = read_line(in);
	if (is_terminal)
	{
		(void) tcsetattr(fileno(in), TCSAFLUSH, &before);
		(void) fputc('\n', out);
	}
	if (in != stdin)
	{
		(void) fclose(in);
		(void) fclose(out);
	}
	if (password == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "no password was given");
	return password;
}
