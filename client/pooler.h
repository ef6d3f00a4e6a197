/*
 * pooler.h
 *	  What a pooler between this program and the server means.
 *
 * It is known by the pid that was given when connecting, which is not that of
 * the session. A run is one CALL, which stays on one server connection in any
 * pool mode; whether two statements do cannot be known. What a connection request
 * asked for may have been dropped by the pooler, or be that of somebody else.
 */
#ifndef SLIPWAY_POOLER_H
#define SLIPWAY_POOLER_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>

#include "option.h"

/*
 * How it is taken: where somebody runs scripts (a command that has --require-direct)
 * it is worth a warning, and with that option an error, SLIPWAY_EXIT_CONNECTION.
 */
typedef enum SlipwayPoolerPolicy
{
	SLIPWAY_POOLER_FINE,
	SLIPWAY_POOLER_WARN,
	SLIPWAY_POOLER_REFUSE
} SlipwayPoolerPolicy;

void		slipway_pooler_set_policy(SlipwayPoolerPolicy policy);

/*
 * Names of the settings in server options, "-c name=value ...", as an array
 * literal, which the caller frees; NULL when there are none.
 */
char	   *slipway_pooler_list_settings(const char *options);

/*
 * The greeting tells: pid and application_name of the session, and which of
 * those settings it does not have, with commas, or NULL.
 */
void		slipway_pooler_note(const PGconn *conn, const char *pid, const char *application_name,
								const char *dropped);

/* Adds to the options of a CALL what its session is not sure to have. */
void		slipway_pooler_add_options(json_t *options);

#endif
