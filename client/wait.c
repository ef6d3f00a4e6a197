/*
 * wait.c
 *	  Waits for a server.
 */
#include "wait.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "die.h"
#include "memory.h"
#include "output.h"

#define DEFAULT_TIMEOUT_MS 60000
#define FOR_EVER_MS 1e15

/* Pauses between tries: doubled from the first to the last. */
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS 2000

/* A name may lead elsewhere by then. */
#define LONGEST_TRY_MS 10000

SlipwayWait
slipway_wait_begin(const SlipwayArguments *arguments)
{
	double		timeout = slipway_option_duration(arguments, SLIPWAY_OPTION_TIMEOUT,
												  DEFAULT_TIMEOUT_MS);
	double		now = slipway_clock_now();

	srandom((unsigned int) getpid() ^ (unsigned int) (long long) (now * 1000));
	return (SlipwayWait) {
		timeout, now + (timeout > 0 ? timeout : FOR_EVER_MS), FIRST_PAUSE_MS
	};
}

bool
slipway_wait_pause(SlipwayWait *wait)
{
	double		left = wait->until - slipway_clock_now();
	double		milliseconds = wait->pause * (0.5 + (double) random() / RAND_MAX / 2);
	struct timespec pause;

	if (left <= 0)
		return false;
	if (milliseconds > left)
		milliseconds = left;
	pause.tv_sec = (time_t) (milliseconds / 1000);
	pause.tv_nsec = (long) ((milliseconds - (double) pause.tv_sec * 1000) * 1e6);
	(void) nanosleep(&pause, NULL);
	wait->pause = wait->pause * 2 < LAST_PAUSE_MS ? wait->pause * 2 : LAST_PAUSE_MS;
	return true;
}

/* The server, or the store: what is the key of an event. */
static void
say_waiting(const char *what, const char *place, const char *reason)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:o}", "event", "waiting", what, place,
									  "reason", slipway_output_json_text(reason)));
	else
		slipway_output_say("waiting for the %s (%s): %s", what, place, reason);
}

/* But for numbers: how long a try took differs. */
static bool
is_same(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	while (*a != '\0' && *a == *b)
	{
		a += strspn(a + 1, digits) + 1;
		b += strspn(b + 1, digits) + 1;
	}
	return *a == *b;
}

/* Once for each reason, not for each try. Takes it over, and frees the one before. */
static void
say_once(char **said, const char *what, const char *place, char *reason)
{
	if (*said == NULL || !is_same(reason, *said))
		say_waiting(what, place, reason);
	free(*said);
	*said = reason;
}

void
slipway_wait_for_target(SlipwayWait *wait, const SlipwayArguments *arguments, bool application,
						SlipwayTarget *target)
{
	const char *store = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);
	SlipwaySecretFault *fault;
	char	   *said = NULL;

	while ((fault = slipway_target_ask(arguments, application, target)) != NULL)
	{
		if (fault->kind != SLIPWAY_SECRET_FAULT_UNREACHABLE)
			slipway_secret_fault_check(fault);
		say_once(&said, "store", store, slipway_memory_copy(fault->text));
		if (!slipway_wait_pause(wait))
			slipway_die(SLIPWAY_EXIT_CONNECTION, fault->hint, "the store (%s) was not ready within %s: %s", store,
						slipway_output_duration(wait->timeout), fault->text);
		slipway_secret_fault_free(fault);
	}
	free(said);
	/* for the server, the pauses begin anew */
	wait->pause = FIRST_PAUSE_MS;
}

char *
slipway_wait_for_server(SlipwayWait *wait, const SlipwayTarget *target)
{
	char	   *place = slipway_connection_place(target);
	char	   *said = NULL;

	for (;;)
	{
		double		left = wait->until - slipway_clock_now();
		char	   *reason;

		if (slipway_connection_try(target, left < LONGEST_TRY_MS ? left : LONGEST_TRY_MS,
								   &reason) != SLIPWAY_TRY_AGAIN)
			break;
		/* a try that was cut short finds no more than that the server has not answered yet */
		if (said != NULL && slipway_clock_now() >= wait->until)
			free(reason);
		else
			say_once(&said, "server", place, reason);
		if (!slipway_wait_pause(wait))
			slipway_die(SLIPWAY_EXIT_CONNECTION, NULL,
						"the server (%s) was not ready within %s: %s", place,
						slipway_output_duration(wait->timeout), said);
	}
	free(said);
	return place;
}
