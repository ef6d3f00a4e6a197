/*
 * peer.h
 *	  Another process of the server: who it is and what it is doing.
 *
 * Everything comes from shared memory, so that it can be asked for where the
 * catalogs cannot be read: while this backend waits for a lock. Names and
 * rights, which are in the catalogs, are remembered before that.
 */
#ifndef SLIPWAY_PEER_H
#define SLIPWAY_PEER_H

#include "datatype/timestamp.h"
#include "miscadmin.h"

typedef struct SlipwayPeer
{
	int			pid;			/* 0: a prepared transaction, of which no more is known */
	Oid			role;			/* InvalidOid: none, as for a worker of autovacuum */
	const char *role_name;		/* NULL: not known */
	BackendType type;
	bool		wraparound;		/* a vacuum against the wraparound of transaction ids */
	TimestampTz started_at;		/* the process */
	char	   *application;
	bool		idle;			/* in a transaction that nobody works in */
	/* The rest is NULL or 0 where pg_stat_activity would not show it to the caller. */
	const char *state;			/* as there */
	TimestampTz transaction_started_at;
	char	   *query;			/* its beginning, in one line */
} SlipwayPeer;

/* Names of roles, and whose activity the user may see who asked for it. */
typedef struct SlipwayRoles SlipwayRoles;

/*
 * Of the roles that have a session now, in the current memory context; and of one
 * more, in the same. Both need the catalogs.
 */
extern SlipwayRoles *slipway_peer_roles(void);
extern void slipway_peer_learn(SlipwayRoles *roles, Oid role);

/* Reads a process, in the current memory context; false if there is none with that pid. */
extern bool slipway_peer_read(const SlipwayRoles *roles, int pid, SlipwayPeer *peer);

/* When the backend of that pid in this database was started; 0 if there is none. Pids come again. */
extern TimestampTz slipway_peer_started_at(int pid);

/* A query in one line, its end left out if it is long; NULL if it is empty or not in our encoding. */
extern char *slipway_peer_shorten(const char *query);

#endif							/* SLIPWAY_PEER_H */
