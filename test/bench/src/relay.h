/*
 * relay.h
 *	  One connection through the proxy: two sockets, a queue for each direction,
 *	  and what has been counted on the way.
 */
#ifndef BENCH_RELAY_H
#define BENCH_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Relay Relay;

typedef struct RelayCount
{
	uint64_t	connections;
	uint64_t	login_trips;	/* round trips before the first ReadyForQuery */
	uint64_t	trips;			/* and after it */
	uint64_t	queries;		/* ReadyForQuery messages but the first */
	uint64_t	sent;			/* bytes to the server */
	uint64_t	received;		/* bytes to the client */
} RelayCount;

/*
 * Connects an accepted client to the server at a port of 127.0.0.1. Returns
 * NULL, with the client closed, if the server does not answer.
 */
extern Relay *relay_open(int client, int port, int64_t rtt, RelayCount *count);

/* Sends on what is due; false when the connection is at its end. */
extern bool relay_send(Relay *relay, int64_t now);

/* When relay_send() has something to do without an event of a socket. */
extern int64_t relay_due(const Relay *relay);

/* What to wait for on both sockets; fills two places. */
extern void relay_fill(const Relay *relay, struct pollfd *place, int64_t now);

/* Reads from the sockets that poll() found readable. */
extern void relay_receive(Relay *relay, const struct pollfd *place, int64_t now);

extern void relay_close(Relay *relay);

#endif
