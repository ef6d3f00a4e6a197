/*
 * secret_counter.c
 *	  What this process has had to do with stores of secrets, in numbers.
 */
#include "secret_counter.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "memory.h"
#include "output.h"

enum
{
	KEYSTONE, BARBICAN, SERVICES
};

static const char *const service_names[SERVICES] = {"keystone", "barbican"};

/* What became of a request. */
enum
{
	OK, CLIENT_ERROR, SERVER_ERROR, NO_ANSWER, OUTCOMES
};

static const char *const outcome_names[OUTCOMES] = {"ok", "client_error", "server_error", "no_answer"};

/* Upper borders in seconds; what is above all of them counts too. */
static const double borders[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

#define BORDERS (sizeof(borders) / sizeof(borders[0]))

static struct
{
	const char *store;			/* NULL: nothing was fetched */
	unsigned long fetched;
	unsigned long fetches;
	double		fetch_seconds;
	unsigned long buckets[BORDERS];
	unsigned long hits;
	unsigned long misses;
	unsigned long retries;
	unsigned long requests[SERVICES][OUTCOMES];
	unsigned long errors[SLIPWAY_SECRET_FAULT_KINDS];
}			counted;

void
slipway_secret_counter_request(const char *service, const SlipwayHttpCall *call)
{
	int			outcome = call->status == 0 ? NO_ANSWER : call->status >= 500 ? SERVER_ERROR
		: call->status >= 400 ? CLIENT_ERROR : OK;

	for (int i = 0; i < SERVICES; i++)
		if (strcmp(service_names[i], service) == 0)
			counted.requests[i][outcome]++;
}

void
slipway_secret_counter_retries(size_t count)
{
	counted.retries += count;
}

void
slipway_secret_counter_fetch(const char *store, size_t count, double duration)
{
	counted.store = store;
	counted.fetched += count;
	counted.fetches++;
	counted.fetch_seconds += duration / 1000;
	for (size_t i = 0; i < BORDERS; i++)
		if (duration / 1000 <= borders[i])
			counted.buckets[i]++;
}

void
slipway_secret_counter_cache(size_t hits, size_t misses)
{
	counted.hits += hits;
	counted.misses += misses;
}

void
slipway_secret_counter_error(SlipwaySecretFaultKind kind)
{
	counted.errors[kind]++;
}

static unsigned long
count_requests(void)
{
	unsigned long count = 0;

	for (int i = 0; i < SERVICES; i++)
		for (int j = 0; j < OUTCOMES; j++)
			count += counted.requests[i][j];
	return count;
}

bool
slipway_secret_counter_has_any(void)
{
	return counted.store != NULL || count_requests() > 0;
}

static void
print_head(FILE *stream, const char *name, const char *type, const char *help)
{
	(void) fprintf(stream, "# HELP slipway_secret_%s %s\n# TYPE slipway_secret_%s %s\n", name, help, name, type);
}

static void
print_number(FILE *stream, const char *name, const char *type, const char *help, unsigned long number)
{
	print_head(stream, name, type, help);
	(void) fprintf(stream, "slipway_secret_%s %lu\n", name, number);
}

void
slipway_secret_counter_print(FILE *stream)
{
	print_number(stream, "fetched_total", "counter", "Secrets that a store was asked for.", counted.fetched);
	print_head(stream, "fetch_seconds", "histogram", "How long a store took to answer, with all tries.");
	for (size_t i = 0; i < BORDERS; i++)
		(void) fprintf(stream, "slipway_secret_fetch_seconds_bucket{le=\"%g\"} %lu\n", borders[i], counted.buckets[i]);
	(void) fprintf(stream, "slipway_secret_fetch_seconds_bucket{le=\"+Inf\"} %lu\n", counted.fetches);
	(void) fprintf(stream, "slipway_secret_fetch_seconds_sum %.6f\n", counted.fetch_seconds);
	(void) fprintf(stream, "slipway_secret_fetch_seconds_count %lu\n", counted.fetches);
	print_number(stream, "cache_hits_total", "counter", "Secrets that were still known.", counted.hits);
	print_number(stream, "cache_misses_total", "counter", "Secrets that were not known, or not any more.", counted.misses);
	print_head(stream, "requests_total", "counter", "Requests to OpenStack, without those that were tried again.");
	for (int i = 0; i < SERVICES; i++)
		for (int j = 0; j < OUTCOMES; j++)
			(void) fprintf(stream, "slipway_secret_requests_total{service=\"%s\",outcome=\"%s\"} %lu\n", service_names[i],
						   outcome_names[j], counted.requests[i][j]);
	print_number(stream, "retries_total", "counter", "Requests to OpenStack that were tried again.", counted.retries);
	print_head(stream, "errors_total", "counter", "What did not work with a store, by kind.");
	for (int i = 0; i < SLIPWAY_SECRET_FAULT_KINDS; i++)
		(void) fprintf(stream, "slipway_secret_errors_total{kind=\"%s\"} %lu\n",
					   slipway_secret_fault_name((SlipwaySecretFaultKind) i), counted.errors[i]);
}

json_t *
slipway_secret_counter_json(void)
{
	json_t	   *object = json_pack("{s:s, s:I, s:f, s:I, s:I, s:I, s:I}", "event", "secret_store",
								   "fetched", (json_int_t) counted.fetched, "fetch_ms", counted.fetch_seconds * 1000,
								   "cache_hits", (json_int_t) counted.hits, "cache_misses", (json_int_t) counted.misses,
								   "requests", (json_int_t) count_requests(), "retries", (json_int_t) counted.retries);
	json_t	   *errors = json_object();
	json_t	   *buckets = json_object();

	for (int i = 0; i < SLIPWAY_SECRET_FAULT_KINDS; i++)
		if (counted.errors[i] > 0)
			(void) json_object_set_new(errors, slipway_secret_fault_name((SlipwaySecretFaultKind) i),
									   json_integer((json_int_t) counted.errors[i]));
	for (size_t i = 0; i < BORDERS; i++)
	{
		char	   *border = slipway_memory_format("%g", borders[i] * 1000);

		(void) json_object_set_new(buckets, border, json_integer((json_int_t) counted.buckets[i]));
		free(border);
	}
	(void) json_object_set_new(object, "errors", errors);
	(void) json_object_set_new(object, "fetches", json_integer((json_int_t) counted.fetches));
	(void) json_object_set_new(object, "fetches_within_ms", buckets);
	return object;
}

char *
slipway_secret_counter_describe(void)
{
	SlipwayBuffer text = {0};
	char	   *duration = slipway_output_duration(counted.fetch_seconds * 1000);

	slipway_buffer_format(&text, "%lu %s fetched in %s", counted.fetched, counted.fetched == 1 ? "secret" : "secrets", duration);
	if (counted.hits > 0)
		slipway_buffer_format(&text, ", %lu from the cache", counted.hits);
	slipway_buffer_format(&text, ", %lu %s", count_requests(), count_requests() == 1 ? "request" : "requests");
	if (counted.retries > 0)
		slipway_buffer_format(&text, ", %lu tried again", counted.retries);
	free(duration);
	return slipway_buffer_take(&text);
}
