/*
 * activity.h
 *	  What a backend is doing, asked of the server through a connection of
 *	  its own, as the backend's is busy. Nothing here waits, and nothing here
 *	  fails: what cannot be found out is not known.
 */
#ifndef SLIPWAY_ACTIVITY_H
#define SLIPWAY_ACTIVITY_H

#include <jansson.h>
#include <libpq-fe.h>

typedef struct SlipwayActivity SlipwayActivity;

/* Of the backend with that pid, on the server of a connection and with its parameters. */
SlipwayActivity *slipway_activity_new(PGconn *conn, int pid);

/* NULL is fine. */
void		slipway_activity_free(SlipwayActivity *activity);

/*
 * Goes on asking, once a second, and returns the newest answer: the
 * statement; NULL: not known (yet). To be called every now and then. The text
 * lives until the next call.
 */
const char *slipway_activity_look(SlipwayActivity *activity);

/* Of the same answer: who is in its way, as blocked.h has it, or NULL. */
const json_t *slipway_activity_blockers(const SlipwayActivity *activity);

#endif
