/*
 * option_value.h
 *	  What is a good value of an option.
 */
#ifndef SLIPWAY_OPTION_VALUE_H
#define SLIPWAY_OPTION_VALUE_H

#include <stdbool.h>

#include "option.h"

/* What a good value would be, as a sentence, or NULL when this one is good. */
const char *slipway_option_value_fault(const SlipwayOption *option, const char *value);

/* Reads a number of milliseconds, or one with a unit; false if it is neither. */
bool		slipway_option_value_duration(const char *text, double *milliseconds);

/* Is it one of the words of "a|b|c"? */
bool		slipway_option_value_choice(const char *text, const char *choices);

#endif
