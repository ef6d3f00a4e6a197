/*
 * delay_proxy.c
 *	  A TCP proxy on 127.0.0.1 that adds a fixed round-trip time to connections to
 *	  a PostgreSQL server, and counts what passes.
 *
 *	  delay_proxy SERVER-PORT RTT-IN-MICROSECONDS
 *
 * Each chunk is held for half of the time, in either direction; the first of a
 * connection for the whole time more, in place of TCP's handshake. There is no
 * loss and no limit of bandwidth.
 *
 * It prints the port on which it listens, and when SIGTERM ends it, the numbers
 * of RelayCount in a line. It follows the protocol, so TLS must be off.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "relay.h"

#define MAX_RELAYS 256

/*
 * A sleep ends late by more than a timer's slack on a busy machine. So it is cut
 * short by this much, and the rest is spent polling.
 */
#define AWAKE_US 200

static Relay *relays[MAX_RELAYS];
static int	relay_count;
static RelayCount count;
static volatile sig_atomic_t stopped;

static void
on_signal(int signal_number)
{
	(void) signal_number;
	stopped = 1;
}

static int64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Listens on a free port and says on which. */
static int
start_listening(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t	size = sizeof(address);
	int			fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) != 0 || listen(fd, 128) != 0 ||
		getsockname(fd, (struct sockaddr *) &address, &size) != 0)
	{
		perror("delay_proxy: could not listen");
		exit(1);
	}
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void
send_due(void)
{
	int64_t		now = clock_us();
	int			kept = 0;

	for (int i = 0; i < relay_count; i++)
	{
		if (relay_send(relays[i], now))
			relays[kept++] = relays[i];
		else
			relay_close(relays[i]);
	}
	relay_count = kept;
}

/* Waits for an event of a socket, or until something is due. */
static int
wait_for_work(struct pollfd *places, int listener)
{
	int64_t		now = clock_us();
	int64_t		due = INT64_MAX;
	nfds_t		size = 1 + 2 * (nfds_t) relay_count;
	struct timespec timeout;

	places[0] = (struct pollfd) {.fd = relay_count < MAX_RELAYS ? listener : -1,.events = POLLIN};
	for (int i = 0; i < relay_count; i++)
	{
		relay_fill(relays[i], &places[1 + 2 * i], now);
		/* what is due and still here waits for its socket, not for the clock */
		if (relay_due(relays[i]) > now && relay_due(relays[i]) < due)
			due = relay_due(relays[i]);
	}
	if (due == INT64_MAX)
		return ppoll(places, size, NULL, NULL);
	due -= now + AWAKE_US;
	if (due < 0)
		due = 0;
	timeout.tv_sec = due / 1000000;
	timeout.tv_nsec = due % 1000000 * 1000;
	return ppoll(places, size, &timeout, NULL);
}

static void
accept_client(int listener, int port, int64_t rtt)
{
	int			client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	Relay	   *relay;

	if (client < 0)
		return;
	relay = relay_open(client, port, rtt, &count);
	if (relay != NULL)
		relays[relay_count++] = relay;
}

static void
serve(int port, int64_t rtt)
{
	static struct pollfd places[1 + 2 * MAX_RELAYS];
	int			listener = start_listening();

	while (!stopped)
	{
		int64_t		now;
		int			polled;

		send_due();
		polled = relay_count;
		if (wait_for_work(places, listener) <= 0)
			continue;
		now = clock_us();
		for (int i = 0; i < polled; i++)
			relay_receive(relays[i], &places[1 + 2 * i], now);
		if (places[0].revents != 0)
			accept_client(listener, port, rtt);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (argc != 3)
	{
		fprintf(stderr, "usage: delay_proxy SERVER-PORT RTT-IN-MICROSECONDS\n");
		return 2;
	}
	(void) prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	serve(atoi(argv[1]), atoll(argv[2]));
	printf("%llu %llu %llu %llu %llu %llu\n",
		   (unsigned long long) count.connections, (unsigned long long) count.login_trips,
		   (unsigned long long) count.trips, (unsigned long long) count.queries,
		   (unsigned long long) count.sent, (unsigned long long) count.received);
	return 0;
}
