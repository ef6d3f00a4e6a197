/*
 * cmd_watch.c
 *	  slipway watch
 */
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "command.h"
#include "connection.h"
#include "current_run.h"
#include "die.h"
#include "folder.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "problem.h"
#include "progress.h"
#include "release.h"
#include "server.h"
#include "server_error.h"

/* How often the server is asked. */
#define PERIOD_MS 500

typedef struct Watch
{
	PGconn	   *conn;
	const char *project;
	const char *folder;
	char	   *number;			/* of the run */
	char	   *last_entry;		/* of the history, that was shown */
	SlipwayProgress *progress;
	long		applied;
	SlipwayExitCode code;		/* what the failures so far make of it */
} Watch;

/* Fields of the query in read_entries(). */
enum
{
	FIELD_ENTRY,
	FIELD_MIGRATION,
	FIELD_OUTCOME,
	FIELD_DURATION,
	FIELD_SQLSTATE,
	FIELD_MESSAGE,
	FIELD_DETAIL,
	FIELD_HINT,
	FIELD_LINE,
	FIELD_COLUMN
};

/* What the run has written into the history since. */
static PGresult *
read_entries(const Watch *watch)
{
	static const char sql[] =
		"SELECT entry, migration, outcome, extract(epoch FROM duration) * 1000,"
		" sqlstate, message, detail, hint, line_number, column_number FROM slipway.log"
		" WHERE project = $1 AND run = $2::bigint AND entry > $3::bigint ORDER BY entry";
	const char *const values[] = {watch->project, watch->number, watch->last_entry};

	return slipway_server_query(watch->conn, sql, 3, values);
}

static void
show_applied(Watch *watch, const char *migration, double milliseconds)
{
	char	   *duration = slipway_output_duration(milliseconds);

	watch->applied++;
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:o, s:I, s:f}", "event", "applied",
									  "migration", slipway_output_json_text(migration),
									  "done", (json_int_t) watch->applied,
									  "duration_ms", milliseconds));
	else
		slipway_output_say("%s  applied  %s", migration, duration);
	free(duration);
}

static void
show_failed(Watch *watch, const PGresult *entries, int row)
{
	const char *migration = slipway_server_text(entries, row, FIELD_MIGRATION);
	const char *sqlstate = slipway_server_text(entries, row, FIELD_SQLSTATE);
	bool		interrupted = strcmp(PQgetvalue(entries, row, FIELD_OUTCOME), "interrupted") == 0;
	char	   *path = migration != NULL
		? slipway_folder_guess_path(watch->folder, migration) : NULL;
	SlipwayProblem problem = {
		.sqlstate = sqlstate,
		.message = PQgetvalue(entries, row, FIELD_MESSAGE),
		.detail = slipway_server_text(entries, row, FIELD_DETAIL),
		.hint = slipway_server_text(entries, row, FIELD_HINT),
		.migration = migration,
		.path = path,
		.line = (int) slipway_server_number(entries, row, FIELD_LINE, 0),
		.column = (int) slipway_server_number(entries, row, FIELD_COLUMN, 0),
	};

	watch->code = interrupted ? SLIPWAY_EXIT_CONNECTION
		: slipway_server_error_exit_code(sqlstate != NULL ? sqlstate : "", SLIPWAY_ERROR_RUN);
	if (slipway_output_is_json())
	{
		json_t	   *object = slipway_problem_error(&problem, NULL, watch->code);

		(void) json_object_set_new(object, "applied", json_integer(watch->applied));
		(void) json_object_set_new(object, "rolled_back", json_true());
		slipway_output_json(object);
	}
	slipway_problem_print(stderr, &problem, NULL);
	free(path);
}

static void
show_entries(Watch *watch)
{
	PGresult   *entries = read_entries(watch);

	for (int row = 0; row < PQntuples(entries); row++)
	{
		if (strcmp(PQgetvalue(entries, row, FIELD_OUTCOME), "succeeded") == 0)
			show_applied(watch, PQgetvalue(entries, row, FIELD_MIGRATION),
						 slipway_server_number(entries, row, FIELD_DURATION, 0));
		else
			show_failed(watch, entries, row);
		free(watch->last_entry);
		watch->last_entry = slipway_memory_copy(PQgetvalue(entries, row, FIELD_ENTRY));
	}
	PQclear(entries);
}

static void
show_head(const SlipwayCurrentRun *run)
{
	char	   *description = slipway_current_run_describe(run);

	if (slipway_output_is_json())
		slipway_output_json(slipway_current_run_json(run, "watch"));
	else
		slipway_output_say("%s", description);
	free(description);
}

static void
show_current(Watch *watch, const SlipwayCurrentRun *run)
{
	SlipwayProgress *progress = watch->progress;
	bool		waits = run->wait_event_type != NULL && strcmp(run->wait_event_type, "Lock") == 0;
	char	   *statement;

	if (progress == NULL)
		return;
	progress->done = run->applied;
	progress->total = run->total;
	progress->started_at = slipway_clock_now() - run->elapsed;
	slipway_progress_move(progress, run->migration, run->migration_elapsed);
	if (run->statement == NULL)
		return;
	statement = slipway_memory_format("%s%s", waits ? "waits for a lock: " : "", run->statement);
	slipway_progress_set_statement(progress, statement);
	free(statement);
}

/* Lets time pass; the watcher may leave at any time, the run goes on. */
static void
pause_for_period(Watch *watch, int signals)
{
	double		until = slipway_clock_now() + PERIOD_MS;

	while (slipway_clock_now() < until)
	{
		struct pollfd file = {.fd = signals, .events = POLLIN};

		slipway_progress_draw(watch->progress);
		(void) poll(&file, 1, watch->progress != NULL ? SLIPWAY_PROGRESS_INTERVAL_MS : PERIOD_MS);
		if (slipway_interrupt_arrived())
			slipway_die(SLIPWAY_EXIT_ERROR,
						"Run \"slipway watch\" to watch it again, \"slipway cancel\" to cancel it.",
						"left, while run %s goes on", watch->number);
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
		show_entries(watch);
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
	bool		same = strcmp(run->number, watch->number) == 0;

	bool		interrupted = same && strcmp(run->outcome, "interrupted") == 0;

	if (watch->code == SLIPWAY_EXIT_DONE && same && strcmp(run->outcome, "succeeded") != 0)
		slipway_die(interrupted ? SLIPWAY_EXIT_CONNECTION : SLIPWAY_EXIT_ERROR,
					"Run \"slipway status\" to see the state of things.",
					"run %s %s, with %ld applied", watch->number,
					interrupted ? "was interrupted" : run->outcome, watch->applied);
	if (watch->code != SLIPWAY_EXIT_DONE)
	{
		(void) fprintf(stderr, "run %s failed; %ld applied\n", watch->number, watch->applied);
		return watch->code;
	}
	if (slipway_output_is_json())
		slipway_output_json(json_pack("{s:s, s:s, s:I, s:I}", "event", "done",
									  "project", watch->project,
									  "run", (json_int_t) strtoll(watch->number, NULL, 10),
									  "applied", (json_int_t) watch->applied));
	else
		slipway_output_say("run %s succeeded: %ld %s applied to project %s", watch->number,
						   watch->applied, watch->applied == 1 ? "migration" : "migrations",
						   watch->project);
	return SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_watch(const SlipwayArguments *arguments)
{
	Watch		watch = {
		.project = slipway_release_project(arguments),
		.folder = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR)),
	};
	SlipwayCurrentRun *run;
	SlipwayExitCode code;
	int			signals;

	watch.conn = slipway_connection_open(arguments);
	(void) slipway_server_greet(watch.conn, NULL, 0, NULL);
	run = slipway_current_run_read(watch.conn, watch.project);
	if (!slipway_current_run_goes_on(run))
	{
		slipway_current_run_say_idle(run);
		slipway_current_run_free(run);
		return SLIPWAY_EXIT_DONE;
	}
	signals = slipway_interrupt_watch();
	show_head(run);
	watch.number = slipway_memory_copy(run->number);
	watch.last_entry = slipway_memory_copy("0");
	slipway_current_run_free(run);
	run = follow(&watch, signals);
	slipway_interrupt_unwatch();
	code = finish(&watch, run);
	slipway_current_run_free(run);
	free(watch.number);
	free(watch.last_entry);
	return code;
}
