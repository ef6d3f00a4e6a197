/*
 * test_option.c
 *	  Command lines.
 */
#include "harness.h"

#include <stdlib.h>

#include "command.h"
#include "nearest.h"
#include "option.h"

#define LINE(...) (char *[]) {"slipway", __VA_ARGS__, NULL}

static void
parse(char **line, SlipwayArguments *arguments)
{
	int			count = 0;

	while (line[count] != NULL)
		count++;
	*arguments = (SlipwayArguments) {.word_count = 0};
	slipway_option_parse(count, line, arguments);
}

static void
release(SlipwayArguments *arguments)
{
	free(arguments->words);
	free(arguments->lists[SLIPWAY_OPTION_GRANT].values);
}

static void
parses_options(void **state)
{
	SlipwayArguments arguments;

	(void) state;
	parse(LINE("-d", "db", "migrate", "--to=x=y", "-nv", "--lock-wait", "3s", "-p5433"), &arguments);
	assert_int_equal(arguments.word_count, 1);
	assert_string_equal(arguments.words[0], "migrate");
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_DBNAME), "db");
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_TO), "x=y");
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_LOCK_WAIT), "3s");
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_PORT), "5433");
	assert_true(slipway_option_flag(&arguments, SLIPWAY_OPTION_DRY_RUN));
	assert_true(slipway_option_flag(&arguments, SLIPWAY_OPTION_VERBOSE));
	assert_false(slipway_option_flag(&arguments, SLIPWAY_OPTION_QUIET));
	release(&arguments);
}

static void
parses_clusters_and_words(void **state)
{
	SlipwayArguments arguments;

	(void) state;
	parse(LINE("-vd", "db", "-", "--", "--to", "-x"), &arguments);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_DBNAME), "db");
	assert_int_equal(arguments.word_count, 3);
	assert_string_equal(arguments.words[0], "-");
	assert_string_equal(arguments.words[1], "--to");
	assert_string_equal(arguments.words[2], "-x");
	release(&arguments);

	parse(LINE("--retries=7", "--retries", "8", "--grant", "a=b", "--grant=c=d"), &arguments);
	assert_int_equal(slipway_option_integer(&arguments, SLIPWAY_OPTION_RETRIES, 1), 8);
	assert_int_equal(slipway_option_integer(&arguments, SLIPWAY_OPTION_LIMIT, 1), 1);
	assert_int_equal(arguments.lists[SLIPWAY_OPTION_GRANT].count, 2);
	assert_string_equal(arguments.lists[SLIPWAY_OPTION_GRANT].values[0], "a=b");
	assert_string_equal(arguments.lists[SLIPWAY_OPTION_GRANT].values[1], "c=d");
	release(&arguments);

	/* a value that may be left out is none of the words */
	parse(LINE("--cancel-blockers", "app"), &arguments);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_CANCEL_BLOCKERS), "");
	assert_int_equal(arguments.word_count, 1);
	release(&arguments);
	parse(LINE("--cancel-blockers=app,report"), &arguments);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_CANCEL_BLOCKERS), "app,report");
	release(&arguments);
	parse(LINE("--cancel-blockers="), &arguments);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_CANCEL_BLOCKERS), "");
	release(&arguments);
}

/* Runs all of a command line but the command. */
static void
parse_line(void *line)
{
	SlipwayArguments arguments;

	parse(line, &arguments);
}

static void
run_line(void *line)
{
	SlipwayArguments arguments;

	parse(line, &arguments);
	exit((int) slipway_command_run(&arguments));
}

static void
refuses_options(void **state)
{
	(void) state;
	harness_expect_exit(parse_line, LINE("--jsn"), 2, "unknown option \"--jsn\"\nhint: Perhaps you meant \"--json\".");
	harness_expect_exit(parse_line, LINE("--zzzzzzz=1"), 2, "unknown option \"--zzzzzzz\"\nhint: See ");
	harness_expect_exit(parse_line, LINE("-vZ"), 2, "unknown option \"-Z\"");
	harness_expect_exit(parse_line, LINE("--dir"), 2, "option \"--dir\" needs a value\nhint: Write --dir DIR.");
	harness_expect_exit(parse_line, LINE("-vd"), 2, "option \"--dbname\" needs a value");
	harness_expect_exit(parse_line, LINE("--dir="), 2, "hint: It must not be empty.");
	harness_expect_exit(parse_line, LINE("--json=1"), 2, "option \"--json\" takes no value");
	harness_expect_exit(parse_line, LINE("--order", "nam"), 2, "hint: It is one of auto|name|number.");
	harness_expect_exit(parse_line, LINE("--order", "auto|name"), 2, "invalid value");
	harness_expect_exit(parse_line, LINE("--retries", "-1"), 2, "invalid value \"-1\" of option \"--retries\"");
	harness_expect_exit(parse_line, LINE("--retries", "2147483648"), 2, "whole number");
	harness_expect_exit(parse_line, LINE("--lock-wait", "3x"), 2, "hint: It is a number of milliseconds");
	harness_expect_exit(parse_line, LINE("--lock-wait", "s"), 2, "invalid value \"s\"");
	harness_expect_exit(parse_line, LINE("--lock-wait", "24.8d", "--lock-timeout", "2147483648"), 2,
						"invalid value \"2147483648\" of option \"--lock-timeout\"\nhint: It is at most 24 days.");
	harness_expect_exit(parse_line, LINE("-p", "5432,x"), 2, "hint: It is a number from 1 to 65535.");
	harness_expect_exit(parse_line, LINE("-q", "status", "-v"), 2, "\"--quiet\" and \"--verbose\" contradict each other");
}

static void
accepts_values(void **state)
{
	char	   *durations[] = {"0", "5", "1.5s", "10 min", "3h", "1d", "200us", "7ms"};
	SlipwayArguments arguments;

	(void) state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
	{
		parse(LINE("--lock-timeout", durations[i]), &arguments);
		assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_LOCK_TIMEOUT), durations[i]);
		release(&arguments);
	}
}

static void
reads_durations(void **state)
{
	static const struct
	{
		char	   *text;
		double		milliseconds;
	}			durations[] = {
		{"0", 0}, {"5", 5}, {"1.5s", 1500}, {"10 min", 600000}, {"3h", 10800000}, {"1d", 86400000}, {"200us", 0.2}
	};
	SlipwayArguments arguments;

	(void) state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++)
	{
		parse(LINE("--timeout", durations[i].text), &arguments);
		assert_float_equal(slipway_option_duration(&arguments, SLIPWAY_OPTION_TIMEOUT, 7), durations[i].milliseconds, 1e-9);
		assert_float_equal(slipway_option_duration(&arguments, SLIPWAY_OPTION_LOCK_WAIT, 7), 7, 1e-9);
		release(&arguments);
	}
}

static void
refuses_commands(void **state)
{
	(void) state;
	harness_expect_exit(run_line, LINE("migrat"), 2, "unknown command \"migrat\"\nhint: Perhaps you meant \"migrate\".");
	harness_expect_exit(run_line, LINE("xyzzy"), 2, "hint: See \"slipway --help\".");
	harness_expect_exit(run_line, LINE("status", "--to", "x"), 2, "command \"status\" has no option \"--to\"");
	harness_expect_exit(run_line, LINE("--to", "x", "status"), 2, "command \"status\" has no option \"--to\"");
	harness_expect_exit(run_line, LINE("status", "-n"), 2, "command \"status\" has no option \"--dry-run\"");
	harness_expect_exit(run_line, LINE("status", "x"), 2, "superfluous argument \"x\"");
	harness_expect_exit(run_line, LINE("new"), 2, "command \"new\" needs an argument\nhint: Write slipway new NAME.");
	harness_expect_exit(run_line, LINE("init", "--grant", "r=king"), 2, "invalid value \"r=king\"");
	harness_expect_exit(run_line, LINE("init", "--schemas", "a,,b"), 2, "an empty name");
	harness_expect_exit(run_line, (char *[]) {"slipway", NULL}, 2, "Usage: slipway");
}

static const SlipwayCommand *
find(const char *name)
{
	size_t		used;

	return slipway_command_find(&name, 1, &used);
}

static void
finds_commands(void **state)
{
	(void) state;
	assert_string_equal(find("up")->name, "migrate");
	assert_string_equal(find("info")->name, "status");
	assert_string_equal(find("plan")->name, "plan");
}

static void
read_retries(void *value)
{
	const SlipwayOptionId ids[] = {SLIPWAY_OPTION_RETRIES, SLIPWAY_OPTION_JSON, SLIPWAY_OPTION_COUNT};
	SlipwayArguments arguments = {.word_count = 0};

	(void) setenv("SLIPWAY_RETRIES", value, 1);
	slipway_option_read_environment(&arguments, ids);
}

static void
reads_environment(void **state)
{
	const SlipwayOptionId ids[] = {SLIPWAY_OPTION_LOCK_WAIT, SLIPWAY_OPTION_JSON, SLIPWAY_OPTION_QUIET,
	SLIPWAY_OPTION_DIR, SLIPWAY_OPTION_COUNT};
	SlipwayArguments arguments;

	(void) state;
	assert_int_equal(setenv("SLIPWAY_LOCK_WAIT", "5s", 1), 0);
	assert_int_equal(setenv("SLIPWAY_JSON", "on", 1), 0);
	assert_int_equal(setenv("SLIPWAY_QUIET", "0", 1), 0);
	assert_int_equal(setenv("SLIPWAY_DIR", "", 1), 0);
	assert_int_equal(setenv("SLIPWAY_TO", "ignored", 1), 0);
	parse(LINE("status"), &arguments);
	slipway_option_read_environment(&arguments, ids);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_LOCK_WAIT), "5s");
	assert_true(slipway_option_flag(&arguments, SLIPWAY_OPTION_JSON));
	assert_false(slipway_option_flag(&arguments, SLIPWAY_OPTION_QUIET));
	assert_null(slipway_option_text(&arguments, SLIPWAY_OPTION_DIR));
	assert_null(slipway_option_text(&arguments, SLIPWAY_OPTION_TO));
	release(&arguments);

	parse(LINE("--lock-wait", "1"), &arguments);
	slipway_option_read_environment(&arguments, ids);
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_LOCK_WAIT), "1");
	release(&arguments);
	harness_expect_exit(read_retries, "x", 2, "invalid value \"x\" of environment variable SLIPWAY_RETRIES");
	assert_int_equal(setenv("SLIPWAY_JSON", "maybe", 1), 0);
	harness_expect_exit(read_retries, "1", 2, "invalid value \"maybe\" of environment variable SLIPWAY_JSON");
	assert_int_equal(unsetenv("SLIPWAY_JSON"), 0);
}

/* The command line counts more than a variable, and that more than a default, also one that says no. */
static void
adds_defaults(void **state)
{
	const SlipwayOptionId ids[] = {SLIPWAY_OPTION_LOCK_WAIT, SLIPWAY_OPTION_VERIFY, SLIPWAY_OPTION_COUNT};
	const SlipwayOptionDefault defaults[] = {
		{SLIPWAY_OPTION_LOCK_WAIT, "1s", "f:1"}, {SLIPWAY_OPTION_RETRIES, "1", "f:2"},
		{SLIPWAY_OPTION_VERIFY, "true", "f:3"}, {SLIPWAY_OPTION_DETACH, "no", "f:4"},
		{SLIPWAY_OPTION_LABEL, "a=1", "f:5"}, {SLIPWAY_OPTION_LABEL, "b=2", "f:6"},
		{SLIPWAY_OPTION_VERBOSE, "1", "f:7"}, {SLIPWAY_OPTION_MODE, "all", "f:8"},
	};
	SlipwayArguments arguments;

	(void) state;
	assert_int_equal(setenv("SLIPWAY_LOCK_WAIT", "2s", 1), 0);
	assert_int_equal(setenv("SLIPWAY_VERIFY", "0", 1), 0);
	parse(LINE("-q", "--retries", "3"), &arguments);
	slipway_option_read_environment(&arguments, ids);
	slipway_option_add_defaults(&arguments, defaults, sizeof(defaults) / sizeof(defaults[0]));
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_LOCK_WAIT), "2s");
	assert_string_equal(arguments.sources[SLIPWAY_OPTION_LOCK_WAIT], "SLIPWAY_LOCK_WAIT");
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_RETRIES), "3");
	assert_null(arguments.sources[SLIPWAY_OPTION_RETRIES]);
	assert_false(slipway_option_flag(&arguments, SLIPWAY_OPTION_VERIFY));
	assert_string_equal(arguments.sources[SLIPWAY_OPTION_VERIFY], "SLIPWAY_VERIFY");
	assert_false(slipway_option_flag(&arguments, SLIPWAY_OPTION_DETACH));
	assert_string_equal(arguments.sources[SLIPWAY_OPTION_DETACH], "f:4");
	assert_int_equal(arguments.lists[SLIPWAY_OPTION_LABEL].count, 2);
	assert_string_equal(arguments.lists[SLIPWAY_OPTION_LABEL].values[1], "b=2");
	assert_string_equal(arguments.lists[SLIPWAY_OPTION_LABEL].sources[0], "f:5");
	/* --quiet says the opposite */
	assert_false(slipway_option_flag(&arguments, SLIPWAY_OPTION_VERBOSE));
	assert_string_equal(slipway_option_text(&arguments, SLIPWAY_OPTION_MODE), "all");
	free(arguments.lists[SLIPWAY_OPTION_LABEL].values);
	free(arguments.lists[SLIPWAY_OPTION_LABEL].sources);
	release(&arguments);
	assert_int_equal(unsetenv("SLIPWAY_LOCK_WAIT"), 0);
	assert_int_equal(unsetenv("SLIPWAY_VERIFY"), 0);
}

static void
add_rivals(void *value)
{
	const SlipwayOptionDefault defaults[] = {
		{SLIPWAY_OPTION_QUIET, "1", "f:1"}, {SLIPWAY_OPTION_VERBOSE, "1", "f:2"},
	};
	SlipwayArguments arguments = {.word_count = 0};

	(void) value;
	slipway_option_add_defaults(&arguments, defaults, 2);
}

static void
refuses_rival_defaults(void **state)
{
	(void) state;
	harness_expect_exit(add_rivals, NULL, 2, "options \"--quiet\" (f:1) and \"--verbose\" (f:2) contradict each other");
}

static void
finds_nearest(void **state)
{
	const char *const names[] = {"migrate", "status", NULL, "log"};

	(void) state;
	assert_string_equal(slipway_nearest_find("staus", names, 4), "status");
	assert_string_equal(slipway_nearest_find("mgirate", names, 4), "migrate");
	assert_null(slipway_nearest_find("rollback", names, 4));
	assert_null(slipway_nearest_find("", names, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_options),
		cmocka_unit_test(parses_clusters_and_words),
		cmocka_unit_test(refuses_options),
		cmocka_unit_test(accepts_values),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(refuses_commands),
		cmocka_unit_test(finds_commands),
		cmocka_unit_test(reads_environment),
		cmocka_unit_test(adds_defaults),
		cmocka_unit_test(refuses_rival_defaults),
		cmocka_unit_test(finds_nearest),
	};

	return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
