/*
 * head_start.h
 *	  Whether a connection may be begun before it is needed, and beside other
 *	  work.
 */
#ifndef SLIPWAY_HEAD_START_H
#define SLIPWAY_HEAD_START_H

#include <stdbool.h>

#include "target.h"

/*
 * False where libpq, as it is told to connect, may print something or ask for
 * something, or keeps a connect_timeout, which only its blocking functions do.
 */
bool		slipway_head_start_is_safe(const SlipwayTarget *target);

#endif
