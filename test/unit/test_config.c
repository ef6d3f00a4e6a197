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

/* The last default of an option in a section, with its place; NULL: it has none. */
static void
expect_default(const char *text, SlipwayOptionId id, const char *expected, int line)
{
	Request		request;
	char	   *folder = write_config(text, &request);
	SlipwayEnvironment *environment = slipway_config_read(request.path, "a");
	char	   *value = NULL;
	char	   *place = NULL;
	char	   *expected_place = NULL;

	for (size_t i = 0; i < slipway_config_default_count(environment); i++)
		if (slipway_config_default_option(environment, i) == id)
		{
			free(value);
			free(place);
			value = slipway_config_default_value(environment, i);
			place = slipway_config_default_place(environment, i);
		}
	if (expected == NULL)
		assert_null(value);
	else
	{
		assert_true(asprintf(&expected_place, "%s:%d", request.path, line) > 0);
		assert_non_null(value);
		assert_string_equal(value, expected);
		assert_string_equal(place, expected_place);
	}
	free(value);
	free(place);
	free(expected_place);
	slipway_config_free(environment);
	harness_remove_folder(folder);
}

/* What another place than the process environment has; it counts what it is asked for. */
static const char *
look_up(void *context, const char *name)
{
	int		   *asked = context;

	(*asked)++;
	return strcmp(name, "SLIPWAY_TEST_STORED") == 0 ? "a@b c" : NULL;
}

static void
looks_up_variables(void **state)
{
	const char *const text = "[a]\nurl = postgresql://r:${SLIPWAY_TEST_STORED}@h/${SLIPWAY_TEST_GIVEN}\n"
		"[b]\nurl = user=r password=${SLIPWAY_TEST_STORED}\n[c]\nurl = $${SLIPWAY_TEST_STORED}\n";
	static const char *const expected[] = {"postgresql://r:a%40b%20c@h/d", "user=r password=a@b\\ c", "${SLIPWAY_TEST_STORED}"};
	static const int questions[] = {1, 1, 0};
	Request		request;
	char	   *folder = write_config(text, &request);

	(void) state;
	assert_int_equal(setenv("SLIPWAY_TEST_GIVEN", "d", 1), 0);
	for (int i = 0; i < 3; i++)
	{
		const char	name[] = {(char) ('a' + i), '\0'};
		SlipwayEnvironment *environment = slipway_config_read(request.path, name);
		int			asked = 0;
		char	   *value = slipway_config_value_with(environment, SLIPWAY_CONFIG_URL, look_up, &asked);

		assert_string_equal(value, expected[i]);
		assert_int_equal(asked, questions[i]);
		free(value);
		slipway_config_free(environment);
	}
	assert_int_equal(unsetenv("SLIPWAY_TEST_GIVEN"), 0);
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
	expect_text(text, "prod", SLIPWAY_CONFIG_URL, "host=h dbname=d ;#x");
	expect_text("\xef\xbb\xbf[a]\r\napp_url=x\r\n", "a", SLIPWAY_CONFIG_APP_URL, "x");
	expect_text("[a]\nsearch-path = a, b", "a", SLIPWAY_CONFIG_SEARCH_PATH, "a, b");
}

static void
reads_defaults(void **state)
{
	const char *const text = "[b]\nproject = no\nlock_timeout = 1\n"
		"[ a ]\nproject = two words  \norder=\tnumber\r\nlock-timeout = 5s\nverify = off\n"
		"cancel_blockers =\nlabel = a=b\nlabel = c=${UNIT_A}\n";

	(void) state;
	assert_int_equal(setenv("UNIT_A", "%& '", 1), 0);
	expect_default(text, SLIPWAY_OPTION_PROJECT, "two words", 5);
	expect_default(text, SLIPWAY_OPTION_ORDER, "number", 6);
	expect_default(text, SLIPWAY_OPTION_LOCK_TIMEOUT, "5s", 7);
	expect_default(text, SLIPWAY_OPTION_VERIFY, "off", 8);
	expect_default(text, SLIPWAY_OPTION_CANCEL_BLOCKERS, "", 9);
	/* as it is: this is no connection string */
	expect_default(text, SLIPWAY_OPTION_LABEL, "c=%& '", 11);
	expect_default(text, SLIPWAY_OPTION_DIR, NULL, 0);
	expect_default("[a]\ndir = /m", SLIPWAY_OPTION_DIR, "/m", 2);
}

static void
reads_long_lines(void **state)
{
	char		text[5000] = "[a]\nurl = ";
	size_t		start = strlen(text);

	(void) state;
	memset(text + start, 'x', 4000);
	expect_text(text, "a", SLIPWAY_CONFIG_URL, text + start);
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

/* A variable is one value, whatever it holds. */
static void
fills_in_passwords(void **state)
{
	(void) state;
	assert_int_equal(setenv("UNIT_P", "a@b:/?#%& '\\=\xc3\xa9", 1), 0);
	assert_int_equal(setenv("UNIT_A", "one:two", 1), 0);
	expect_text("[a]\nurl = postgresql://u:${UNIT_P}@h/d", "a", SLIPWAY_CONFIG_URL,
				"postgresql://u:a%40b%3A%2F%3F%23%25%26%20%27%5C%3D%C3%A9@h/d");
	expect_text("[a]\nurl = postgres://${UNIT_A}:x${UNIT_P}@h/d", "a", SLIPWAY_CONFIG_URL,
				"postgres://one%3Atwo:xa%40b%3A%2F%3F%23%25%26%20%27%5C%3D%C3%A9@h/d");
	expect_text("[a]\nurl = postgresql://h/d?user=u&password=${UNIT_P}&sslmode=x", "a", SLIPWAY_CONFIG_URL,
				"postgresql://h/d?user=u&password=a%40b%3A%2F%3F%23%25%26%20%27%5C%3D%C3%A9&sslmode=x");
	/* hosts, and what is more than a value, as they are */
	expect_text("[a]\nurl = postgresql://${UNIT_A}/d", "a", SLIPWAY_CONFIG_URL, "postgresql://one:two/d");
	expect_text("[a]\nurl = postgresql://u@${UNIT_A}/d", "a", SLIPWAY_CONFIG_URL, "postgresql://u@one:two/d");
	expect_text("[a]\nurl = postgresql://u@h/${UNIT_A}", "a", SLIPWAY_CONFIG_URL, "postgresql://u@h/one:two");
	expect_text("[a]\nurl = ${UNIT_A}", "a", SLIPWAY_CONFIG_URL, "one:two");
	expect_text("[a]\napp_url = host=h password=${UNIT_P} user=u", "a", SLIPWAY_CONFIG_APP_URL,
				"host=h password=a@b:/?#%&\\ \\'\\\\=\xc3\xa9 user=u");
	expect_text("[a]\napp_url = password='${UNIT_P}'", "a", SLIPWAY_CONFIG_APP_URL,
				"password='a@b:/?#%&\\ \\'\\\\=\xc3\xa9'");
	assert_int_equal(setenv("UNIT_P", "host=h user=u", 1), 0);
	expect_text("[a]\nurl = ${UNIT_P} dbname=d", "a", SLIPWAY_CONFIG_URL, "host=h user=u dbname=d");
}

static void
add_name(void *context, const char *name)
{
	(void) strcat(context, name);
	(void) strcat(context, " ");
}

static void
lists_variables(void **state)
{
	Request		request;
	char	   *folder = write_config("[a]\nurl = x${A}$${B}${C}$${D\n", &request);
	SlipwayEnvironment *environment = slipway_config_read(request.path, "a");
	char		names[100] = "";

	(void) state;
	slipway_config_each_variable(environment, SLIPWAY_CONFIG_URL, add_name, names);
	slipway_config_each_variable(environment, SLIPWAY_CONFIG_APP_URL, add_name, names);
	assert_string_equal(names, "A C ");
	slipway_config_free(environment);
	harness_remove_folder(folder);
}

static void
resolves_folders(void **state)
{
	Request		request = {.section = "a"};
	char	   *folder = write_config("[a]\ndir = m/n\n", &request);
	char	   *expected = NULL;
	SlipwayEnvironment *environment = slipway_config_read(request.path, "a");
	char	   *value = slipway_config_default_value(environment, 0);

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
				   "x.conf:2: option \"--password\" cannot have a default\nhint: A connection is what \"url\" says.\n");
	expect_refusal("[a]\nall = true\n", NULL, none,
				   "x.conf:2: option \"--all\" cannot have a default\nhint: Give it on the command line.\n");
	expect_refusal("[a]\nlock_timout = 5s\n", NULL, none, "x.conf:2: unknown key \"lock_timout\"\nhint: Perhaps you meant \"lock_timeout\".\n");
	expect_refusal("[a]\nlock_timeout = soon\n", NULL, none, "x.conf:2: invalid value \"soon\" of key \"lock_timeout\"\nhint: It is a number");
	expect_refusal("[a]\nverify = maybe\n", NULL, none, "x.conf:2: invalid value \"maybe\" of key \"verify\"\nhint: It is 1 or 0");
	expect_refusal("[a]\nmode = all\nmode = each\n", NULL, none, "x.conf:3: key \"mode\" is there twice\n");
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
	const char *const text = "[prod]\nurl = ${UNIT_NONE}\nsearch_path = ${UNIT_EMPTY}\napp_url = ${oops\n[dev]\n";
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
	expect_refusal(text, "prod", SLIPWAY_CONFIG_SEARCH_PATH, "x.conf:3: environment variable UNIT_EMPTY is not set\n");
	expect_refusal(text, "prod", SLIPWAY_CONFIG_APP_URL, "x.conf:4: malformed variable\nhint: Write ${NAME}");
	expect_refusal("[a]\nurl = ${}\n", "a", SLIPWAY_CONFIG_URL, "x.conf:2: malformed variable\n");
	harness_expect_exit(run_request, &request, 2,
						"could not read \"/nonexistent/x.conf\": No such file or directory\nhint: Name the file with --config.\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_values),
		cmocka_unit_test(looks_up_variables),
		cmocka_unit_test(reads_defaults),
		cmocka_unit_test(reads_long_lines),
		cmocka_unit_test(fills_in_variables),
		cmocka_unit_test(fills_in_passwords),
		cmocka_unit_test(lists_variables),
		cmocka_unit_test(resolves_folders),
		cmocka_unit_test(refuses_lines),
		cmocka_unit_test(refuses_requests),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
