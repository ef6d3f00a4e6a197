/*
 * harness.c
 *	  What several unit tests need.
 */
#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
run_child(void (*function) (void *argument), void *argument, int out)
{
	(void) dup2(out, STDERR_FILENO);
	function(argument);
	/* it should not have come back */
	_exit(99);
}

void
harness_expect_exit(void (*function) (void *argument), void *argument, int code, const char *text)
{
	char		said[4096];
	size_t		length = 0;
	ssize_t		got;
	int			ends[2];
	int			status;
	pid_t		child;

	(void) fflush(NULL);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_child(function, argument, ends[1]);
	(void) close(ends[1]);
	while ((got = read(ends[0], said + length, sizeof(said) - 1 - length)) > 0)
		length += (size_t) got;
	said[length] = '\0';
	(void) close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != code || strstr(said, text) == NULL)
		fail_msg("expected exit %d and \"%s\", got exit %d and \"%s\"", code, text, WEXITSTATUS(status), said);
}

char *
harness_make_folder(void)
{
	char	   *path = strdup("/tmp/slipway-unit-XXXXXX");

	assert_non_null(path);
	assert_non_null(mkdtemp(path));
	return path;
}

void
harness_remove_folder(char *path)
{
	DIR		   *directory = opendir(path);
	struct dirent *item;

	assert_non_null(directory);
	while ((item = readdir(directory)) != NULL)
		if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
			assert_int_equal(unlinkat(dirfd(directory), item->d_name,
									  item->d_type == DT_DIR ? AT_REMOVEDIR : 0), 0);
	(void) closedir(directory);
	assert_int_equal(rmdir(path), 0);
	free(path);
}

void
harness_write_file(const char *folder, const char *name, const char *text)
{
	char		path[4096];
	FILE	   *file;

	(void) snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
