/*
 * http_retry.c
 *	  HTTP calls that are made again.
 *
 * What a server that starts again, or a network that was lost for a moment, has refused is asked for again
 * after 1/4 s, 1/2 s and 1 s, or when the server says so. Each time is a little different, so that many clients do not come
 * back at the same moment. A server that takes long for each answer gets no new try when the calls have had their time
 * already: who waits has lost patience before.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "http.h"
#include "memory.h"

#define MAX_TRIES 4
#define FIRST_PAUSE_MS 250.0
#define MAX_PAUSE_MS 10000.0
#define PATIENCE_MS 20000.0

static bool
is_to_be_repeated(const SlipwayHttpCall *call)
{
	return (call->fault != NULL && call->may_pass) || call->status == 429 || (call->status >= 500 && call->status != 501);
}

/* Between one and a half times as long as said. */
static double
spread(double pause)
{
	unsigned int number = 0;

	(void) getrandom(&number, sizeof(number), GRND_NONBLOCK);
	return pause * (1 + (number % 1000) / 2000.0);
}

static void
wait_for(double milliseconds)
{
	struct timespec time = {
		(time_t) (milliseconds / 1000), (long) (milliseconds * 1e6) % 1000000000L
	};

	while (nanosleep(&time, &time) != 0)
		;
}

/* May there be one more try, after that pause? */
static bool
is_time_left(double began_at, double pause)
{
	double		then = slipway_clock_now() + pause;

	return then - began_at < PATIENCE_MS && (slipway_http_deadline() <= 0 || then < slipway_http_deadline());
}

size_t
slipway_http_perform_patiently(SlipwayHttpClient *client, SlipwayHttpCall *calls, size_t count)
{
	double		began_at = slipway_clock_now();
	double		pause = FIRST_PAUSE_MS;
	size_t		repeated = 0;

	slipway_http_perform(client, calls, count);
	for (int try = 1; try < MAX_TRIES; try++)
	{
		size_t	   *places = slipway_memory_new((count + 1) * sizeof(size_t));
		SlipwayHttpCall *again = slipway_memory_new((count + 1) * sizeof(SlipwayHttpCall));
		double		asked = 0;
		size_t		left = 0;

		for (size_t i = 0; i < count; i++)
			if (is_to_be_repeated(&calls[i]))
			{
				asked = calls[i].retry_after > asked ? calls[i].retry_after : asked;
				places[left++] = i;
			}
		asked = spread(asked > pause ? asked : pause);
		if (left > 0 && asked <= MAX_PAUSE_MS * 1.5 && is_time_left(began_at, asked))
		{
			wait_for(asked);
			for (size_t i = 0; i < left; i++)
			{
				slipway_http_release(&calls[places[i]]);
				again[i] = calls[places[i]];
			}
			slipway_http_perform(client, again, left);
			for (size_t i = 0; i < left; i++)
				calls[places[i]] = again[i];
			repeated += left;
		}
		else
			try = MAX_TRIES;
		free(again);
		free(places);
		pause *= 2;
	}
	return repeated;
}
