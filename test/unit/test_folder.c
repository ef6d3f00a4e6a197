/*
 * test_folder.c
 *	  What a folder of migrations may hold.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_name.h"
#include "folder.h"
#include "output.h"

static void
read_folder(void *path)
{
	(void) slipway_folder_read(path);
}

static void
read_scripts(void *path)
{
	SlipwayFolder *folder = slipway_folder_read(path);
	SlipwayScriptReader reader = {0};

	for (size_t i = 0; i < folder->count; i++)
		slipway_script_file_hash(&folder->migrations[i].up, &reader);
	slipway_script_reader_release(&reader);
}

static void
groups_files(void **state)
{
	char	   *path = harness_make_folder();
	SlipwayFolder *folder;

	(void) state;
	harness_write_file(path, "b.up.sql", "");
	harness_write_file(path, "b.down.sql", "");
	harness_write_file(path, "b.verify.sql", "");
	harness_write_file(path, "a.b.sql", "");
	harness_write_file(path, "a.sql", "");
	harness_write_file(path, "a.verify.sql", "");
	folder = slipway_folder_read(path);
	assert_int_equal(folder->count, 3);
	assert_string_equal(folder->migrations[0].name, "a");
	assert_null(folder->migrations[0].down.path);
	assert_non_null(folder->migrations[0].verify.path);
	assert_string_equal(folder->migrations[1].name, "a.b");
	assert_string_equal(folder->migrations[2].name, "b");
	assert_non_null(strstr(folder->migrations[2].up.path, "/b.up.sql"));
	assert_non_null(strstr(folder->migrations[2].down.path, "/b.down.sql"));
	assert_ptr_equal(slipway_folder_find(folder, "a.b"), &folder->migrations[1]);
	assert_null(slipway_folder_find(folder, "c"));
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static void
ignores_other_files(void **state)
{
	const char *const others[] = {".a.sql", "a.sql~", "a.sql.bak", ".a.sql.swp", "#a.sql#", "a.sql.orig", "README.md",
	"sql", ".gitkeep", ".sql"};
	char	   *path = harness_make_folder();
	char		sub[256];
	SlipwayFolder *folder;

	(void) state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		harness_write_file(path, others[i], "");
	(void) snprintf(sub, sizeof(sub), "%s/sub", path);
	assert_int_equal(mkdir(sub, 0700), 0);
	slipway_output_set_mode((SlipwayOutputMode) {.quiet = true});
	folder = slipway_folder_read(path);
	assert_int_equal(folder->count, 0);
	assert_null(slipway_folder_find(folder, "a"));
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static void
expect_kind(const char *file, SlipwayFileKind expected)
{
	SlipwayScriptRole role;
	size_t		length;

	if (slipway_file_name_classify(file, &role, &length) != expected)
		fail_msg("%s is not of kind %d", file, (int) expected);
}

static void
expect_script(const char *file, SlipwayScriptRole expected_role, size_t expected_length)
{
	SlipwayScriptRole role;
	size_t		length;

	assert_int_equal(slipway_file_name_classify(file, &role, &length), SLIPWAY_FILE_SCRIPT);
	assert_int_equal(role, expected_role);
	assert_int_equal(length, expected_length);
}

static void
classifies_names(void **state)
{
	static const char *const left_overs[] = {".a.sql", ".a.sql.swp", ".#a.sql", "._a.sql", "#a.sql#", "a.sql~", "a.sql.bak",
	"a.SQL~", "a.sql.orig", "a.sql.rej", "a.sql.tmp", "a.sql.BAK", ".sql"};
	static const char *const lookalikes[] = {"a.SQL", "a.Sql", "a.sql.txt", "a.up.SQL", "a.sql ", "a.sql.gz", "a.sql_old"};
	static const char *const misspelt[] = {"a.Down.sql", "a.UP.sql", "a.Verify.sql"};
	static const char *const others[] = {"README.md", ".gitkeep", "a.sqlite", "sql", "a.bak", "", "a.txt~", "mysql"};

	(void) state;
	expect_script("a.sql", SLIPWAY_ROLE_UP, 1);
	expect_script("a.up.sql", SLIPWAY_ROLE_UP, 1);
	expect_script("a.down.sql", SLIPWAY_ROLE_DOWN, 1);
	expect_script("a.verify.sql", SLIPWAY_ROLE_VERIFY, 1);
	expect_script("a.b.sql", SLIPWAY_ROLE_UP, 3);
	expect_script("a.up.down.sql", SLIPWAY_ROLE_DOWN, 4);
	expect_script("up.sql", SLIPWAY_ROLE_UP, 2);
	expect_script("a b.sql", SLIPWAY_ROLE_UP, 3);
	for (size_t i = 0; i < sizeof(left_overs) / sizeof(left_overs[0]); i++)
		expect_kind(left_overs[i], SLIPWAY_FILE_LEFT_OVER);
	for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++)
		expect_kind(lookalikes[i], SLIPWAY_FILE_LOOKALIKE);
	for (size_t i = 0; i < sizeof(misspelt) / sizeof(misspelt[0]); i++)
		expect_kind(misspelt[i], SLIPWAY_FILE_MISSPELT);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_kind(others[i], SLIPWAY_FILE_OTHER);
}

/* A folder with these files, ended by NULL, must be refused. */
static void
expect_refusal(const char *const *files, int code, const char *text)
{
	char	   *path = harness_make_folder();

	for (; *files != NULL; files++)
		harness_write_file(path, *files, "");
	harness_expect_exit(read_folder, path, code, text);
	harness_remove_folder(path);
}

static void
refuses_names(void **state)
{
	(void) state;
	expect_refusal((const char *const[]) {"a.sql", "a.up.sql", NULL}, 4, "migration \"a\" is there twice");
	expect_refusal((const char *const[]) {"a.sql", "b.down.sql", NULL}, 4, "b.down.sql\" has no up script");
	expect_refusal((const char *const[]) {"b.verify.sql", NULL}, 4, "b.verify.sql\" has no up script");
	expect_refusal((const char *const[]) {"a\nb.sql", NULL}, 4, "control character (byte 0x0a)");
	expect_refusal((const char *const[]) {"a\xff.sql", NULL}, 4, "is not UTF-8");
	expect_refusal((const char *const[]) {"a.sql", "a.Down.sql", NULL}, 4,
				   "a.Down.sql\": .up, .down and .verify are written in lower case\nhint: Rename the file.\n");
}

static void
refuses_folders(void **state)
{
	char	   *path = harness_make_folder();
	char		item[256];

	(void) state;
	(void) snprintf(item, sizeof(item), "%s/none", path);
	harness_expect_exit(read_folder, item, 2, "No such file or directory\nhint: Name the folder with --dir");
	(void) snprintf(item, sizeof(item), "%s/file", path);
	harness_write_file(path, "file", "");
	harness_expect_exit(read_folder, item, 2, "Not a directory");
	(void) snprintf(item, sizeof(item), "%s/a.sql", path);
	assert_int_equal(mkdir(item, 0700), 0);
	harness_expect_exit(read_folder, path, 1, "a.sql\" is a directory, not a script");
	assert_int_equal(rmdir(item), 0);
	assert_int_equal(symlink("nowhere", item), 0);
	harness_expect_exit(read_folder, path, 1, "is a symbolic link to \"nowhere\", which does not exist");
	assert_int_equal(unlink(item), 0);
	assert_int_equal(symlink("a.sql", item), 0);
	harness_expect_exit(read_folder, path, 1, "is a symbolic link that leads back to itself\nhint: Remove the link.\n");
	assert_int_equal(unlink(item), 0);
	assert_int_equal(symlink(".", item), 0);
	harness_expect_exit(read_folder, path, 1, "a.sql\" is a symbolic link to a directory, not a script");
	assert_int_equal(unlink(item), 0);
	assert_int_equal(mkfifo(item, 0600), 0);
	harness_expect_exit(read_folder, path, 1, "is not a file");
	harness_remove_folder(path);
}

static void
refuses_scripts(void **state)
{
	char	   *path = harness_make_folder();

	(void) state;
	harness_write_file(path, "a.sql", "select\n '\xc3\xa4\xff'");
	harness_expect_exit(read_scripts, path, 4, "a.sql:2:4: invalid UTF-8 at byte offset 11");
	harness_write_file(path, "a.sql", "\xff\xfes");
	harness_expect_exit(read_scripts, path, 4, "hint: It looks like UTF-16");
	harness_remove_folder(path);
}

static void
read_again(void *file)
{
	size_t		length;

	(void) slipway_script_file_read_again(file, &length);
}

static void
notices_changes(void **state)
{
	char	   *path = harness_make_folder();
	SlipwayFolder *folder;
	size_t		length;
	char	   *text;
	SlipwayScriptReader reader = {0};

	(void) state;
	harness_write_file(path, "a.sql", "1\r\n");
	folder = slipway_folder_read(path);
	slipway_script_file_hash(&folder->migrations[0].up, &reader);
	slipway_script_reader_release(&reader);
	harness_write_file(path, "a.sql", "1\n");	/* the same script */
	text = slipway_script_file_read_again(&folder->migrations[0].up, &length);
	assert_string_equal(text, "1\n");
	free(text);
	harness_write_file(path, "a.sql", "2\n");
	harness_expect_exit(read_again, &folder->migrations[0].up, 1, "a.sql\" changed while it was read");
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static void
finds_places(void **state)
{
	(void) state;
	assert_int_equal(unsetenv("MIGRATIONS_PATH"), 0);
	assert_string_equal(slipway_folder_locate(NULL), "./migrations");
	assert_int_equal(setenv("MIGRATIONS_PATH", "m", 1), 0);
	assert_string_equal(slipway_folder_locate(NULL), "m");
	assert_string_equal(slipway_folder_locate("x"), "x");
	assert_int_equal(setenv("MIGRATIONS_PATH", "", 1), 0);
	assert_string_equal(slipway_folder_locate(NULL), "./migrations");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_files),
		cmocka_unit_test(ignores_other_files),
		cmocka_unit_test(classifies_names),
		cmocka_unit_test(refuses_names),
		cmocka_unit_test(refuses_folders),
		cmocka_unit_test(refuses_scripts),
		cmocka_unit_test(notices_changes),
		cmocka_unit_test(finds_places),
	};

	return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
