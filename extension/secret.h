/*
 * secret.h
 *	  Values that nobody must see: they are kept out of every message.
 *
 * While there are any, each message that leaves this backend, to its client or into the server's log, has "***" in their
 * place. The texts of statements are masked beforehand: see expand.h. Values of fewer than
 * SLIPWAY_SECRET_SHORT bytes are not looked for in messages: they could not be told from other text.
 */
#ifndef SLIPWAY_SECRET_H
#define SLIPWAY_SECRET_H

#include "utils/guc.h"

#define SLIPWAY_SECRET_SHORT 4

/* One more. */
extern void slipway_secret_add(const char *value);
extern void slipway_secret_forget_all(void);

/*
 * Takes them out of an error that was caught. One that points into such a value (inside) may be about a part of it: if it does not
 * show all of it, it says no more than where it is.
 */
extern void slipway_secret_scrub(ErrorData *error, bool inside);

/* How they are masked. */
typedef enum SlipwaySecretMask
{
	SLIPWAY_MASK_SHORT,			/* by "***" */
	SLIPWAY_MASK_BYTES,			/* by as many bytes as before */
	SLIPWAY_MASK_CHARACTERS		/* by as many characters */
} SlipwaySecretMask;

/* The text, or a copy of it without them. */
extern const char *slipway_secret_hide(const char *text, SlipwaySecretMask how);

/*
 * A script begins: inside its nest level of settings, or in the session, messages pass by here even if the
 * server's log is not to have them. It has no more of them for that.
 */
extern void slipway_secret_enter(GucAction action);

/* Before each of its statements: the one before may have had its own wishes, for the log, or for workers. */
extern void slipway_secret_before(void);

/*
 * The same while a script is only looked at: the parser may have something to say, too. Returns what slipway_secret_end()
 * takes, which is to be called also after an error.
 */
extern int	slipway_secret_begin(void);
extern void slipway_secret_end(int nest);

/* Called once from _PG_init. */
extern void slipway_secret_init(void);

#endif							/* SLIPWAY_SECRET_H */
