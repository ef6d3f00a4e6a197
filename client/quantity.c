/*
 * quantity.c
 *	  Sizes and numbers for people.
 */
#include "quantity.h"

#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"

char *
slipway_quantity_size(double bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
	size_t		unit = 0;

	if (bytes < 1000)
		return slipway_memory_format("%.0f %s", bytes, bytes == 1 ? "byte" : "bytes");
	/* what would be shown as 1024 of something is 1.0 of the next */
	for (bytes /= 1024; bytes >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
		bytes /= 1024;
	return slipway_memory_format(bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

char *
slipway_quantity_number(long long number)
{
	char		digits[32];
	SlipwayBuffer result = {0};
	size_t		length;

	(void) snprintf(digits, sizeof(digits), "%lld", number < 0 ? -number : number);
	length = strlen(digits);
	if (number < 0)
		slipway_buffer_add_char(&result, '-');
	for (size_t i = 0; i < length; i++)
	{
		if (i > 0 && (length - i) % 3 == 0)
			slipway_buffer_add_char(&result, ',');
		slipway_buffer_add_char(&result, digits[i]);
	}
	return slipway_buffer_take(&result);
}
