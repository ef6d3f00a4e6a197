/*
 * connection_error.h
 *	  What is said about connections that failed or were lost: libpq's reason
 *	  without its lines of explanation, and what that means for the user.
 */
#ifndef SLIPWAY_CONNECTION_ERROR_H
#define SLIPWAY_CONNECTION_ERROR_H

#include <libpq-fe.h>
#include <stdbool.h>

/* What a lost connection interrupts. */
typedef enum SlipwayStage
{
	SLIPWAY_STAGE_QUESTION,		/* something that can simply be done again */
	SLIPWAY_STAGE_UPLOAD,		/* a deploy that has applied nothing yet */
	SLIPWAY_STAGE_RUN,			/* a deploy that may have applied something */
	SLIPWAY_STAGE_DETACHED		/* the looking on, while the server goes on by itself */
} SlipwayStage;

/* Sets the stage that the program is in; it begins with a question. */
void		slipway_connection_error_set_stage(SlipwayStage stage);

/* What to do when the connection is lost in this stage. */
const char *slipway_connection_error_hint(void);

/*
 * The lines of a message of libpq that say what happened, one for each host
 * it tried. Sets *explained when there were others, which guess at the cause.
 * The caller frees the result.
 */
char	   *slipway_connection_error_text(const char *message, bool *explained);

/*
 * Why a server does not take a connection now, from the verbose message of the
 * failure, if it may do so later; else NULL. The caller frees it.
 */
char	   *slipway_connection_error_transient(const char *message, bool responds);

/* One line: that the connection was lost, when, and why; the caller frees it. */
char	   *slipway_connection_error_lost(const char *message);

/* Says that the connection was lost, and ends the program with SLIPWAY_EXIT_CONNECTION. */
_Noreturn void slipway_connection_error_die(const PGconn *conn);

#endif
