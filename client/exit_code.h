/*
 * exit_code.h
 *	  What the program's exit status says. The numbers are an interface:
 *	  scripts and CI jobs branch on them.
 */
#ifndef SLIPWAY_EXIT_CODE_H
#define SLIPWAY_EXIT_CODE_H

typedef enum SlipwayExitCode
{
	SLIPWAY_EXIT_DONE = 0,			/* or nothing to do */
	SLIPWAY_EXIT_ERROR = 1,
	SLIPWAY_EXIT_USAGE = 2,			/* or configuration */
	SLIPWAY_EXIT_PENDING = 3,		/* only with --exit-code */
	SLIPWAY_EXIT_INVALID = 4,		/* validation failed */
	SLIPWAY_EXIT_ROLLED_BACK = 5,	/* a migration failed */
	SLIPWAY_EXIT_STOPPED = 6,		/* a stepwise migration, part way */
	SLIPWAY_EXIT_LOCKED = 7,		/* lock not obtained in time */
	SLIPWAY_EXIT_CONNECTION = 8,
	SLIPWAY_EXIT_DRIFT = 10,
	SLIPWAY_EXIT_NOT_APPROVED = 11,
	SLIPWAY_EXIT_VERSION = 12		/* client and extension do not fit */
} SlipwayExitCode;

#endif
