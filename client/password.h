/*
 * password.h
 *	  Asks for a password on the terminal.
 */
#ifndef SLIPWAY_PASSWORD_H
#define SLIPWAY_PASSWORD_H

#include <stdbool.h>

/* Is there a terminal to ask on? */
bool		slipway_password_can_ask(void);

/*
 * Asks without echo, on the terminal or else on stdin, and returns the
 * answer, which the caller frees. End of file or a signal ends the program
 * with SLIPWAY_EXIT_ERROR.
 */
char	   *slipway_password_ask(const char *prompt);

#endif
