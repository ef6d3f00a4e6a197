/*
 * test_config.c
 *	  slipway.conf.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"

typedef struct Request
{
	char		path[256];
	const char *section;
	SlipwayConfigKey key;		/* SLIPWAY_CONFIG_COUNT: only read the file */
} Request;

/* Writes a file into a folder of its own, whose path it returns. */
static char *
write_config(const char *text, Request *request)
{
	char	   *folder = harness_make_folder();

	harness_write_file(folder, "x.conf", text);
	(void) snprintf(request->path, sizeof(request->path), "%s/x.conf", folder);
	assert_int_equal(chmod(request->path, 0600), 0);
	return folder;
}

static void
run_request(void *argument)
{
	const Request *request = argument;
	SlipwayEnvironment *environment = slipway_config_read(request->path, request->section);

	if (request->key < SLIPWAY_CONFIG_COUNT)
		(void) slipway_config_value(environment, request->key);
}

static void
expect_text(const char *text, const char *section, SlipwayConfigKey key, const char *expected)
{
	Request		request;
	char	   *folder = write_config(text, &request);
	SlipwayEnvironment *environment = slipway_config_read(request.path, section);
	char	   *value = slipway_config_value(environment, key);

	if (expected == NULL)
		assert_null(value);
	else
	{
		assert_non_null(value);
		assert_string_equal(value, expected);
	}
	free(value);
	slipway_config_free(environment);
	harness_remove_folder(folder);
}

static void
reads_values(void **state)
{
	const char *const text = "; ours\n"
		"[dev]\nurl = postgresql://h/dev\n\n"
		"# theirs\n[ prod ]\n  url=host=h dbname=d ;#x\nproject = billing  \norder=\tnumber\r\n"
		"[test]\nproject = two words\n";

	(void) state;
	expect_text(text, "dev", SLIPWAY_CONFIG_URL, "postgresql://h/dev");
	expect_text(text, "dev", SLIPWAY_CONFIG_APP_URL, NULL);
	expect_text(text, "dev", SLIPWAY_CONFIG_DIR, NULL);
	expect_text(text, "prod", SLIPWAY_CONFIG_URL, "host=h dbname=d ;#x");
	expect_text(text, "prod", SLIPWAY_CONFIG_PROJECT, "billing");
	expect_text(text, "prod", SLIPWAY_CONFIG_ORDER, "number");
	expect_text(text, "test", SLIPWAY_CONFIG_PROJECT, "two words");
	expect_text("\xef\xbb\xbf[a]\r\napp_url=x\r\n", "a", SLIPWAY_CONFIG_APP_URL, "x");
	expect_text("[a]\ndir = /m", "a", SLIPWAY_CONFIG_DIR, "/m");
}

static void
reads_long_lines(void **state)
{
	char		text[5000] = "[a]\nproject = ";
	size_t		start = strlen(text);

	(void) state;
	memset(text + start, 'x', 4000);
	expect_text(text, "a", SLIPWAY_CONFIG_PROJECT, text + start);
}

static void
fills_in_variables(void **state)
{
	(void) state;
	assert_int_equal(setenv("UNIT_A", "one", 1), 0);
	assert_int_equal(setenv("UNIT_B", "${UNIT_A}", 1), 0);
	assert_int_equal(setenv("UNIT_EMPTY", "", 1), 0);
	assert_int_equal(unsetenv("UNIT_NONE"), 0);
	expect_text("[a]\nurl = ${UNIT_A}", "a", SLIPWAY_CONFIG_URL, "one");
	expect_text("[a]\nurl = x${UNIT_A}y${UNIT_A}", "a", SLIPWAY_CONFIG_URL, "xoneyone");
	/* once, whatever a variable holds */
	expect_text("[a]\nurl = ${UNIT_B}", "a", SLIPWAY_CONFIG_URL, "${UNIT_A}");
	expect_text("[a]\nurl = $${UNIT_A}", "a", SLIPWAY_CONFIG_URL, "${UNIT_A}");
	expect_text("[a]\nurl = $UNIT_A$$ $", "a", SLIPWAY_CONFIG_URL, "$UNIT_A$$ $");
}

static void
resolves_folders(void **state)
{
	Request		request = {.section = "a"};
	char	   *folder = write_config("[a]\ndir = m/n\n", &request);
	char	   *expected = NULL;
	SlipwayEnvironment *environment = slipway_config_read(request.path, "a");
	char	   *value = slipway_config_value(environment, SLIPWAY_CONFIG_DIR);

	(void) state;
	assert_true(asprintf(&expected, "%s/m/n", folder) > 0);
	assert_string_equal(value, expected);
	free(expected);
	free(value);
	slipway_config_free(environment);
	harness_remove_folder(folder);
}

static void
expect_refusal(const char *text, const char *section, SlipwayConfigKey key, const char *message)
{
	Request		request = {.section = section,.key = key};
	char	   *folder = write_config(text, &request);

	harness_expect_exit(run_request, &request, 2, message);
	harness_remove_folder(folder);
}

static void
refuses_lines(void **state)
{
	const SlipwayConfigKey none = SLIPWAY_CONFIG_COUNT;

	(void) state;
	expect_refusal("[a]\nulr = x\n", NULL, none, "x.conf:2: unknown key \"ulr\"\nhint: Perhaps you meant \"url\".\n");
	expect_refusal("[a]\npassword = x\n", "a", none,
				   "x.conf:2: unknown key \"password\"\nhint: There are url, app_url, dir, project, order, rehearse, snapshot, ignore.\n");
	expect_refusal("url = x\n", NULL, none, "x.conf:1: key \"url\" is in no section\nhint: Put it below a line [NAME].\n");
	expect_refusal("[a]\n\nurl\n", NULL, none, "x.conf:3: malformed line\nhint: Lines are [SECTION], KEY = VALUE");
	expect_refusal("[a]\nurl =\n", NULL, none, "x.conf:2: key \"url\" has no value\n");
	expect_refusal("[a]\nurl = 1\nurl = 2\n", NULL, none, "x.conf:3: key \"url\" is there twice\n");
	expect_refusal("[a]\n[b]\n[a]\n", NULL, none, "x.conf:3: section [a] is there twice\n");
	expect_refusal("[a\n", NULL, none, "x.conf:1: malformed section\nhint: Write [NAME].\n");
	expect_refusal("[]\n", NULL, none, "x.conf:1: malformed section\n");
	expect_refusal("[\n", NULL, none, "x.conf:1: malformed section\n");
	expect_refusal("[a]x\n", NULL, none, "x.conf:1: malformed section\n");
	expect_refusal("[a]\nurl = \xff\n", NULL, none, "x.conf:2: not UTF-8 text\n");
}

static void
refuses_requests(void **state)
{
	const char *const text = "[prod]\nurl = ${UNIT_NONE}\ndir = ${UNIT_EMPTY}\napp_url = ${oops\nproject = ${}\n[dev]\n";
	Request		request = {.path = "/nonexistent/x.conf",.section = "a",.key = SLIPWAY_CONFIG_COUNT};

	(void) state;
	assert_int_equal(unsetenv("UNIT_NONE"), 0);
	assert_int_equal(setenv("UNIT_EMPTY", "", 1), 0);
	expect_refusal(text, "prdo", SLIPWAY_CONFIG_COUNT,
				   "x.conf\" has no section [prdo]\nhint: Perhaps you meant \"prod\".\n");
	expect_refusal(text, "staging", SLIPWAY_CONFIG_COUNT, "hint: There are prod, dev.\n");
	expect_refusal("[one]\n", "staging", SLIPWAY_CONFIG_COUNT, "hint: There is one.\n");
	expect_refusal("", "staging", SLIPWAY_CONFIG_COUNT, "hint: There is none.\n");
	expect_refusal(text, "prod", SLIPWAY_CONFIG_URL, "x.conf:2: environment variable UNIT_NONE is not set\n");
	expect_refusal(text, "prod", SLIPWAY_CONFIG_DIR, "x.conf:3: environment variable UNIT_EMPTY is not set\n");
	expect_refusal(text, "prod", SLIPWAY_CONFIG_APP_URL, "x.conf:4: malformed variable\nhint: Write ${NAME}");
	expect_refusal(text, "prod", SLIPWAY_CONFIG_PROJECT, "x.conf:5: malformed variable\n");
	harness_expect_exit(run_request, &request, 2,
						"could not read \"/nonexistent/x.conf\": No such file or directory\nhint: Name the file with --config.\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(reads_long_lines),
		cmocka_unit_test(fills_in_variables),
		cmocka_unit_test(resolves_folders),
		cmocka_unit_test(refuses_lines),
		cmocka_unit_test(refuses_requests),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
