/*
 * role_password.h
 *	  The password of the role that a connection has logged in as, in the server.
 *
 * The server gets a verifier only, and where the extension is there by a function call that no log has. Else it
 * is a statement, which the server may log: that is switched off for it as far as the role may.
 *
 * All connections of a role are kept apart by advisory locks of transactions, so that a pooler does not part lock and work;
 * what holds them in other databases of the server counts too.
 */
#ifndef SLIPWAY_ROLE_PASSWORD_H
#define SLIPWAY_ROLE_PASSWORD_H

#include <libpq-fe.h>
#include <stdbool.h>

/* A SCRAM-SHA-256 verifier of the password, a secret block; NULL if there is none. */
char	   *slipway_role_password_verifier(PGconn *conn, const char *password);

/* The verifier that the role has, if it may read it, else one of the password of the connection: for going back. NULL: no answer. */
char	   *slipway_role_password_current(PGconn *conn);

/* Begins a transaction that keeps others from changing the password. False if somebody else does that. */
bool		slipway_role_password_lock(PGconn *conn);

/*
 * Is a change under way still, by a server that has not noticed that nobody waits for it? The caller has the lock, so that no
 * other one begins.
 */
bool		slipway_role_password_is_changing(PGconn *conn);

/* What would write a verifier to the server's log, "log_statement = all", which the caller frees; NULL: nothing would. */
char	   *slipway_role_password_leak(PGconn *conn);

/*
 * Gives the role the verifier. Returns why that did not work, which the caller frees, or NULL. Where it leaks that is refused
 * unless leak is true. If the connection is not good afterwards it may have been done, or be done later.
 */
char	   *slipway_role_password_set(PGconn *conn, const char *verifier, bool leak);

#endif
