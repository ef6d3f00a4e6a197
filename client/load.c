/*
 * load.c
 *	  What many connections at a time feel.
 *
 * A thread for each connection: libpq allows that as long as no two share one. They
 * allocate with malloc() and never end the program; that is for the main thread.
 */
#include "load.h"

#include <jansson.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connection.h"
#include "die.h"
#include "memory.h"
#include "whole_file.h"

/* Each connection is kept for a part of the time, with a query every so often. */
#define ROUNDS 10
#define PAUSE_MS 10

typedef struct Samples
{
	double	   *values;
	size_t		count;
	size_t		room;
} Samples;

typedef struct Worker
{
	const SlipwayTarget *target;
	double		until;
	double		hold;			/* how long it keeps a connection, ms */
	pthread_t	thread;
	Samples		acquire;
	Samples		query;
	long		failures;
	char	   *fault;			/* the first, as libpq says it */
} Worker;

static bool
add_sample(Samples *samples, double value)
{
	if (samples->count == samples->room)
	{
		size_t		room = samples->room > 0 ? samples->room * 2 : 256;
		double	   *values = realloc(samples->values, room * sizeof(double));

		if (values == NULL)
			return false;
		samples->values = values;
		samples->room = room;
	}
	samples->values[samples->count++] = value;
	return true;
}

static void
rest(void)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	(void) nanosleep(&pause, NULL);
}

static bool
ask(Worker *worker, PGconn *conn)
{
	double		begun_at = slipway_clock_now();
	PGresult   *result = PQexec(conn, "SELECT 1");
	bool		good = PQresultStatus(result) == PGRES_TUPLES_OK;

	PQclear(result);
	return good && add_sample(&worker->query, slipway_clock_now() - begun_at);
}

/* One round: connect, ask now and then, leave. */
static void
take_round(Worker *worker)
{
	double		begun_at = slipway_clock_now();
	PGconn	   *conn = slipway_connection_plain(worker->target);
	bool		good = PQstatus(conn) == CONNECTION_OK &&
		add_sample(&worker->acquire, slipway_clock_now() - begun_at);

	do
	{
		good = good && ask(worker, conn);
		/* also where it is refused: that would happen thousands of times */
		rest();
	} while (good && slipway_clock_now() < begun_at + worker->hold);
	if (!good)
	{
		worker->failures++;
		if (worker->fault == NULL)
			worker->fault = strdup(PQerrorMessage(conn));
	}
	PQfinish(conn);
}

static void *
work(void *argument)
{
	Worker	   *worker = argument;

	do
		take_round(worker);
	while (slipway_clock_now() < worker->until);
	return NULL;
}

static int
compare_doubles(const void *left, const void *right)
{
	double		a = *(const double *) left;
	double		b = *(const double *) right;

	return (a > b) - (a < b);
}

/* The smallest value that so many of a hundred do not exceed (nearest rank). */
static double
find_rank(const Samples *samples, size_t percent)
{
	return samples->count > 0 ? samples->values[(samples->count * percent + 99) / 100 - 1] : 0;
}

static SlipwayPercentiles
find_percentiles(Samples *samples)
{
	if (samples->count > 0)
		qsort(samples->values, samples->count, sizeof(double), compare_doubles);
	return (SlipwayPercentiles) {
		find_rank(samples, 50), find_rank(samples, 95), find_rank(samples, 99)
	};
}

static void
append(Samples *all, const Samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		if (!add_sample(all, samples->values[i]))
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "out of memory");
}

/* Takes over what a worker has. */
static void
gather(SlipwayLoad *load, Worker *worker, Samples *acquire, Samples *query)
{
	append(acquire, &worker->acquire);
	append(query, &worker->query);
	load->failures += worker->failures;
	if (load->fault == NULL && worker->fault != NULL)
		load->fault = slipway_target_scrub(worker->target, worker->fault);
	free(worker->acquire.values);
	free(worker->query.values);
	free(worker->fault);
}

SlipwayLoad
slipway_load_run(const SlipwayTarget *target, int connections, double duration)
{
	SlipwayLoad load = {.connections = connections,.duration = duration};
	Worker	   *workers = slipway_memory_new((size_t) connections * sizeof(Worker));
	Samples		acquire = {0};
	Samples		query = {0};
	double		until = slipway_clock_now() + duration;

	for (int i = 0; i < connections; i++)
	{
		workers[i].target = target;
		workers[i].until = until;
		workers[i].hold = duration / ROUNDS;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			slipway_die(SLIPWAY_EXIT_ERROR, "Ask for less with --load.", "could not start %d threads", connections);
	}
	for (int i = 0; i < connections; i++)
	{
		(void) pthread_join(workers[i].thread, NULL);
		gather(&load, &workers[i], &acquire, &query);
	}
	load.count = (long) acquire.count;
	load.acquire = find_percentiles(&acquire);
	load.query = find_percentiles(&query);
	free(acquire.values);
	free(query.values);
	free(workers);
	return load;
}

void
slipway_load_free(SlipwayLoad *load)
{
	free(load->fault);
	load->fault = NULL;
}

static json_t *
pack_percentiles(const SlipwayPercentiles *values)
{
	return json_pack("{s:f, s:f, s:f}", "p50", values->p50, "p95", values->p95, "p99", values->p99);
}

void
slipway_load_save(const SlipwayLoad *load, const char *path)
{
	json_t	   *object = json_pack("{s:i, s:f, s:i, s:o, s:o}", "connections", load->connections,
								   "duration_ms", load->duration, "count", (int) load->count,
								   "acquire_ms", pack_percentiles(&load->acquire),
								   "query_ms", pack_percentiles(&load->query));
	char	   *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(6));

	json_decref(object);
	slipway_whole_file_write(path, text, strlen(text));
	free(text);
}

SlipwayLoad
slipway_load_read(const char *path)
{
	SlipwayLoad load = {0};
	json_error_t error;
	json_t	   *object = json_load_file(path, 0, &error);

	if (object == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is made by --save-baseline.", "could not read \"%s\": %s", path, error.text);
	if (json_unpack(object, "{s:i, s:F, s:{s:F, s:F, s:F}, s:{s:F, s:F, s:F}}", "connections", &load.connections,
					"duration_ms", &load.duration,
					"acquire_ms", "p50", &load.acquire.p50, "p95", &load.acquire.p95, "p99", &load.acquire.p99,
					"query_ms", "p50", &load.query.p50, "p95", &load.query.p95, "p99", &load.query.p99) != 0 ||
		load.acquire.p50 <= 0 || load.query.p50 <= 0)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is made by --save-baseline.", "\"%s\" is not a baseline", path);
	json_decref(object);
	return load;
}
