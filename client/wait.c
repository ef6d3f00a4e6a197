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
#include "http.h"
#include "memory.h"
#include "output.h"
#include "target_renewal.h"

#define DEFAULT_TIMEOUT_MS 60000
#define FOR_EVER_MS 1e15

/* Pauses between tries: doubled from the first to the last. */
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS 2000

/* A name may lead elsewhere by then. */
#define LONGEST_TRY_MS 10000

/* So long a store may take to answer when there is hardly any time left. */
#define LEAST_ANSWER_MS 1000

/* What a store has said is not asked for anew so soon; and while the server does not respond it is after so long. */
#define RECENT_ANSWER_MS 1000
#define OLD_ANSWER_MS 10000

/* A change takes about a second. */
#define LONGEST_CHANGE_MS 10000

#define BEING_CHANGED "its password is being changed in the store"

SlipwayWait
slipway_wait_begin(const SlipwayArguments *arguments)
{
	double		timeout = slipway_option_duration(arguments, SLIPWAY_OPTION_TIMEOUT,
												  DEFAULT_TIMEOUT_MS);
	double		now = slipway_clock_now();

	srandom((unsigned int) getpid() ^ (unsigned int) (long long) (now * 1000));
	return (SlipwayWait) {
		timeout, now + (timeout > 0 ? timeout : FOR_EVER_MS), FIRST_PAUSE_MS, now
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

/* The store's answers take no longer than there is time, but for a last one. */
static void
limit_answers(SlipwayWait *wait)
{
	double		now = slipway_clock_now();
	double		least = now + LEAST_ANSWER_MS;

	wait->asked_at = now;
	slipway_http_set_deadline(wait->until > least ? wait->until : least);
}

static SlipwaySecretFault *
ask_in_time(SlipwayWait *wait, const SlipwayArguments *arguments, bool application, SlipwayTarget *target)
{
	SlipwaySecretFault *fault;

	limit_answers(wait);
	fault = slipway_target_ask(arguments, application, target);
	slipway_http_set_deadline(0);
	return fault;
}

static SlipwayRenewal
renew_in_time(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target)
{
	SlipwayRenewal renewal;

	limit_answers(wait);
	renewal = slipway_target_renew(arguments, target);
	slipway_http_set_deadline(0);
	return renewal;
}

void
slipway_wait_for_target(SlipwayWait *wait, const SlipwayArguments *arguments, bool application,
						SlipwayTarget *target)
{
	const char *store = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);
	SlipwaySecretFault *fault;
	char	   *said = NULL;

	while ((fault = ask_in_time(wait, arguments, application, target)) != NULL)
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

/*
 * One try. *reason is why there has to be another one, NULL if there need not be; the caller frees it. Sets *changed when that
 * is to be made with what the store says now.
 */
static void
try_server(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target, char **reason, bool *changed)
{
	double		left = wait->until - slipway_clock_now();
	SlipwayTry	result = slipway_connection_try(target, left < LONGEST_TRY_MS ? left : LONGEST_TRY_MS, reason);
	SlipwayRenewal renewal = SLIPWAY_RENEWAL_SAME;

	if (result == SLIPWAY_TRY_REFUSED ||
		(result == SLIPWAY_TRY_AGAIN && slipway_clock_now() - wait->asked_at > OLD_ANSWER_MS))
		renewal = renew_in_time(wait, arguments, target);
	*changed = renewal == SLIPWAY_RENEWAL_CHANGED;
	if (result == SLIPWAY_TRY_REFUSED && renewal == SLIPWAY_RENEWAL_PENDING)
		*reason = slipway_memory_copy(BEING_CHANGED);
}

char *
slipway_wait_for_server(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target)
{
	char	   *place = slipway_connection_place(target);
	char	   *said = NULL;

	for (;;)
	{
		char	   *reason;
		bool		changed;

		try_server(wait, arguments, target, &reason, &changed);
		if (changed)
		{
			free(reason);
			free(place);
			place = slipway_connection_place(target);
			continue;
		}
		if (reason == NULL)
			break;
		/* a try that was cut short finds no more than that the server has not answered yet */
		if (said != NULL && slipway_clock_now() >= wait->until)
			free(reason);
		else
			say_once(&said, "server", place, reason);
		if (!slipway_wait_pause(wait))
			slipway_die(SLIPWAY_EXIT_CONNECTION,
						strcmp(said, BEING_CHANGED) == 0 ? "If that was interrupted, \"slipway secret rotate\" settles it." : NULL,
						"the server (%s) was not ready within %s: %s", place,
						slipway_output_duration(wait->timeout), said);
	}
	free(said);
	return place;
}

bool
slipway_wait_has_changed(SlipwayWait *wait, const SlipwayArguments *arguments, SlipwayTarget *target)
{
	char	   *place = slipway_connection_place(target);
	char	   *said = NULL;
	double		began_at = slipway_clock_now();
	SlipwayRenewal renewal = SLIPWAY_RENEWAL_SAME;

	if (began_at - wait->asked_at > RECENT_ANSWER_MS)
		while ((renewal = renew_in_time(wait, arguments, target)) == SLIPWAY_RENEWAL_PENDING)
		{
			say_once(&said, "server", place, slipway_memory_copy(BEING_CHANGED));
			/* what was interrupted stays like that, and what is connected with works still */
			if (slipway_clock_now() - began_at > LONGEST_CHANGE_MS || !slipway_wait_pause(wait))
				break;
		}
	free(said);
	free(place);
	return renewal == SLIPWAY_RENEWAL_CHANGED;
}
