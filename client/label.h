/*
 * label.h
 *	  What a deploy is told to note of itself: release, commit, ticket.
 */
#ifndef SLIPWAY_LABEL_H
#define SLIPWAY_LABEL_H

#include <jansson.h>

#include "option.h"

/*
 * The values of --label as an object of strings, or NULL without any. One that
 * is not KEY=VALUE, and a key that is there twice, end the program with
 * SLIPWAY_EXIT_USAGE.
 */
json_t	   *slipway_label_json(const SlipwayArguments *arguments);

#endif
