/*
 * test_ignore.c
 *	  The file .slipwayignore.
 */
#include "harness.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ignore.h"

static void
expect_match(const char *patterns, const char *file, bool expected)
{
	char	   *path = harness_make_folder();
	SlipwayIgnore *ignore;

	harness_write_file(path, SLIPWAY_IGNORE_FILE, patterns);
	ignore = slipway_ignore_read(path);
	if (slipway_ignore_matches(ignore, file) != expected)
		fail_msg("\"%s\" %s \"%s\"", patterns, expected ? "does not match" : "matches", file);
	slipway_ignore_free(ignore);
	harness_remove_folder(path);
}

static void
matches_names(void **state)
{
	(void) state;
	expect_match("", "a.sql", false);
	expect_match("a.sql\n", "a.sql", true);
	expect_match("a.sql", "a.sql", true);
	expect_match("a.sql\n", "aa.sql", false);
	expect_match("draft_*\n", "draft_1.sql", true);
	expect_match("000[1-3]_*.sql\n", "0003_x.sql", true);
	expect_match("000[1-3]_*.sql\n", "0004_x.sql", false);
	expect_match("000?.sql\n", "0004.sql", true);
	expect_match("*\n", "a.sql", true);
	expect_match("A.sql\n", "a.sql", false);
}

static void
obeys_the_last_line(void **state)
{
	(void) state;
	expect_match("*.sql\n!a.sql\n", "a.sql", false);
	expect_match("*.sql\n!a.sql\n", "b.sql", true);
	expect_match("!a.sql\n*.sql\n", "a.sql", true);
	expect_match("!a.sql\n", "a.sql", false);
}

static void
reads_lines(void **state)
{
	(void) state;
	expect_match("# *.sql\n\n   \n", "a.sql", false);
	expect_match("\xef\xbb\xbf" "a.sql\r\nb.sql\r\n", "a.sql", true);
	expect_match("\xef\xbb\xbf" "a.sql\r\nb.sql\r\n", "b.sql", true);
	expect_match("a.sql  \t\n", "a.sql", true);
	expect_match("a.sql\\ \n", "a.sql ", true);
	expect_match("\\#a.sql\n", "#a.sql", true);
	expect_match("\\!a.sql\n", "!a.sql", true);
	expect_match("[]]a.sql\n", "]a.sql", true);
	expect_match("[!]]a.sql\n", "ba.sql", true);
}

static void
read_ignore(void *path)
{
	(void) slipway_ignore_read(path);
}

static void
expect_refusal(const char *patterns, const char *text)
{
	char	   *path = harness_make_folder();

	harness_write_file(path, SLIPWAY_IGNORE_FILE, patterns);
	harness_expect_exit(read_ignore, path, 2, text);
	harness_remove_folder(path);
}

static void
refuses_lines(void **state)
{
	(void) state;
	expect_refusal("a.sql\nold/b.sql\n",
				   "/.slipwayignore:2: a pattern is for names of files in this folder and has no \"/\"\n"
				   "hint: Lines are patterns such as draft_*.sql, comments (#), or !PATTERN.\n");
	expect_refusal("old/\n", ".slipwayignore:1: a pattern is");
	expect_refusal("\n\n!\n", ".slipwayignore:3: there is no pattern behind the \"!\"\n");
	expect_refusal("!  \n", ".slipwayignore:1: there is no pattern behind the \"!\"\n");
	expect_refusal("a[bc.sql\n", ".slipwayignore:1: a \"[\" is not closed\n");
	expect_refusal("a[\n", ".slipwayignore:1: a \"[\" is not closed\n");
	expect_refusal("a[]\n", ".slipwayignore:1: a \"[\" is not closed\n");
	expect_refusal("a.sql\\\n", ".slipwayignore:1: nothing follows the last backslash\n");
	expect_refusal("a.sql\nb\xff.sql\n", ".slipwayignore:2: not UTF-8 text\nhint: Save it as UTF-8 text.\n");
}

static void
needs_no_file(void **state)
{
	char	   *path = harness_make_folder();
	char		item[256];
	SlipwayIgnore *ignore = slipway_ignore_read(path);

	(void) state;
	assert_false(slipway_ignore_matches(ignore, "a.sql"));
	slipway_ignore_free(ignore);
	(void) snprintf(item, sizeof(item), "%s/%s", path, SLIPWAY_IGNORE_FILE);
	assert_int_equal(mkdir(item, 0700), 0);
	harness_expect_exit(read_ignore, path, 2, "/.slipwayignore\": Is a directory\n");
	assert_int_equal(rmdir(item), 0);
	/* nor is there anything to wait for, or without an end */
	assert_int_equal(mkfifo(item, 0600), 0);
	harness_expect_exit(read_ignore, path, 2, "/.slipwayignore\" is not a file\n");
	assert_int_equal(unlink(item), 0);
	assert_int_equal(symlink("/dev/zero", item), 0);
	harness_expect_exit(read_ignore, path, 2, "/.slipwayignore\" is not a file\n");
	harness_remove_folder(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_names),
		cmocka_unit_test(obeys_the_last_line),
		cmocka_unit_test(reads_lines),
		cmocka_unit_test(refuses_lines),
		cmocka_unit_test(needs_no_file),
	};

	return cmocka_run_group_tests_name("ignore", tests, NULL, NULL);
}
