/*
 * cmd_wait.c
 *	  slipway wait
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "command.h"
#include "connection.h"
#include "die.h"
#include "memory.h"
#include "output.h"

#define DEFAULT_TIMEOUT_MS 60000
#define FOR_EVER_MS 1e15

/* Pauses between tries: doubled from the first to the last. */
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS 2000

static const char *
explain(PGPing state)
{
	return state == PQPING_REJECT ? "it rejects connections, as it does while it starts or stops"
		: "it does not respond";
}

static void
say_waiting(const char *place, PGPing state)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:s}", "event", "waiting", "server", place,
									  "reason", explain(state)));
	else
		slipway_output_say("waiting for the server (%s): %s", place, explain(state));
}

static void
say_ready(const char *place, double waited)
{
	char	   *duration = slipway_output_duration(waited);

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:f}", "event", "ready", "server", place,
									  "waited_ms", waited));
	else
		slipway_output_say("the server (%s) accepts connections, after %s", place, duration);
	free(duration);
}

/* False when there is no time left for another try. */
static bool
pause_for(double milliseconds, double until)
{
	double		left = until - slipway_clock_now();
	struct timespec pause;

	if (left <= 0)
		return false;
	if (milliseconds > left)
		milliseconds = left;
	pause.tv_sec = (time_t) (milliseconds / 1000);
	pause.tv_nsec = (long) ((milliseconds - (double) pause.tv_sec * 1000) * 1e6);
	(void) nanosleep(&pause, NULL);
	return true;
}

/* Asks the server until it accepts connections; returns what it is called. */
static char *
wait_for_server(const SlipwayArguments *arguments, double timeout)
{
	double		until = slipway_clock_now() + (timeout > 0 ? timeout : FOR_EVER_MS);
	double		pause = FIRST_PAUSE_MS;
	PGPing		said = PQPING_OK;

	for (;;)
	{
		double		left = until - slipway_clock_now();
		char	   *place;
		PGPing		state = slipway_connection_ping(arguments, left, &place);

		/* what was not even tried is for open() to explain */
		if (state == PQPING_OK || state == PQPING_NO_ATTEMPT)
			return place;
		/* once for each reason, not for each try */
		if (state != said)
			say_waiting(place, state);
		said = state;
		if (!pause_for(pause, until))
			slipway_die(SLIPWAY_EXIT_CONNECTION, NULL,
						"the server (%s) was not ready within %s: %s", place,
						slipway_output_duration(timeout), explain(state));
		pause = pause * 2 < LAST_PAUSE_MS ? pause * 2 : LAST_PAUSE_MS;
		free(place);
	}
}

SlipwayExitCode
slipway_cmd_wait(const SlipwayArguments *arguments)
{
	double		started_at = slipway_clock_now();
	double		timeout = slipway_option_duration(arguments, SLIPWAY_OPTION_TIMEOUT,
												  DEFAULT_TIMEOUT_MS);
	char	   *place = wait_for_server(arguments, timeout);

	(void) slipway_connection_open(arguments);
	say_ready(place, slipway_clock_now() - started_at);
	free(place);
	return SLIPWAY_EXIT_DONE;
}
