/*
 * test_whole_file.c
 *	  Files that are written whole or not at all.
 */
#include "harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit_code.h"
#include "memory.h"
#include "whole_file.h"

static char *
read_text(const char *path)
{
	static char text[64];
	FILE	   *file = fopen(path, "r");
	size_t		length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void) fclose(file);
	return text;
}

static int
count_files(const char *folder)
{
	DIR		   *dir = opendir(folder);
	int			count = 0;

	assert_non_null(dir);
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		count += entry->d_name[0] != '.' ? 1 : 0;
	(void) closedir(dir);
	return count;
}

static void
writes_and_replaces(void **state)
{
	char	   *folder = harness_make_folder();
	char	   *path = slipway_memory_format("%s/report.html", folder);
	char	   *link = slipway_memory_format("%s/link.html", folder);
	struct stat status;

	(void) state;
	slipway_whole_file_check(path);
	assert_int_equal(count_files(folder), 0);
	slipway_whole_file_write(path, "first", 5);
	assert_string_equal(read_text(path), "first");
	/* who could read it still can, and nobody else */
	assert_int_equal(chmod(path, 0640), 0);
	slipway_whole_file_write(path, "second", 6);
	assert_string_equal(read_text(path), "second");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	/* a link stays one */
	assert_int_equal(symlink("report.html", link), 0);
	slipway_whole_file_write(link, "third", 5);
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_string_equal(read_text(path), "third");
	assert_int_equal(count_files(folder), 2);
	free(link);
	free(path);
	harness_remove_folder(folder);
}

static void
check(void *path)
{
	slipway_whole_file_check(path);
}

static void
refuses_early(void **state)
{
	char	   *folder = harness_make_folder();
	char	   *below = slipway_memory_format("%s/none/report.html", folder);
	char	   *in_file = slipway_memory_format("%s/file/report.html", folder);

	(void) state;
	harness_write_file(folder, "file", "x");
	harness_expect_exit(check, folder, SLIPWAY_EXIT_USAGE, "Is a directory");
	harness_expect_exit(check, below, SLIPWAY_EXIT_USAGE, "No such file or directory");
	harness_expect_exit(check, in_file, SLIPWAY_EXIT_USAGE, "Not a directory");
	free(in_file);
	free(below);
	harness_remove_folder(folder);
}

static void
write_page(void *path)
{
	slipway_whole_file_write(path, "page", 4);
}

/* In a folder as /tmp somebody else's link leads to what he wants to have overwritten. */
static void
follows_no_traps(void **state)
{
	char	   *folder = harness_make_folder();
	char	   *victim = slipway_memory_format("%s/victim", folder);
	char	   *everybodys = slipway_memory_format("%s/tmp", folder);
	char	   *link = slipway_memory_format("%s/report.html", everybodys);

	(void) state;
	if (geteuid() != 0)
		skip();					/* links of others are made by root only */
	harness_write_file(folder, "victim", "x");
	assert_int_equal(mkdir(everybodys, 0700), 0);
	assert_int_equal(chmod(everybodys, 01777), 0);
	assert_int_equal(symlink("../victim", link), 0);
	assert_int_equal(lchown(link, 65534, 65534), 0);
	harness_expect_exit(check, link, SLIPWAY_EXIT_USAGE, "a symbolic link of somebody else's");
	harness_expect_exit(write_page, link, SLIPWAY_EXIT_ERROR, "a symbolic link of somebody else's");
	assert_string_equal(read_text(victim), "x");
	/* one's own, and that of the owner of the folder, are none; nor is any where not everybody may write */
	assert_int_equal(lchown(link, 0, 0), 0);
	slipway_whole_file_write(link, "page", 4);
	assert_string_equal(read_text(victim), "page");
	assert_int_equal(lchown(link, 65534, 65534), 0);
	assert_int_equal(chown(everybodys, 65534, 65534), 0);
	slipway_whole_file_write(link, "pages", 5);
	assert_string_equal(read_text(victim), "pages");
	assert_int_equal(chown(everybodys, 0, 0), 0);
	assert_int_equal(chmod(everybodys, 0755), 0);
	slipway_whole_file_check(link);
	slipway_whole_file_write(link, "third", 5);
	assert_string_equal(read_text(victim), "third");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(rmdir(everybodys), 0);
	free(link);
	free(everybodys);
	free(victim);
	harness_remove_folder(folder);
}

/* As on a full disk, in the middle of it. */
static void
write_too_much(void *path)
{
	const struct rlimit limit = {.rlim_cur = 1000,.rlim_max = 1000};
	static char bytes[5000];

	memset(bytes, 'x', sizeof(bytes));
	(void) signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) == 0)
		slipway_whole_file_write(path, bytes, sizeof(bytes));
}

static void
leaves_what_was_there(void **state)
{
	char	   *folder = harness_make_folder();
	char	   *path = slipway_memory_format("%s/report.html", folder);

	(void) state;
	harness_expect_exit(write_too_much, path, SLIPWAY_EXIT_ERROR, "could not write");
	assert_int_equal(count_files(folder), 0);
	harness_write_file(folder, "report.html", "old");
	harness_expect_exit(write_too_much, path, SLIPWAY_EXIT_ERROR, "File too large");
	assert_string_equal(read_text(path), "old");
	assert_int_equal(count_files(folder), 1);
	free(path);
	harness_remove_folder(folder);
}

/* What is no file is not replaced by one. */
static void
writes_into_pipes(void **state)
{
	char		bytes[8] = "";
	struct stat status;
	int			reader[2];
	char	   *name;

	(void) state;
	assert_int_equal(pipe(reader), 0);
	name = slipway_memory_format("/dev/fd/%d", reader[1]);
	slipway_whole_file_check(name);
	slipway_whole_file_write(name, "page", 4);
	assert_int_equal(read(reader[0], bytes, sizeof(bytes) - 1), 4);
	assert_string_equal(bytes, "page");
	assert_int_equal(stat(name, &status), 0);
	assert_true(S_ISFIFO(status.st_mode));
	(void) close(reader[0]);
	(void) close(reader[1]);
	free(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_replaces), cmocka_unit_test(refuses_early),
		cmocka_unit_test(follows_no_traps),
		cmocka_unit_test(leaves_what_was_there), cmocka_unit_test(writes_into_pipes)
	};

	return cmocka_run_group_tests_name("whole_file", tests, NULL, NULL);
}
