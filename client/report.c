/*
 * report.c
 *	  Tells what a run does while it goes on.
 */
#include "report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocked.h"
#include "call.h"
#include "clock.h"
#include "connection_error.h"
#include "die.h"
#include "display.h"
#include "memory.h"
#include "output.h"
#include "rehearsal_text.h"
#include "webhook.h"

/* A migration that takes so long makes people ask what it is doing. */
#define LONG_MS 1000

static const char *
get_text(const json_t *event, const char *key)
{
	const char *text = json_string_value(json_object_get(event, key));

	return text != NULL ? text : "";
}

static long
get_integer(const json_t *event, const char *key)
{
	return (long) json_integer_value(json_object_get(event, key));
}

/* The history is ahead of this folder: names of migrations, or their number. */
static void
say_future(const json_t *future)
{
	size_t		count = json_is_array(future) ? json_array_size(future)
		: (size_t) json_integer_value(future);

	if (count > 0)
		slipway_output_say("%zu %s not in this folder, which is older than the history",
						   count, count == 1 ? "migration is" : "migrations are");
}

static void
say_done(const SlipwayReport *report, const json_t *event)
{
	long		applied = get_integer(event, "applied");
	long		rolled_back = get_integer(event, "rolled_back");
	char	   *duration = slipway_output_duration(slipway_clock_now() - report->started_at);

	say_future(json_object_get(event, "future"));
	if (rolled_back > 0)
		slipway_output_say("%ld %s rolled back%s in project %s in %s", rolled_back,
						   rolled_back == 1 ? "migration" : "migrations",
						   applied > 0 ? " and applied again" : "", report->project, duration);
	else if (report->is_rollback)
		slipway_output_say("nothing to roll back");
	else if (applied == 0)
		slipway_output_say("nothing to do");
	else
		slipway_output_say("%ld %s applied to project %s in %s", applied,
						   applied == 1 ? "migration" : "migrations", report->project, duration);
	if (*get_text(event, "head") != '\0')
		slipway_output_detail("head of the history: %s", get_text(event, "head"));
	free(duration);
}

/* Of those in the way nothing is said that was said before. */
static void
say_blocked(SlipwayReport *report, const json_t *event)
{
	const json_t *blockers = json_object_get(event, "blockers");
	char	   *target;

	if (!slipway_blocked_is_news(&report->blockers, blockers))
		return;
	target = slipway_blocked_target(event);
	slipway_output_say("%s:%ld: waits for %s", get_text(event, "migration"),
					   get_integer(event, "line"), target);
	slipway_blocked_say(blockers);
	free(target);
}

/* The lines of a text, such as the detail of a deadlock. */
static void
say_indented(const char *text)
{
	while (*text != '\0')
	{
		int			length = (int) strcspn(text, "\n");

		slipway_output_say("  %.*s", length, text);
		text += text[length] == '\n' ? length + 1 : length;
	}
}

static void
say_retry(SlipwayReport *report, const json_t *event)
{
	const json_t *blockers = json_object_get(event, "blockers");

	slipway_output_say("%s: rolled back (%s), retry %ld of %ld", get_text(event, "migration"),
					   get_text(event, "message"), get_integer(event, "attempt"),
					   get_integer(event, "retries"));
	if (slipway_blocked_is_news(&report->blockers, blockers))
		slipway_blocked_say(blockers);
	else if (json_array_size(blockers) == 0)
		say_indented(get_text(event, "detail"));
}

/* A file that is not what was verified is not shown. */
static void
print_unverified(const SlipwayReport *report, const json_t *event)
{
	const char *migration = get_text(event, "migration");
	const SlipwayMigration *known = slipway_folder_find(report->folder, migration);
	const SlipwayFolder *folder = NULL;
	char	   *path = slipway_memory_format("%s.verify.sql", migration);
	SlipwayProblem problem = {
		.sqlstate = get_text(event, "sqlstate"),.message = get_text(event, "message"),
		.detail = json_string_value(json_object_get(event, "detail")),
		.hint = json_string_value(json_object_get(event, "hint")),
		.migration = migration,.part = SLIPWAY_PART_VERIFY,.path = path,
		.line = (int) get_integer(event, "line"),.column = (int) get_integer(event, "column"),
	};

	if (known != NULL && known->verify.path != NULL &&
		strcmp(known->verify.hash, get_text(event, "script_hash")) == 0)
		folder = report->folder;
	slipway_problem_print(stderr, &problem, folder);
	free(path);
}

static void
say_verify(const SlipwayReport *report, const json_t *event, const char *message)
{
	char	   *duration;

	if (report->folder == NULL)
		slipway_output_detail("%s", message);
	else if (strcmp(get_text(event, "outcome"), "failed") == 0)
		print_unverified(report, event);
	else
	{
		duration = slipway_output_duration(json_number_value(json_object_get(event, "duration_ms")));
		slipway_output_say("%s  verified  %s", get_text(event, "migration"), duration);
		free(duration);
	}
}

static void
say_verified(const SlipwayReport *report, const json_t *event)
{
	long		migrations = get_integer(event, "migrations");
	char	   *duration = slipway_output_duration(slipway_clock_now() - report->started_at);

	if (migrations == 0)
		slipway_output_say("nothing to verify");
	else
		slipway_output_say("%ld %s verified in %s", migrations,
						   migrations == 1 ? "migration" : "migrations", duration);
	free(duration);
}

static void
say_event(SlipwayReport *report, const json_t *event, const char *message)
{
	const char *kind = get_text(event, "event");

	if (strcmp(kind, "applied") == 0 || strcmp(kind, "rolled_back") == 0)
	{
		double		milliseconds = json_number_value(json_object_get(event, "duration_ms"));
		char	   *duration = slipway_output_duration(milliseconds);

		slipway_output_say("%s  %s  %s", get_text(event, "migration"),
						   *kind == 'a' ? "applied" : "rolled back", duration);
		free(duration);
	}
	else if (strcmp(kind, "done") == 0)
		say_done(report, event);
	else if (strcmp(kind, "verify") == 0)
		say_verify(report, event, message);
	else if (strcmp(kind, "verified") == 0)
		say_verified(report, event);
	else if (strcmp(kind, "blocked") == 0)
		say_blocked(report, event);
	else if (strcmp(kind, "retry") == 0)
		say_retry(report, event);
	else if (strcmp(kind, "start") == 0 || strcmp(kind, "unit") == 0 ||
			 strcmp(kind, "hook") == 0 || strcmp(kind, "begin") == 0)
		slipway_output_detail("%s", message);
	/* the error that follows says so */
	else if (strcmp(kind, "stopped") != 0)
		slipway_output_say("%s", message);
}

/* An extension that is one release older does not name the migration and the backend. */
static void
take_start(SlipwayReport *report, const json_t *event)
{
	report->pid = (int) get_integer(event, "pid");
	if (report->progress == NULL)
		return;
	report->progress->total = report->applied + get_integer(event, "pending");
	slipway_progress_move(report->progress, json_string_value(json_object_get(event, "migration")),
						  0);
}

static void
take_begin(const SlipwayReport *report, const json_t *event)
{
	if (report->progress != NULL)
		slipway_progress_move(report->progress, json_string_value(json_object_get(event, "migration")), 0);
}

static void
take_done(SlipwayReport *report, const json_t *event, long *count)
{
	(*count)++;
	free(report->blockers);
	report->blockers = NULL;
	if (report->progress == NULL)
		return;
	report->progress->done = report->applied + report->rolled_back;
	slipway_progress_move(report->progress, json_string_value(json_object_get(event, "next")), 0);
}

static void
take_unit(const SlipwayReport *report, const json_t *event)
{
	if (report->progress == NULL)
		return;
	report->progress->unit = get_integer(event, "unit") + 1;
	report->progress->units = get_integer(event, "units");
}

static void
take_stopped(SlipwayReport *report, const json_t *event)
{
	report->stopped_at = (int) get_integer(event, "unit");
	report->units = (int) get_integer(event, "units");
}

/* A rehearsal does not say that a migration begins. */
static void
take_rehearsal(const SlipwayReport *report, json_t *event)
{
	SlipwayProgress *progress = report->progress;
	const char *migration = json_string_value(json_object_get(event, "migration"));

	slipway_rehearsal_take(report->rehearsal, event);
	if (progress == NULL)
		return;
	progress->done = (long) slipway_rehearsal_migrations(report->rehearsal);
	if (migration != NULL && (progress->migration == NULL || strcmp(progress->migration, migration) != 0))
		slipway_progress_move(progress, migration, 0);
}

static void
take_event(SlipwayReport *report, json_t *event, const char *message)
{
	const char *kind = get_text(event, "event");

	if (strcmp(kind, "start") == 0)
	{
		take_start(report, event);
		slipway_webhook_started(get_integer(event, "run"), get_integer(event, "pending"));
	}
	else if (strcmp(kind, "begin") == 0)
		take_begin(report, event);
	else if (strcmp(kind, "applied") == 0)
		take_done(report, event, &report->applied);
	else if (strcmp(kind, "rolled_back") == 0)
		take_done(report, event, &report->rolled_back);
	else if (strcmp(kind, "unit") == 0 || strcmp(kind, "recut") == 0)
		take_unit(report, event);
	else if (strcmp(kind, "stopped") == 0)
		take_stopped(report, event);
	else if (strcmp(kind, "done") == 0 || strcmp(kind, "verified") == 0)
		report->is_done = true;
	slipway_webhook_count(report->applied, report->rolled_back);
	if (report->rehearsal != NULL)
		take_rehearsal(report, event);
	if (slipway_output_is_json())
		slipway_output_json(json_incref(event));
	else if (report->rehearsal != NULL && slipway_rehearsal_knows(kind))
		slipway_rehearsal_text_event(report->rehearsal, event);
	else
		say_event(report, event, message);
}

void
slipway_report_done(SlipwayReport *report, const char *run, const char *head)
{
	json_t	   *event = json_pack("{s:s, s:o, s:I, s:o}", "event", "done",
								  "project", slipway_output_json_text(report->project),
								  "applied", (json_int_t) report->applied,
								  "head", slipway_output_json_text(head));

	if (run != NULL)
		(void) json_object_set_new(event, "run", json_integer(strtoll(run, NULL, 10)));
	if (head == NULL)
		(void) json_object_del(event, "head");
	take_event(report, event, "");
	json_decref(event);
}

void
slipway_report_notice(const SlipwayProblem *notice)
{
	if (slipway_output_is_json())
	{
		json_t	   *object = slipway_problem_json(notice, NULL);

		(void) json_object_set_new(object, "event", json_string("notice"));
		slipway_output_json(object);
		return;
	}
	/* warnings are worth reading even in a quiet run */
	if (slipway_output_is_quiet() && strcmp(notice->severity, "WARNING") != 0)
		return;
	slipway_output_begin_talk();
	slipway_display_print(stderr, notice->severity, true, "");
	slipway_problem_print_text(stderr, ": ", notice->message, "\n");
	if (notice->detail != NULL)
		slipway_problem_print_text(stderr, "detail: ", notice->detail, "\n");
	if (notice->hint != NULL)
		slipway_problem_print_text(stderr, "hint: ", notice->hint, "\n");
}

static void
take_notice(const PGresult *notice, const char *severity)
{
	const SlipwayProblem problem = {
		.severity = severity,
		.message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY),
		.detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL),
		.hint = PQresultErrorField(notice, PG_DIAG_MESSAGE_HINT),
		.sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE),
	};

	if (problem.message != NULL)
		slipway_report_notice(&problem);
}

/*
 * A script can raise INFO too, but not without a CONTEXT that names the
 * function it did it from: so an event is what has none.
 */
static void
receive_notice(void *argument, const PGresult *notice)
{
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *detail = PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);
	const char *message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
	json_t	   *event = NULL;

	if (severity == NULL)
		severity = "NOTICE";
	if (strcmp(severity, "INFO") == 0 && detail != NULL &&
		PQresultErrorField(notice, PG_DIAG_CONTEXT) == NULL)
		event = json_loads(detail, 0, NULL);
	if (json_is_string(json_object_get(event, "event")))
		take_event(argument, event, message != NULL ? message : "");
	else
		take_notice(notice, severity);
	json_decref(event);
}

static void
attach(SlipwayReport *report, PGconn *conn)
{
	report->conn = conn;
	report->progress = slipway_progress_new();
	/* while a strong lock is held the server keeps silent */
	if (report->progress != NULL && report->rehearsal != NULL)
		slipway_progress_move(report->progress, "rehearsal", 0);
	(void) PQsetNoticeReceiver(conn, receive_notice, report);
}

static void
show_blocker(const SlipwayReport *report)
{
	char	   *blocker = slipway_blocked_line(slipway_activity_blockers(report->activity));

	slipway_progress_set_blocker(report->progress, blocker);
	free(blocker);
}

static void
tick(void *context)
{
	SlipwayReport *report = context;
	SlipwayProgress *progress = report->progress;

	if (progress == NULL || progress->migration == NULL)
		return;
	if (slipway_clock_now() - progress->migration_started_at >= LONG_MS && report->pid != 0)
	{
		if (report->activity == NULL)
			report->activity = slipway_activity_new(report->conn, report->pid);
		slipway_progress_set_statement(progress, slipway_activity_look(report->activity));
		show_blocker(report);
	}
	slipway_progress_draw(progress);
}

static void
detach(SlipwayReport *report)
{
	slipway_activity_free(report->activity);
	slipway_progress_free(report->progress);
	free(report->blockers);
	report->activity = NULL;
	report->progress = NULL;
	report->blockers = NULL;
}

PGresult *
slipway_report_call(SlipwayReport *report, PGconn *conn, const char *sql, const char *options,
					bool *interrupted)
{
	const char *const values[] = {report->project, options};
	SlipwayCallTicker ticker = {.tick = NULL};
	PGresult   *result;

	attach(report, conn);
	if (report->progress != NULL)
		ticker = (SlipwayCallTicker) {tick, report, SLIPWAY_PROGRESS_INTERVAL_MS};
	result = slipway_call_run(conn, sql, 2, values, &ticker, interrupted);
	detach(report);
	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return result;
	PQclear(result);
	/* a server with slipway always says so; what is in between may have given us the answer to somebody else's statement */
	if (!report->is_done)
		slipway_die(SLIPWAY_EXIT_ERROR, slipway_connection_error_hint(), "the server has answered, but not that the run is done");
	return NULL;
}

/* "0007_orders: its rollback failed, it stays applied; 2 rolled back before it" */
static void
print_rollback_outcome(const SlipwayReport *report, const SlipwayServerError *error)
{
	if (error->place == SLIPWAY_ERROR_CHECK)
		slipway_display_print(stderr, error->migration, true, ": refused");
	else if (report->stopped_at > 0)
	{
		slipway_display_print(stderr, error->migration, true, ": ");
		(void) fprintf(stderr, "its rollback stopped at unit %d of %d", report->stopped_at, report->units);
	}
	else if (error->exit_code == SLIPWAY_EXIT_CONNECTION)
		slipway_display_print(stderr, error->migration, true, ": its rollback was interrupted");
	else
		slipway_display_print(stderr, error->migration, true, ": its rollback failed, it stays applied");
	if (report->rolled_back > 0)
		(void) fprintf(stderr, "; %ld rolled back before it", report->rolled_back);
	else if (error->place == SLIPWAY_ERROR_CHECK)
		(void) fputs("; nothing was rolled back", stderr);
	(void) fputc('\n', stderr);
}

/* "0007_orders: rolled back; 6 applied before it stay applied" */
static void
print_outcome(const SlipwayReport *report, const SlipwayServerError *error)
{
	static const char *const verdicts[] = {
		[SLIPWAY_ERROR_ELSEWHERE] = NULL,
		[SLIPWAY_ERROR_CHECK] = "refused",
		[SLIPWAY_ERROR_RUN] = "rolled back",
	};
	const char *verdict = verdicts[error->place];

	if (report->rehearsal != NULL && error->place != SLIPWAY_ERROR_CHECK)
	{
		(void) fputs("the rehearsal ended here; all of it was rolled back\n", stderr);
		return;
	}
	if (verdict != NULL && error->problem.part == SLIPWAY_PART_DOWN)
	{
		print_rollback_outcome(report, error);
		return;
	}

	if (verdict != NULL && report->stopped_at > 0)
	{
		slipway_display_print(stderr, error->migration, true, ": ");
		(void) fprintf(stderr, "stopped at unit %d of %d", report->stopped_at, report->units);
	}
	else if (verdict != NULL)
	{
		slipway_display_print(stderr, error->migration, true, ": ");
		(void) fputs(verdict, stderr);
	}
	if (verdict != NULL && report->applied > 0)
		(void) fputs("; ", stderr);
	if (report->applied > 0)
		(void) fprintf(stderr, "%ld applied before it %s applied", report->applied,
					   report->applied == 1 ? "stays" : "stay");
	else if (error->place == SLIPWAY_ERROR_CHECK)
		(void) fputs("; nothing was applied", stderr);
	if (verdict != NULL || report->applied > 0)
		(void) fputc('\n', stderr);
}

void
slipway_report_error(const SlipwayReport *report, const SlipwayServerError *error,
					 const SlipwayFolder *folder)
{
	if (slipway_output_is_json())
	{
		json_t	   *object = slipway_problem_error(&error->problem, folder, error->exit_code);

		(void) json_object_set_new(object, "applied", json_integer(report->applied));
		(void) json_object_set_new(object, "rolled_back",
								   json_boolean(error->place == SLIPWAY_ERROR_RUN && report->stopped_at == 0));
		slipway_output_json(object);
	}
	slipway_webhook_note_error(error->problem.message);
	slipway_problem_print(stderr, &error->problem, folder);
	print_outcome(report, error);
}
