/*
 * ignore_list.h
 *	  Patterns of objects that a difference leaves out.
 */
#ifndef SLIPWAY_IGNORE_LIST_H
#define SLIPWAY_IGNORE_LIST_H

#include "option.h"

/*
 * The patterns of --ignore, as a value of type text[] that the caller frees. NULL: none
 * were given, so that the server's setting counts.
 */
char	   *slipway_ignore_list_array(const SlipwayArguments *arguments);

/* The same of a text with commas between the patterns; those within quotation marks are no such commas. */
char	   *slipway_ignore_list_split(const char *text);

#endif
