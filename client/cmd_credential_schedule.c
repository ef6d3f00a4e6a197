/*
 * cmd_credential_schedule.c
 *	  slipway credential schedule set, list, show, delete and print
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "connection.h"
#include "credential_terms.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "schedule.h"
#include "server.h"
#include "table.h"

#define TIMES "5"
#define MAX_WORDS 12

/* Addresses with commas between them, or NULL; the caller frees it. */
static char *
join_addresses(const SlipwayArguments *arguments)
{
	const SlipwayOptionList *list = &arguments->lists[SLIPWAY_OPTION_EMAIL];
	const char *only = slipway_option_text(arguments, SLIPWAY_OPTION_EMAIL);
	SlipwayBuffer text = {0};

	if (list->count == 0)
		return only != NULL ? slipway_memory_copy(only) : NULL;
	for (size_t i = 0; i < list->count; i++)
		slipway_buffer_format(&text, "%s%s", i > 0 ? "," : "", list->values[i]);
	return slipway_buffer_take(&text);
}

/* A duration in ms as an interval; the caller frees it. */
static char *
make_interval(const SlipwayArguments *arguments)
{
	double		duration = slipway_option_duration(arguments, SLIPWAY_OPTION_MAX_DURATION, 0);

	return duration > 0 ? slipway_memory_format("%.3f seconds", duration / 1000) : NULL;
}

SlipwayExitCode
slipway_cmd_credential_schedule_set(const SlipwayArguments *arguments)
{
	const char *zone = slipway_option_text(arguments, SLIPWAY_OPTION_TIME_ZONE);
	const char *size = slipway_option_text(arguments, SLIPWAY_OPTION_SIZE);
	const char *parallel = slipway_option_text(arguments, SLIPWAY_OPTION_PARALLEL);
	char	   *duration = make_interval(arguments);
	char	   *addresses = join_addresses(arguments);
	const char *values[] = {
		arguments->words[1], slipway_option_text(arguments, SLIPWAY_OPTION_CRON), zone != NULL ? zone : "UTC", size != NULL ? size : "50",
		parallel != NULL ? parallel : "4", duration, slipway_option_text(arguments, SLIPWAY_OPTION_MAX_FAILURES),
		slipway_option_flag(arguments, SLIPWAY_OPTION_SCHEDULE_DRY_RUN) ? "true" : "false", addresses
	};
	PGconn	   *conn;
	PGresult   *result;

	if (values[1] == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, "Write --cron \"30 2 * * MON-FRI\".", "when is schedule \"%s\" to be?", values[0]);
	conn = slipway_credential_connect(arguments);
	result = slipway_server_query(conn, "SELECT slipway.set_schedule($1, $2, $3, $4, $5, $6::pg_catalog.interval, $7, $8, $9)", 9, values);
	slipway_output_say("schedule %s: %s", values[0], PQgetvalue(result, 0, 0));
	PQclear(result);
	free(duration);
	free(addresses);
	return SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_credential_schedule_delete(const SlipwayArguments *arguments)
{
	PGconn	   *conn = slipway_credential_connect(arguments);
	PGresult   *result = slipway_server_query(conn, "SELECT slipway.drop_schedule($1)", 1, arguments->words + 1);

	if (PQgetvalue(result, 0, 0)[0] != 't')
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway credential schedule list\".", "there is no schedule \"%s\"", arguments->words[1]);
	PQclear(result);
	slipway_output_say("schedule %s is forgotten; so is to be what was printed of it", arguments->words[1]);
	return SLIPWAY_EXIT_DONE;
}

/* The next times of a schedule, ISO 8601 in UTC and by its own clocks; the caller clears it. */
static PGresult *
read_times(PGconn *conn, const SlipwaySchedule *schedule, const char *count)
{
	const char *const values[] = {schedule->cron, schedule->time_zone, count};

	return slipway_server_query(conn, "SELECT " SLIPWAY_SERVER_UTC_ISO("t") ", pg_catalog.to_char(t AT TIME ZONE $2::pg_catalog.text, 'Dy YYYY-MM-DD HH24:MI')\n"
								"  FROM slipway.schedule_times($1, $2::pg_catalog.text, $3) t ORDER BY t", 3, values);
}

static json_t *
make_json(const SlipwaySchedule *schedule, const PGresult *times)
{
	json_t	   *object = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:o, s:o, s:b, s:o, s:o}", "event", "schedule", "name", schedule->name,
								   "cron", schedule->cron, "time_zone", schedule->time_zone, "size", schedule->size,
								   "parallel", schedule->parallel,
								   "max_duration_ms", schedule->max_duration > 0 ? json_real(schedule->max_duration) : json_null(),
								   "max_failures", schedule->max_failures > 0 ? json_integer(schedule->max_failures) : json_null(),
								   "only_plan", schedule->dry_run, "email", slipway_output_json_text(schedule->email),
								   "last_batch", slipway_output_json_text(schedule->last_batch));
	json_t	   *list = json_array();

	for (int row = 0; row < PQntuples(times); row++)
		(void) json_array_append_new(list, json_string(PQgetvalue(times, row, 0)));
	(void) json_object_set_new(object, "next", list);
	return object;
}

static void
print_schedule(const SlipwaySchedule *schedule, const PGresult *times)
{
	char	   *duration = schedule->max_duration > 0 ? slipway_output_duration(schedule->max_duration) : slipway_memory_copy("no limit");

	(void) printf("schedule      %s%s\ntimes         %s, clocks of %s\nprojects      %d at most, %d at a time\nduration      %s\n",
				  schedule->name, schedule->dry_run ? ", which only plans" : "", schedule->cron, schedule->time_zone, schedule->size,
				  schedule->parallel, duration);
	if (schedule->max_failures > 0)
		(void) printf("ends after    %d failures\n", schedule->max_failures);
	if (schedule->email != NULL)
		(void) printf("report to     %s\n", schedule->email);
	if (schedule->last_batch != NULL)
		(void) printf("last batch    %s\n", schedule->last_batch);
	for (int row = 0; row < PQntuples(times); row++)
		(void) printf("%s%s\n", row == 0 ? "next          " : "              ", PQgetvalue(times, row, 1));
	free(duration);
}

SlipwayExitCode
slipway_cmd_credential_schedule_show(const SlipwayArguments *arguments)
{
	PGconn	   *conn = slipway_credential_connect(arguments);
	SlipwaySchedule schedule;
	PGresult   *times;

	slipway_schedule_read(conn, arguments->words[1], &schedule);
	times = read_times(conn, &schedule, TIMES);
	if (slipway_output_is_json())
		slipway_output_json(make_json(&schedule, times));
	else
		print_schedule(&schedule, times);
	PQclear(times);
	slipway_schedule_release(&schedule);
	return SLIPWAY_EXIT_DONE;
}

SlipwayExitCode
slipway_cmd_credential_schedule_list(const SlipwayArguments *arguments)
{
	static const SlipwayColumn columns[] = {{"schedule", false, false}, {"times", false, false}, {"time zone", false, false},
	{"projects", true, false}, {"only plans", false, false}, {"next", false, false}};
	PGconn	   *conn = slipway_credential_connect(arguments);
	size_t		count;
	SlipwaySchedule *list = slipway_schedule_list(conn, &count);
	SlipwayTable *table = slipway_table_new(columns, 6);
	PGresult  **times = slipway_memory_new((count + 1) * sizeof(PGresult *));
	char	  **sizes = slipway_memory_new((count + 1) * sizeof(char *));

	for (size_t i = 0; i < count; i++)
	{
		times[i] = read_times(conn, &list[i], "1");
		sizes[i] = slipway_memory_format("%d", list[i].size);
		if (slipway_output_is_json())
			slipway_output_json(make_json(&list[i], times[i]));
		else
			slipway_table_add(table, (const char *const[]) {list[i].name, list[i].cron, list[i].time_zone, sizes[i],
															list[i].dry_run ? "yes" : "no", PQgetvalue(times[i], 0, 1)}, 0, SLIPWAY_COLOR_NONE);
	}
	if (count == 0)
		slipway_output_say("there is no schedule");
	slipway_table_print(table, stdout);
	for (size_t i = 0; i < count; i++)
	{
		PQclear(times[i]);
		free(sizes[i]);
	}
	free(times);
	free(sizes);
	PQclear(list[0].result);
	free(list);
	return SLIPWAY_EXIT_DONE;
}

/* The absolute path of the file that the secrets are in, or NULL; the caller frees it. */
static char *
find_file(const SlipwayArguments *arguments)
{
	const char *secrets = slipway_option_text(arguments, SLIPWAY_OPTION_SECRETS);
	char	   *path;

	if (secrets == NULL || strncmp(secrets, "file:", 5) != 0)
		return NULL;
	path = realpath(secrets + 5, NULL);
	if (path == NULL)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not find \"%s\": %s", secrets + 5, strerror(errno));
	return path;
}

/* Whose that is; the caller frees it. */
static char *
find_owner(const char *file)
{
	struct stat status;
	const struct passwd *owner;

	if (stat(file, &status) != 0)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "could not find \"%s\": %s", file, strerror(errno));
	/* cppcheck-suppress getpwuidCalled */
	owner = getpwuid(status.st_uid);
	return owner != NULL ? slipway_memory_copy(owner->pw_name) : slipway_memory_format("%lu", (unsigned long) status.st_uid);
}

/* The path that a configuration file has from wherever it is used; the caller frees it. */
static char *
make_absolute(const char *path)
{
	char	   *real = realpath(path, NULL);

	return real != NULL ? real : slipway_memory_copy(path);
}

/*
 * What the command line has of what a later call needs, without anything secret: "--env=prod", "--config=/etc/slipway.conf".
 * The caller frees the words.
 */
static void
make_command(const SlipwayArguments *arguments, const char *file, char *words[MAX_WORDS])
{
	static const SlipwayOptionId kept[] = {SLIPWAY_OPTION_ENV, SLIPWAY_OPTION_CONFIG, SLIPWAY_OPTION_SECRETS, SLIPWAY_OPTION_SECRET_PREFIX};
	size_t		count = 0;

	words[count] = realpath("/proc/self/exe", NULL);
	if (words[count] == NULL)
		words[count] = slipway_memory_copy("/usr/bin/slipway");
	count++;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
	{
		const char *value = slipway_option_text(arguments, kept[i]);
		char	   *path;

		/* what comes from a variable or a section comes from there again */
		if (value == NULL || arguments->sources[kept[i]] != NULL)
			continue;
		if (kept[i] == SLIPWAY_OPTION_SECRETS && file != NULL)
			path = slipway_memory_format("file:%s", file);
		else
			path = kept[i] == SLIPWAY_OPTION_CONFIG ? make_absolute(value) : slipway_memory_copy(value);
		words[count++] = slipway_memory_format("--%s=%s", slipway_option_table[kept[i]].name, path);
		free(path);
	}
	words[count] = NULL;
}

SlipwayExitCode
slipway_cmd_credential_schedule_print(const SlipwayArguments *arguments)
{
	bool		systemd = slipway_option_flag(arguments, SLIPWAY_OPTION_SYSTEMD);
	bool		pg_cron = slipway_option_flag(arguments, SLIPWAY_OPTION_PG_CRON);
	bool		kubernetes = slipway_option_flag(arguments, SLIPWAY_OPTION_KUBERNETES);
	char	   *command[MAX_WORDS];
	SlipwaySchedule schedule;
	SlipwayBuffer text = {0};
	PGconn	   *conn;
	char	   *file;
	char	   *owner;

	if (systemd + pg_cron + kubernetes > 1)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "options \"--kubernetes\", \"--systemd\" and \"--pg-cron\" exclude each other");
	conn = slipway_credential_connect(arguments);
	slipway_schedule_read(conn, arguments->words[1], &schedule);
	/* what is for the database has nothing to do with it */
	file = pg_cron ? NULL : find_file(arguments);
	owner = file != NULL ? find_owner(file) : NULL;
	make_command(arguments, file, command);
	if (systemd)
		slipway_schedule_write_systemd(&schedule, (const char *const *) command, file, owner, &text);
	else if (pg_cron)
		slipway_schedule_write_pg_cron(&schedule, PQdb(conn), &text);
	else
	{
		slipway_schedule_write_kubernetes(&schedule, (const char *const *) command, &text);
		if (file != NULL)
			slipway_output_warn("Mount a folder there that can be written to, or use barbican.", "the job needs the file of secrets \"%s\"", file);
	}
	(void) fputs(text.data, stdout);
	free(text.data);
	for (size_t i = 0; command[i] != NULL; i++)
		free(command[i]);
	free(file);
	free(owner);
	slipway_schedule_release(&schedule);
	return SLIPWAY_EXIT_DONE;
}
