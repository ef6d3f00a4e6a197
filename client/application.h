/*
 * application.h
 *	  What an application finds in its environment: its own connection, and
 *	  nothing of the administrator's.
 */
#ifndef SLIPWAY_APPLICATION_H
#define SLIPWAY_APPLICATION_H

#include "option.h"
#include "target.h"

/*
 * Takes out of the environment what says how the administrator connects; what
 * libpq does from now on, it does with what the application gets. Call it once the
 * target is found.
 */
void		slipway_application_forget_admin(const SlipwayArguments *arguments);

/* Sets DATABASE_URL and libpq's variables to the application's target. */
void		slipway_application_set(const SlipwayTarget *target);

#endif
