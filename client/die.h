/*
 * die.h
 *	  The one way out. Whoever detects an error says so and ends the program
 *	  here; what must be undone is on a stack of clean-up functions.
 */
#ifndef SLIPWAY_DIE_H
#define SLIPWAY_DIE_H

#include "exit_code.h"

typedef void (*SlipwayCleanUp) (void *argument);

/*
 * Prints "slipway: error: MESSAGE" and, unless hint is NULL, "hint: HINT" on
 * stderr, and with --json the same as an event on stdout, then ends the
 * program as slipway_die_exit() does.
 */
_Noreturn void slipway_die(SlipwayExitCode code, const char *hint, const char *format,...)
			__attribute__((format(printf, 3, 4)));

/*
 * Runs the clean-up functions, newest first, and exits. A stdout that could
 * not be written turns success into SLIPWAY_EXIT_ERROR.
 */
_Noreturn void slipway_die_exit(SlipwayExitCode code);

/* What slipway_die_exit() does first, once: tells somebody outside. */
void		slipway_die_set_farewell(void (*farewell) (SlipwayExitCode code));

/* Adds a function to the stack; slipway_die_pop() takes the newest off unrun. */
void		slipway_die_push(SlipwayCleanUp function, void *argument);
void		slipway_die_pop(void);

#endif
