/*
 * option_value.h
 *	  What is a good value of an option.
 */
#ifndef SLIPWAY_OPTION_VALUE_H
#define SLIPWAY_OPTION_VALUE_H

#include <stdbool.h>

#include "option.h"

/*
 * What a good value would be, as a sentence, or NULL when this one is good. Of
 * a flag it is a word, as variables and slipway.conf have it.
 */
const char *slipway_option_value_fault(const SlipwayOption *option, const char *value);

/* Reads a number of milliseconds, or one with a unit; false if it is neither. */
bool		slipway_option_value_duration(const char *text, double *milliseconds);

/* Reads 1 or 0, true or false, yes or no, on or off; false if it is none of them. */
bool		slipway_option_value_flag(const char *text, bool *on);

/* Is it one of the words of "a|b|c"? */
bool		slipway_option_value_choice(const char *text, const char *choices);

#endif
