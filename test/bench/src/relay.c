/*
 * relay.c
 *	  One connection through the proxy.
 *
 * A round trip is counted when the client begins to send after it has been
 * handed something from the server, or for the first time: it may have waited.
 * A client that sends on while answers come in (pipelining) is counted more
 * often than it waits, never less.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "queue.h"
#include "relay.h"

#define CHUNK_SIZE 65536
#define QUEUE_LIMIT ((size_t) 256 * 1024 * 1024)
#define HEADER_SIZE 5			/* a message's type and length */
#define TERMINATE_SIZE 5		/* of the message that ends a session */

enum
{
	CLIENT,
	SERVER
};

/* The direction named by where it comes from. */
typedef struct Direction
{
	Queue		queue;
	bool		at_end;			/* no more to read */
	bool		shut;			/* and the other side knows */
} Direction;

struct Relay
{
	int			fd[2];
	Direction	from[2];
	RelayCount *count;
	int64_t		rtt;
	bool		has_sent;		/* the client */
	bool		server_spoke;	/* since the client sent last */
	bool		logged_in;		/* the first ReadyForQuery has come */
	uint32_t	skip;			/* bytes of the server's message still to come */
	unsigned char header[HEADER_SIZE];
	int			header_size;
};

static int
connect_to(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t) port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) != 0)
	{
		close(fd);
		fd = -1;
	}
	return fd;
}

static void
send_at_once(int fd)
{
	int			on = 1;

	(void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

Relay *
relay_open(int client, int port, int64_t rtt, RelayCount *count)
{
	int			server = connect_to(port);
	Relay	   *relay = server >= 0 ? calloc(1, sizeof(Relay)) : NULL;

	if (relay == NULL)
	{
		perror("delay_proxy: no connection to the server");
		if (server >= 0)
			close(server);
		close(client);
		return NULL;
	}
	send_at_once(client);
	send_at_once(server);
	relay->fd[CLIENT] = client;
	relay->fd[SERVER] = server;
	relay->rtt = rtt;
	relay->count = count;
	count->connections++;
	return relay;
}

bool
relay_send(Relay *relay, int64_t now)
{
	for (int side = CLIENT; side <= SERVER; side++)
	{
		Direction  *from = &relay->from[side];
		ssize_t		sent = queue_flush(&from->queue, relay->fd[1 - side], now);

		if (sent < 0)
			return false;
		if (side == SERVER && sent > 0)
			relay->server_spoke = true;
		if (from->at_end && from->queue.head == NULL && !from->shut)
		{
			shutdown(relay->fd[1 - side], SHUT_WR);
			from->shut = true;
		}
	}
	return !(relay->from[CLIENT].shut && relay->from[SERVER].shut);
}

int64_t
relay_due(const Relay *relay)
{
	int64_t		client = queue_due(&relay->from[CLIENT].queue);
	int64_t		server = queue_due(&relay->from[SERVER].queue);

	return client < server ? client : server;
}

void
relay_fill(const Relay *relay, struct pollfd *place, int64_t now)
{
	for (int side = CLIENT; side <= SERVER; side++)
	{
		const Direction *in = &relay->from[side];
		short		events = 0;

		if (!in->at_end && in->queue.size < QUEUE_LIMIT)
			events |= POLLIN;
		/* what is due and still here did not fit into the socket */
		if (queue_due(&relay->from[1 - side].queue) <= now)
			events |= POLLOUT;
		/* a negative descriptor is not polled, not even for its end */
		place[side] = (struct pollfd) {.fd = events != 0 ? relay->fd[side] : -1,.events = events};
	}
}

/* The header of a message of the server is complete. */
static void
note_message(Relay *relay)
{
	const unsigned char *header = relay->header;
	uint32_t	length = ((uint32_t) header[1] << 24) | ((uint32_t) header[2] << 16) |
		((uint32_t) header[3] << 8) | header[4];

	if (header[0] == 'Z' && relay->logged_in)
		relay->count->queries++;
	else if (header[0] == 'Z')
		relay->logged_in = true;
	relay->skip = length >= 4 ? length - 4 : 0;
	relay->header_size = 0;
}

static void
follow_messages(Relay *relay, const unsigned char *data, size_t size)
{
	while (size > 0)
	{
		size_t		step = relay->skip < size ? relay->skip : size;

		data += step;
		size -= step;
		relay->skip -= (uint32_t) step;
		if (size == 0)
			break;
		relay->header[relay->header_size++] = *data++;
		size--;
		if (relay->header_size == HEADER_SIZE)
			note_message(relay);
	}
}

/* Counts the round trip that the client's bytes begin, if they do. */
static void
follow_client(Relay *relay, const unsigned char *data, size_t size)
{
	bool		goodbye = size == TERMINATE_SIZE && data[0] == 'X';

	if (!relay->has_sent || (relay->server_spoke && !goodbye))
	{
		if (relay->logged_in)
			relay->count->trips++;
		else
			relay->count->login_trips++;
	}
	relay->has_sent = true;
	relay->server_spoke = false;
}

static void
take(Relay *relay, int side, const unsigned char *data, size_t size, int64_t now)
{
	int64_t		due = now + relay->rtt / 2;

	if (side == CLIENT)
	{
		/* the handshake of TCP, which has cost nothing, comes with the first bytes */
		if (!relay->has_sent)
			due += relay->rtt;
		relay->count->sent += size;
		follow_client(relay, data, size);
	}
	else
	{
		relay->count->received += size;
		follow_messages(relay, data, size);
	}
	queue_push(&relay->from[side].queue, data, size, due);
}

void
relay_receive(Relay *relay, const struct pollfd *place, int64_t now)
{
	static unsigned char data[CHUNK_SIZE];

	for (int side = CLIENT; side <= SERVER; side++)
	{
		ssize_t		size;

		if ((place[side].revents & (POLLIN | POLLHUP | POLLERR)) == 0 || relay->from[side].at_end)
			continue;
		size = recv(relay->fd[side], data, sizeof(data), MSG_DONTWAIT);
		if (size > 0)
			take(relay, side, data, (size_t) size, now);
		else if (size == 0 || (errno != EAGAIN && errno != EINTR))
			relay->from[side].at_end = true;
	}
}

void
relay_close(Relay *relay)
{
	for (int side = CLIENT; side <= SERVER; side++)
	{
		close(relay->fd[side]);
		queue_clear(&relay->from[side].queue);
	}
	free(relay);
}
