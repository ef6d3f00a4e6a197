/*
 * iso_time.h
 *	  Times as OpenStack writes them.
 */
#ifndef SLIPWAY_ISO_TIME_H
#define SLIPWAY_ISO_TIME_H

#include <time.h>

/* Reads "2026-11-22T02:22:50.979189", which is UTC, with or without a fraction and a Z. 0: it is none. */
time_t		slipway_iso_time_read(const char *text);

/* Writes "2026-11-22T02:22:50Z", or "" for 0; the caller frees it. */
char	   *slipway_iso_time_write(time_t time);

#endif
