/*
 * follow.c
 *	  Shows what a run of another session does until it has ended.
 */
#include "follow.h"

#include <jansson.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "blocked.h"
#include "clock.h"
#include "current_run.h"
#include "die.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "server.h"
#include "server_error.h"
#include "webhook.h"

/* How often the server is asked, and how often at first where a short run is likely. */
#define PERIOD_MS 500
#define FIRST_PERIOD_MS 20

/* How long a deploy may have no run before people are told why. */
#define SILENCE_MS 500

typedef struct Watch
{
	const SlipwayFollowed *followed;
	PGconn	   *conn;
	const char *project;
	const char *detached;		/* number of the deploy, or NULL */
	char	   *number;			/* of the run; NULL: there is none yet */
	char	   *runs;			/* an array: it, and those of the deploy before it */
	char	   *last_entry;		/* of the history, that was shown */
	char	   *last_notice;	/* of the deploy, that was shown */
	double		period;
	bool		said_why;		/* there is no run */
	SlipwayProgress *progress;
	char	   *seen;			/* who was in the way the last time, see blocked.h */
	char	   *blockers;		/* who was said to be */
	long		applied;
	long		rolled_back;
	SlipwayExitCode code;		/* what the failures so far make of it */
} Watch;

/* Fields of the query in read_entries(). */
enum
{
	FIELD_ENTRY,
	FIELD_MIGRATION,
	FIELD_ACTION,
	FIELD_OUTCOME,
	FIELD_DURATION,
	FIELD_SQLSTATE,
	FIELD_MESSAGE,
	FIELD_DETAIL,
	FIELD_HINT,
	FIELD_CONTEXT,
	FIELD_LINE,
	FIELD_COLUMN,
	FIELD_STOPPED_UNIT,
	FIELD_UNITS
};

/* What the runs have written into the history since. */
static PGresult *
read_entries(const Watch *watch)
{
	static const char sql[] =
		"SELECT entry, migration, action, outcome, " SLIPWAY_SERVER_MS("duration") ","
		" sqlstate, message, detail, hint, context, line_number, column_number, stopped_unit, units FROM slipway.log"
		" WHERE project = $1 AND run = ANY ($2::bigint[]) AND entry > $3::bigint ORDER BY entry";
	const char *const values[] = {watch->project, watch->runs, watch->last_entry};

	return slipway_server_query(watch->conn, sql, 3, values);
}

static bool
is_rollback(const PGresult *entries, int row)
{
	return strcmp(PQgetvalue(entries, row, FIELD_ACTION), "rollback") == 0;
}

static void
show_done(Watch *watch, const PGresult *entries, int row)
{
	const char *migration = PQgetvalue(entries, row, FIELD_MIGRATION);
	double		milliseconds = slipway_server_number(entries, row, FIELD_DURATION, 0);
	char	   *duration = slipway_output_duration(milliseconds);
	bool		rollback = is_rollback(entries, row);

	*(rollback ? &watch->rolled_back : &watch->applied) += 1;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:I, s:f}", "event", rollback ? "rolled_back" : "applied",
									  "migration", slipway_output_json_text(migration),
									  "done", (json_int_t) watch->applied + watch->rolled_back,
									  "duration_ms", milliseconds));
	else
		slipway_output_say("%s  %s  %s", migration, rollback ? "rolled back" : "applied", duration);
	free(duration);
}

/* As the engine tells it of a run that is not detached. */
static void
tell_stop(const SlipwayReport *report, const char *migration)
{
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:i, s:i}", "event", "stopped",
									  "migration", slipway_output_json_text(migration),
									  "unit", report->stopped_at, "units", report->units));
}

/* Shows and frees an error that is on record as migrate shows its own; returns what that exits with. */
static SlipwayExitCode
show_error(const SlipwayFollowed *followed, const SlipwayReport *report, SlipwayServerError *error)
{
	SlipwayExitCode code;
	char	   *path = error->migration != NULL && followed->dir != NULL
		? slipway_folder_guess_path(followed->dir, error->migration, error->problem.part) : NULL;

	error->problem.path = path;
	if (report->stopped_at > 0)
	{
		error->exit_code = SLIPWAY_EXIT_STOPPED;
		tell_stop(report, error->migration);
	}
	code = error->exit_code;
	slipway_report_error(report, error, followed->folder);
	free(path);
	slipway_server_error_free(error);
	return code;
}

/* The error of an entry, which is about a migration also where its context does not say so. */
static SlipwayServerError *
read_error(const PGresult *entries, int row)
{
	const char *migration = slipway_server_text(entries, row, FIELD_MIGRATION);
	SlipwayServerError *error =
		slipway_server_error_recorded(slipway_server_text(entries, row, FIELD_SQLSTATE),
									  PQgetvalue(entries, row, FIELD_MESSAGE),
									  slipway_server_text(entries, row, FIELD_DETAIL),
									  slipway_server_text(entries, row, FIELD_HINT),
									  slipway_server_text(entries, row, FIELD_CONTEXT));

	if (error->migration != NULL || migration == NULL)
		return error;
	error->migration = slipway_memory_copy(migration);
	error->problem.migration = error->migration;
	if (is_rollback(entries, row))
		error->problem.part = SLIPWAY_PART_DOWN;
	error->problem.line = (int) slipway_server_number(entries, row, FIELD_LINE, 0);
	error->problem.column = (int) slipway_server_number(entries, row, FIELD_COLUMN, 0);
	if (strcmp(PQgetvalue(entries, row, FIELD_OUTCOME), "interrupted") == 0)
		error->exit_code = SLIPWAY_EXIT_CONNECTION;
	else
	{
		error->place = SLIPWAY_ERROR_RUN;
		error->exit_code = slipway_server_error_exit_code(error->sqlstate, error->place);
	}
	return error;
}

static void
show_failed(Watch *watch, const PGresult *entries, int row)
{
	const SlipwayReport report = {
		.project = watch->project,
		.applied = watch->applied,
		.rolled_back = watch->rolled_back,
		.stopped_at = (int) slipway_server_number(entries, row, FIELD_STOPPED_UNIT, 0),
		.units = (int) slipway_server_number(entries, row, FIELD_UNITS, 0),
	};

	watch->code = show_error(watch->followed, &report, read_error(entries, row));
}

static void
show_hook(const PGresult *entries, int row)
{
	const char *hook = PQgetvalue(entries, row, FIELD_MIGRATION);
	double		milliseconds = slipway_server_number(entries, row, FIELD_DURATION, 0);
	char	   *duration = slipway_output_duration(milliseconds);

	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:f}", "event", "hook", "hook", hook,
									  "duration_ms", milliseconds));
	else
		slipway_output_detail("hook %s: done in %s", hook, duration);
	free(duration);
}

/* The error of this hook is a warning, and that of a detached deploy was a notice. */
static void
show_after_error(const Watch *watch, const PGresult *entries, int row)
{
	char	   *message = slipway_memory_format("hook \"after_error\" failed: %s",
												PQgetvalue(entries, row, FIELD_MESSAGE));

	if (watch->detached == NULL)
		slipway_report_notice(&(SlipwayProblem) {
			.severity = "WARNING",
			.sqlstate = slipway_server_text(entries, row, FIELD_SQLSTATE),
			.message = message,
		});
	free(message);
}

/* Fields of the query in read_notices(). */
enum
{
	NOTICE_NUMBER,
	NOTICE_ENTRY,
	NOTICE_SEVERITY,
	NOTICE_SQLSTATE,
	NOTICE_MESSAGE,
	NOTICE_DETAIL,
	NOTICE_HINT
};

/* What the scripts of the deploy have raised since. */
static PGresult *
read_notices(const Watch *watch)
{
	static const char sql[] =
		"SELECT number, entry, severity, sqlstate, message, detail, hint FROM slipway.notice"
		" WHERE project = $1 AND detached = $2::bigint AND number > $3::bigint ORDER BY number";
	const char *const values[] = {watch->project, watch->detached, watch->last_notice};

	return slipway_server_query(watch->conn, sql, 3, values);
}

/* Shows those from *row on that were written up to an entry of the history; negative: all. */
static void
show_notices(Watch *watch, const PGresult *notices, int *row, double entry)
{
	for (; *row < PQntuples(notices) &&
		 (entry < 0 || slipway_server_number(notices, *row, NOTICE_ENTRY, 0) <= entry); (*row)++)
	{
		const char *severity = slipway_server_text(notices, *row, NOTICE_SEVERITY);

		slipway_report_notice(&(SlipwayProblem) {
			.severity = severity != NULL ? severity : "NOTICE",
			.sqlstate = slipway_server_text(notices, *row, NOTICE_SQLSTATE),
			.message = PQgetvalue(notices, *row, NOTICE_MESSAGE),
			.detail = slipway_server_text(notices, *row, NOTICE_DETAIL),
			.hint = slipway_server_text(notices, *row, NOTICE_HINT),
		});
		free(watch->last_notice);
		watch->last_notice = slipway_memory_copy(PQgetvalue(notices, *row, NOTICE_NUMBER));
	}
}

/*
 * The entry that comes after those shown: what belongs to it may be there already, and what
 * belongs to a later one has to wait for it.
 */
static double
next_entry(const Watch *watch, const PGresult *notices)
{
	double		last = strtod(watch->last_entry, NULL);

	if (last > 0)
		return last + 1;
	return PQntuples(notices) > 0 ? slipway_server_number(notices, 0, NOTICE_ENTRY, 0) : 0;
}

/* Each entry after what was raised on the way to it; over: no more will come. */
static void
show_entries(Watch *watch, bool over)
{
	PGresult   *entries = watch->number != NULL ? read_entries(watch) : NULL;
	/* read later, so that nothing is missing before an entry */
	PGresult   *notices = watch->detached != NULL ? read_notices(watch) : NULL;
	int			notice = 0;

	for (int row = 0; row < PQntuples(entries); row++)
	{
		bool		hook = strcmp(PQgetvalue(entries, row, FIELD_ACTION), "hook") == 0;
		bool		succeeded = strcmp(PQgetvalue(entries, row, FIELD_OUTCOME), "succeeded") == 0;

		show_notices(watch, notices, &notice, slipway_server_number(entries, row, FIELD_ENTRY, 0));
		if (hook && succeeded)
			show_hook(entries, row);
		else if (hook && strcmp(PQgetvalue(entries, row, FIELD_MIGRATION), "after_error") == 0)
			show_after_error(watch, entries, row);
		else if (succeeded)
			show_done(watch, entries, row);
		/* what ends a deploy is on record with the deploy */
		else if (watch->detached == NULL)
			show_failed(watch, entries, row);
		free(watch->last_entry);
		watch->last_entry = slipway_memory_copy(PQgetvalue(entries, row, FIELD_ENTRY));
	}
	show_notices(watch, notices, &notice, over ? -1 : next_entry(watch, notices));
	PQclear(notices);
	PQclear(entries);
}

static void
show_blockers(Watch *watch, const SlipwayCurrentRun *run)
{
	char	   *line = slipway_blocked_line(run->blockers);

	slipway_progress_set_blocker(watch->progress, line);
	free(line);
	/* those that are still there the next time are worth a word */
	if (slipway_blocked_is_news(&watch->seen, run->blockers) ||
		!slipway_blocked_is_news(&watch->blockers, run->blockers))
		return;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:o, s:O}", "event", "blocked",
									  "migration", slipway_output_json_text(run->migration),
									  "waits_for", slipway_output_json_text(run->waits_for),
									  "blockers", run->blockers));
	else
	{
		slipway_output_say("%s: waits for %s", run->migration, run->waits_for);
		slipway_blocked_say(run->blockers);
	}
}

/* "building index: scanning table 45%: ", or nothing */
static char *
describe_phase(const SlipwayCurrentRun *run)
{
	if (run->phase == NULL)
		return slipway_memory_copy("");
	if (run->percent < 0)
		return slipway_memory_format("%s: ", run->phase);
	return slipway_memory_format("%s %d%%: ", run->phase, run->percent);
}

static void
show_current(Watch *watch, const SlipwayCurrentRun *run)
{
	SlipwayProgress *progress = watch->progress;
	bool		waits = run->wait_event_type != NULL && strcmp(run->wait_event_type, "Lock") == 0;
	char	   *statement;

	if (progress != NULL)
	{
		progress->done = run->applied;
		progress->total = run->total;
		progress->started_at = slipway_clock_now() - run->elapsed;
		slipway_progress_move(progress, run->migration, run->migration_elapsed);
	}
	if (progress != NULL && run->statement != NULL)
	{
		char	   *phase = describe_phase(run);

		statement = slipway_memory_format("%s%s%s", waits ? "waits for a lock: " : "", phase, run->statement);
		slipway_progress_set_statement(progress, statement);
		free(statement);
		free(phase);
	}
	show_blockers(watch, run);
}

static _Noreturn void
leave(const void *argument)
{
	const Watch *watch = argument;

	slipway_die(SLIPWAY_EXIT_ERROR,
				"Run \"slipway watch\" to watch it again, \"slipway cancel\" to cancel it.",
				"left, while %s %s goes on", watch->detached != NULL ? "detached deploy" : "run",
				watch->detached != NULL ? watch->detached : watch->number);
}

/* Lets time pass; the watcher may leave at any time, the run goes on. */
static void
pause_for_period(Watch *watch, int signals)
{
	double		until = slipway_clock_now() + watch->period;

	watch->period = watch->period * 2 < PERIOD_MS ? watch->period * 2 : PERIOD_MS;

	for (double left; (left = until - slipway_clock_now()) > 0;)
	{
		struct pollfd file = {.fd = signals, .events = POLLIN};

		slipway_progress_draw(watch->progress);
		if (watch->progress != NULL && left > SLIPWAY_PROGRESS_INTERVAL_MS)
			left = SLIPWAY_PROGRESS_INTERVAL_MS;
		(void) poll(&file, 1, (int) left + 1);
		if (slipway_interrupt_arrived())
			leave(watch);
	}
}

/* Returns the run as it was when it had ended. */
static SlipwayCurrentRun *
follow(Watch *watch, int signals)
{
	watch->progress = slipway_progress_new();
	for (;;)
	{
		SlipwayCurrentRun *run = slipway_current_run_read(watch->conn, watch->project);
		bool		over = !slipway_current_run_goes_on(run) ||
			strcmp(run->number, watch->number) != 0;

		/* read after the state, so that nothing is missing when that says it is over */
		show_entries(watch, over);
		if (over)
		{
			slipway_progress_free(watch->progress);
			return run;
		}
		show_current(watch, run);
		slipway_current_run_free(run);
		pause_for_period(watch, signals);
	}
}

static SlipwayExitCode
finish(const Watch *watch, const SlipwayCurrentRun *run)
{
	/* the next run may have begun already: then the history tells enough */
	bool		same = run->number != NULL && strcmp(run->number, watch->number) == 0;
	bool		interrupted = same && strcmp(run->outcome, "interrupted") == 0;

	if (run->number == NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "run %s is not on record any more", watch->number);
	if (watch->code == SLIPWAY_EXIT_DONE && same && strcmp(run->outcome, "succeeded") != 0)
		slipway_die(interrupted ? SLIPWAY_EXIT_CONNECTION : SLIPWAY_EXIT_ERROR,
					"Run \"slipway status\" to see the state of things.",
					"run %s %s, with %ld %s", watch->number, interrupted ? "was interrupted" : run->outcome,
					watch->applied + watch->rolled_back, slipway_current_run_verb(run));
	if (watch->code != SLIPWAY_EXIT_DONE)
		return watch->code;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:I, s:I, s:I}", "event", "done",
									  "project", watch->project,
									  "run", (json_int_t) strtoll(watch->number, NULL, 10),
									  "applied", (json_int_t) watch->applied,
									  "rolled_back", (json_int_t) watch->rolled_back));
	else if (watch->rolled_back > 0)
		slipway_output_say("run %s succeeded: %ld %s rolled back%s in project %s", watch->number,
						   watch->rolled_back, watch->rolled_back == 1 ? "migration" : "migrations",
						   watch->applied > 0 ? " and applied again" : "", watch->project);
	else
		slipway_output_say("run %s succeeded: %ld %s applied to project %s", watch->number,
						   watch->applied, watch->applied == 1 ? "migration" : "migrations",
						   watch->project);
	return SLIPWAY_EXIT_DONE;
}

static Watch
begin(const SlipwayFollowed *followed)
{
	return (Watch) {
		.followed = followed,
		.conn = followed->conn,
		.project = followed->project,
		.last_entry = slipway_memory_copy("0"),
		.last_notice = slipway_memory_copy("0"),
	};
}

static void
end(Watch *watch)
{
	free(watch->number);
	free(watch->runs);
	free(watch->last_entry);
	free(watch->last_notice);
	free(watch->seen);
	free(watch->blockers);
}

SlipwayExitCode
slipway_follow_run(const SlipwayFollowed *followed, const char *number)
{
	Watch		watch = begin(followed);
	SlipwayCurrentRun *run;
	SlipwayExitCode code;

	watch.period = PERIOD_MS;
	watch.number = slipway_memory_copy(number);
	watch.runs = slipway_memory_format("{%s}", number);
	slipway_server_set_leave(leave, &watch);
	run = follow(&watch, slipway_interrupt_watch());
	slipway_server_set_leave(NULL, NULL);
	slipway_interrupt_unwatch();
	code = finish(&watch, run);
	slipway_current_run_free(run);
	end(&watch);
	return code;
}

/* The deploy may have begun a run, or another one. */
static void
take_runs(Watch *watch, const SlipwayDetached *deploy)
{
	if (deploy->runs == NULL)
		return;
	free(watch->number);
	free(watch->runs);
	watch->number = slipway_memory_copy(deploy->run);
	watch->runs = slipway_memory_copy(deploy->runs);
}

/* A deploy without a run mostly waits for somebody else's to end. */
static void
say_why(Watch *watch, const SlipwayDetached *deploy)
{
	static const char sql[] =
		"SELECT pid, pg_catalog.format('pid %s (role %s, application %s)', pid, coalesce(role, '?'),"
		" coalesce(nullif(application_name, ''), '?'))"
		" FROM slipway.lock_holder WHERE project = $1 AND pid <> $2::integer LIMIT 1";
	const char *const values[] = {watch->project, deploy->pid};
	PGresult   *holder;

	if (watch->said_why || deploy->elapsed < SILENCE_MS || deploy->pid == NULL)
		return;
	holder = slipway_server_query(watch->conn, sql, 2, values);
	watch->said_why = PQntuples(holder) > 0;
	if (watch->said_why && slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:I, s:o}", "event", "waiting",
									  "project", slipway_output_json_text(watch->project),
									  "pid", (json_int_t) slipway_server_number(holder, 0, 0, 0),
									  "holder", slipway_output_json_text(PQgetvalue(holder, 0, 1))));
	else if (watch->said_why)
		slipway_output_say("waiting for the lock of project \"%s\", held by %s", watch->project,
						   PQgetvalue(holder, 0, 1));
	PQclear(holder);
}

static void
show_deploy(Watch *watch, const SlipwayDetached *deploy)
{
	SlipwayCurrentRun *run;

	if (watch->number == NULL)
	{
		say_why(watch, deploy);
		return;
	}
	run = slipway_current_run_read(watch->conn, watch->project);
	if (slipway_current_run_goes_on(run) && strcmp(run->number, watch->number) == 0)
		show_current(watch, run);
	slipway_current_run_free(run);
}

/* Returns the deploy as it was when it had ended. */
static SlipwayDetached *
follow_deploy(Watch *watch, int signals)
{
	watch->progress = slipway_progress_new();
	for (;;)
	{
		SlipwayDetached *deploy = slipway_detached_read(watch->conn, watch->project, watch->detached);

		if (deploy == NULL)
			slipway_die(SLIPWAY_EXIT_ERROR, NULL, "detached deploy %s is not on record any more",
						watch->detached);
		take_runs(watch, deploy);
		show_entries(watch, !slipway_detached_goes_on(deploy));
		if (!slipway_detached_goes_on(deploy))
		{
			slipway_progress_free(watch->progress);
			return deploy;
		}
		show_deploy(watch, deploy);
		slipway_detached_free(deploy);
		pause_for_period(watch, signals);
	}
}

/* If it was begun here: now its end is known. */
static void
tell_webhook(const SlipwayDetached *deploy)
{
	slipway_webhook_mute(false);
	slipway_webhook_number(deploy->run != NULL ? strtol(deploy->run, NULL, 10) : 0);
	slipway_webhook_count(deploy->applied, 0);
}

SlipwayExitCode
slipway_follow_detached(const SlipwayFollowed *followed, const char *number)
{
	Watch		watch = begin(followed);
	SlipwayDetached *deploy;
	SlipwayExitCode code;

	watch.period = FIRST_PERIOD_MS;
	watch.detached = number;
	slipway_server_set_leave(leave, &watch);
	deploy = follow_deploy(&watch, slipway_interrupt_watch());
	slipway_server_set_leave(NULL, NULL);
	slipway_interrupt_unwatch();
	tell_webhook(deploy);
	code = slipway_follow_finish(followed, deploy);
	slipway_detached_free(deploy);
	end(&watch);
	return code;
}

static void
finish_succeeded(const SlipwayFollowed *followed, SlipwayReport *report,
				 const SlipwayDetached *deploy)
{
	static const char sql[] =
		"SELECT pg_catalog.encode(entry_hash, 'hex') FROM slipway.log WHERE project = $1"
		" ORDER BY entry DESC LIMIT 1";
	const char *const values[] = {followed->project};
	PGresult   *head = slipway_server_query(followed->conn, sql, 1, values);

	slipway_report_done(report, deploy->run,
						PQntuples(head) > 0 ? slipway_server_text(head, 0, 0) : NULL);
	PQclear(head);
}

SlipwayExitCode
slipway_follow_finish(const SlipwayFollowed *followed, const SlipwayDetached *deploy)
{
	SlipwayReport report = {
		.project = followed->project,
		.started_at = slipway_clock_now() - deploy->elapsed,
		.applied = deploy->applied,
		.conn = followed->conn,
		.stopped_at = deploy->stopped_unit,
		.units = deploy->units,
	};

	if (strcmp(deploy->outcome, "interrupted") == 0)
		slipway_die(SLIPWAY_EXIT_CONNECTION, "Run \"slipway status\" to see the state of things.",
					"detached deploy %s was interrupted, with %ld applied", deploy->number,
					deploy->applied);
	if (strcmp(deploy->outcome, "succeeded") != 0)
		return show_error(followed, &report,
						  slipway_server_error_recorded(deploy->sqlstate, deploy->message, deploy->detail,
														deploy->hint, deploy->context));
	finish_succeeded(followed, &report, deploy);
	return SLIPWAY_EXIT_DONE;
}
