/*
 * interrupt.c
 *	  Signals that ask the program to stop. The handler writes to a pipe, so
 *	  that a poll() wakes up however close to it the signal comes.
 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

#define SIGNAL_COUNT (sizeof(signals) / sizeof(signals[0]))

static int	ends[2] = {-1, -1};
static struct sigaction before[SIGNAL_COUNT];	/* set while watching */
static bool watching = false;
static const char *last_words;

static void
note_signal(int signal_number)
{
	int			saved = errno;
	ssize_t		written = write(ends[1], "!", 1);

	(void) signal_number;
	(void) written;				/* a full pipe says as much */
	errno = saved;
}

static void
leave_program(int signal_number)
{
	ssize_t		written = write(STDERR_FILENO, last_words, strlen(last_words));

	(void) signal_number;
	(void) written;
	_exit(SLIPWAY_EXIT_ERROR);
}

static void
end_program(int signal_number)
{
	_exit(128 + signal_number);
}

void
slipway_interrupt_prepare(void)
{
	struct sigaction action = {.sa_handler = end_program};
	struct sigaction current;

	if (getpid() != 1)
		return;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (sigaction(signals[i], NULL, &current) == 0 && current.sa_handler == SIG_DFL)
			(void) sigaction(signals[i], &action, NULL);
}

/* nohup and background shells ignore some on purpose: those stay so. */
static void
set_handler(void (*handler) (int signal_number))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (before[i].sa_handler != SIG_IGN)
			(void) sigaction(signals[i], &action, NULL);
}

void
slipway_interrupt_leave(const char *message)
{
	last_words = message;
	set_handler(leave_program);
}

int
slipway_interrupt_watch(void)
{
	if (ends[0] < 0 && pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not make a pipe: %s", strerror(errno));
	for (size_t i = 0; i < SIGNAL_COUNT && !watching; i++)
		(void) sigaction(signals[i], NULL, &before[i]);
	watching = true;
	set_handler(note_signal);
	return ends[0];
}

void
slipway_interrupt_unwatch(void)
{
	if (!watching)
		return;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		(void) sigaction(signals[i], &before[i], NULL);
	watching = false;
}

void
slipway_interrupt_ignore(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		(void) sigaction(signals[i], &action, NULL);
	watching = false;
	for (int i = 0; i < 2; i++)
	{
		if (ends[i] >= 0)
			(void) close(ends[i]);
		ends[i] = -1;
	}
}

bool
slipway_interrupt_arrived(void)
{
	char		bytes[16];
	bool		arrived = false;

	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		arrived = true;
	return arrived;
}
