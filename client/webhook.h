/*
 * webhook.h
 *	  Tells a web address when a run begins and how it has ended.
 */
#ifndef SLIPWAY_WEBHOOK_H
#define SLIPWAY_WEBHOOK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "option.h"

/*
 * For a command that runs scripts: from now on --webhook, if given, will be told, in the end
 * by slipway_die_exit(). A URL that is none ends the program with SLIPWAY_EXIT_USAGE, as it does where it is only
 * checked; it is not shown, as it often is a secret. What goes wrong with it later is a warning.
 */
void		slipway_webhook_check(const SlipwayArguments *arguments);
void		slipway_webhook_prepare(const SlipwayArguments *arguments, const char *action);

/*
 * The run has begun: tells so beside it. run is its number, 0 if it is not known; pending is how much
 * it has to do, negative if that is not known.
 */
void		slipway_webhook_started(long run, long pending);

/*
 * While it is mute, the end of the program is not that of the run: nobody has agreed to it yet, or
 * a worker goes on with it. Then that end is not told.
 */
void		slipway_webhook_mute(bool mute);

/* Its number, if it was not known at the beginning; how much it has done so far; the database that it is about. */
void		slipway_webhook_number(long run);
void		slipway_webhook_count(long applied, long rolled_back);
void		slipway_webhook_database(const PGconn *conn);

/* The first of the errors that are printed is told too. */
void		slipway_webhook_note_error(const char *message);

#endif
