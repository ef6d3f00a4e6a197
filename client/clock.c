/*
 * clock.c
 *	  Time that passes.
 */
#include "clock.h"

#include <time.h>

double
slipway_clock_now(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec * 1000 + (double) now.tv_nsec / 1e6;
}
