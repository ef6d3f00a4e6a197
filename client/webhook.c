/*
 * webhook.c
 *	  Tells a web address when a run begins and how it has ended.
 *
 * The run does not wait for it at its beginning: a thread posts that. At the end
 * the program waits for the answers, no longer than TIMEOUT_MS for both, but that the
 * last one has LEAST_MS in any case. A signal ends that wait and the program.
 */
#include "webhook.h"

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "die.h"
#include "http.h"
#include "interrupt.h"
#include "label.h"
#include "memory.h"
#include "output.h"
#include "release.h"

#define TIMEOUT_MS 10000L
#define LEAST_MS 1000L

/* What is told. */
static struct
{
	const char *url;			/* NULL: nobody wants to know */
	const char *action;
	const char *project;
	json_t	   *labels;			/* or NULL */
	char	   *database;		/* or NULL */
	char	   *error;			/* or NULL */
	double		began_at;
	bool		started;
	bool		muted;
	long		run;
	long		applied;
	long		rolled_back;
}			told;

/* The message that a thread posts; it has the body, and leaves what went wrong. */
static struct
{
	bool		is_running;
	pthread_t	thread;
	char	   *body;
	char	   *fault;
}			posting;

static json_t *
make_event(const char *event)
{
	json_t	   *object = json_pack("{s:s, s:s, s:o}", "event", event, "action", told.action,
								   "project", slipway_output_json_text(told.project));

	if (told.database != NULL)
		(void) json_object_set_new(object, "database", slipway_output_json_text(told.database));
	if (told.run > 0)
		(void) json_object_set_new(object, "run", json_integer(told.run));
	if (told.labels != NULL)
		(void) json_object_set(object, "labels", told.labels);
	return object;
}

/* "text" is what chat programs show. */
static char *
write_event(json_t *object, char *text)
{
	char	   *body;

	(void) json_object_set_new(object, "text", slipway_output_json_text(text));
	body = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	free(text);
	return body;
}

static const char *
name_database(void)
{
	return told.database != NULL ? told.database : "an unknown database";
}

static void *
post_in_thread(void *unused)
{
	posting.fault = slipway_http_post_json(told.url, posting.body, TIMEOUT_MS);
	return unused;
}

static void
warn(const char *event, const char *fault)
{
	if (fault != NULL)
		slipway_output_warn(NULL, "the webhook could not be told that the run has %s: %s", event, fault);
}

/* Waits for the thread, if there is one. */
static void
end_posting(void)
{
	if (!posting.is_running)
		return;
	(void) pthread_join(posting.thread, NULL);
	posting.is_running = false;
	warn("begun", posting.fault);
	free(posting.fault);
	free(posting.body);
}

void
slipway_webhook_started(long run, long pending)
{
	json_t	   *object;
	int			error;

	if (told.url == NULL || told.started)
		return;
	told.started = true;
	told.run = run;
	object = make_event("run_started");
	if (pending >= 0)
		(void) json_object_set_new(object, "pending", json_integer(pending));
	posting.body = write_event(object, slipway_memory_format("slipway: %s of project %s on %s: begins", told.action,
															 told.project, name_database()));
	error = pthread_create(&posting.thread, NULL, post_in_thread, NULL);
	posting.is_running = error == 0;
	if (posting.is_running)
		return;
	warn("begun", strerror(error));
	free(posting.body);
}

void
slipway_webhook_mute(bool mute)
{
	told.muted = mute;
}

void
slipway_webhook_number(long run)
{
	told.run = run;
}

void
slipway_webhook_count(long applied, long rolled_back)
{
	told.applied = applied;
	told.rolled_back = rolled_back;
}

void
slipway_webhook_database(const PGconn *conn)
{
	if (told.url != NULL && told.database == NULL && PQdb(conn) != NULL)
		told.database = slipway_memory_copy(PQdb(conn));
}

void
slipway_webhook_note_error(const char *message)
{
	if (told.url != NULL && told.error == NULL && message != NULL)
		told.error = strdup(message);
}

/* How it ended, as JSON. */
static char *
write_end(SlipwayExitCode code, double duration)
{
	json_t	   *object = make_event("run_finished");

	(void) json_object_set_new(object, "outcome", json_string(code == SLIPWAY_EXIT_DONE ? "succeeded" : "failed"));
	(void) json_object_set_new(object, "exit_code", json_integer((json_int_t) code));
	(void) json_object_set_new(object, "applied", json_integer(told.applied));
	(void) json_object_set_new(object, "rolled_back", json_integer(told.rolled_back));
	(void) json_object_set_new(object, "duration_ms", json_real(duration));
	if (told.error != NULL)
		(void) json_object_set_new(object, "message", slipway_output_json_text(told.error));
	return write_event(object, slipway_memory_format("slipway: %s of project %s on %s: %s%s%s", told.action, told.project,
													 name_database(), code == SLIPWAY_EXIT_DONE ? "succeeded" : "failed",
													 told.error != NULL ? ": " : "",
													 told.error != NULL ? told.error : ""));
}

/* The program ends. If there was nothing to do, there is nothing to tell. */
static void
say_farewell(SlipwayExitCode code)
{
	double		now = slipway_clock_now();
	double		left;
	char	   *body;
	char	   *fault;

	slipway_interrupt_unwatch();
	end_posting();
	if (told.muted || (!told.started && code == SLIPWAY_EXIT_DONE))
		return;
	left = now + TIMEOUT_MS - slipway_clock_now();
	body = write_end(code, now - told.began_at);
	fault = slipway_http_post_json(told.url, body, left > LEAST_MS ? (long) left : LEAST_MS);
	warn("ended", fault);
	free(fault);
	free(body);
}

void
slipway_webhook_check(const SlipwayArguments *arguments)
{
	const char *url = slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK);

	if (url != NULL && !slipway_http_is_url(url))
		slipway_die(SLIPWAY_EXIT_USAGE, "It looks like https://host/path.", "the address of the webhook is malformed");
}

void
slipway_webhook_prepare(const SlipwayArguments *arguments, const char *action)
{
	const char *url = slipway_option_text(arguments, SLIPWAY_OPTION_WEBHOOK);
	const char *fault;

	if (url == NULL || slipway_option_flag(arguments, SLIPWAY_OPTION_DRY_RUN))
		return;
	slipway_webhook_check(arguments);
	fault = slipway_http_load();
	if (fault != NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Install it, or leave --webhook out.", "a webhook needs libcurl: %s", fault);
	told.url = url;
	told.action = action;
	told.project = slipway_release_project(arguments);
	told.labels = slipway_label_json(arguments);
	told.began_at = slipway_clock_now();
	slipway_die_set_farewell(say_farewell);
}
