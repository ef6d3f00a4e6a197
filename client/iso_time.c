/*
 * iso_time.c
 *	  Times as OpenStack writes them.
 */
#include "iso_time.h"

#include <stddef.h>

#include "memory.h"

time_t
slipway_iso_time_read(const char *text)
{
	struct tm	parts = {0};
	time_t		time;

	if (text == NULL || strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) == NULL)
		return 0;
	time = timegm(&parts);
	return time > 0 ? time : 0;
}

char *
slipway_iso_time_write(time_t time)
{
	struct tm	parts;
	char		text[32];

	if (time == 0 || gmtime_r(&time, &parts) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return slipway_memory_copy("");
	return slipway_memory_copy(text);
}
