/*
 * option_default.h
 *	  Which options slipway.conf may give a value.
 */
#ifndef SLIPWAY_OPTION_DEFAULT_H
#define SLIPWAY_OPTION_DEFAULT_H

#include <stdbool.h>

#include "option.h"

/*
 * May a section give it a value? Not what says where to connect, as url is for
 * that, and not what names the thing to do or says that nobody is to be asked.
 */
bool		slipway_option_may_default(SlipwayOptionId id);

/* Does it say where, or how, to connect? */
bool		slipway_option_is_connection(SlipwayOptionId id);

/* All of those that may, ended by SLIPWAY_OPTION_COUNT. */
const SlipwayOptionId *slipway_option_defaults(void);

#endif
