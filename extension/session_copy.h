/*
 * session_copy.h
 *	  What a session is to the statements it runs, for another process to be
 *	  the same: settings, role, where its client is.
 */
#ifndef SLIPWAY_SESSION_COPY_H
#define SLIPWAY_SESSION_COPY_H

#include "lib/stringinfo.h"

/* Strings of a parcel: NULL is one, too. What is taken is part of the parcel. */
extern void slipway_session_put(StringInfo parcel, const char *text);
extern const char *slipway_session_take(StringInfo parcel);

/*
 * Adds what makes up the current session, but for its session user: the
 * settings that its client or a SET has changed (not the application_name
 * and client_encoding), SET ROLE, the client's address and application_name.
 */
extern void slipway_session_pack(StringInfo parcel);

/*
 * Takes that out of the parcel, which must last, and becomes such a session.
 * In a transaction, which makes it last with its commit. Libraries of
 * session_preload_libraries are loaded.
 */
extern void slipway_session_enter(StringInfo parcel);

#endif							/* SLIPWAY_SESSION_COPY_H */
