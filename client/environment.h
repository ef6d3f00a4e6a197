/*
 * environment.h
 *	  The environment of --env: what a section of slipway.conf adds to a
 *	  command line.
 */
#ifndef SLIPWAY_ENVIRONMENT_H
#define SLIPWAY_ENVIRONMENT_H

#include "option.h"

/*
 * Reads the file of --config if --env or --config is given, keeps the section
 * in the arguments for who connects, and fills in its defaults of general
 * options and of those in a list that ends in SLIPWAY_OPTION_COUNT, unless
 * the command line or a variable has them. Call it once those are read.
 * Errors end the program with SLIPWAY_EXIT_USAGE.
 */
void		slipway_environment_apply(SlipwayArguments *arguments, const SlipwayOptionId *ids);

/*
 * Does the section have "rehearse = allow", and is it the one that says where to connect to, or at
 * least no option that does?
 */
bool		slipway_environment_allows_rehearsal(const SlipwayArguments *arguments);

#endif
