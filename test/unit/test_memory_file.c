/*
 * test_memory_file.c
 *	  Files that are on no disk.
 */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory_file.h"

static void
has_content(void **state)
{
	static const char content[] = "a\0b";
	SlipwayMemoryFile file = slipway_memory_file_new("key", content, sizeof(content));
	char		read[16] = "";
	FILE	   *stream;
	struct stat status;

	(void) state;
	/* as often as it is opened, as libraries do */
	for (int i = 0; i < 2; i++)
	{
		stream = fopen(file.path, "r");
		assert_non_null(stream);
		assert_int_equal(fread(read, 1, sizeof(read), stream), sizeof(content));
		assert_memory_equal(read, content, sizeof(content));
		assert_int_equal(fclose(stream), 0);
	}
	assert_int_equal(stat(file.path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(status.st_nlink, 0);
	slipway_memory_file_close(&file);
	assert_null(file.path);
	slipway_memory_file_close(&file);
}

static void
cannot_be_changed(void **state)
{
	SlipwayMemoryFile file = slipway_memory_file_new("key", "abc", 3);

	(void) state;
	assert_int_equal(pwrite(file.descriptor, "x", 1, 0), -1);
	assert_int_equal(ftruncate(file.descriptor, 0), -1);
	assert_int_equal(fcntl(file.descriptor, F_ADD_SEALS, F_SEAL_GROW), -1);
	slipway_memory_file_close(&file);
}

static void
is_handed_on_when_asked(void **state)
{
	SlipwayMemoryFile file = slipway_memory_file_new("key", "abc", 3);
	SlipwayMemoryFile none = {.path = NULL};

	(void) state;
	assert_int_equal(fcntl(file.descriptor, F_GETFD), FD_CLOEXEC);
	slipway_memory_file_hand_on(&file);
	assert_int_equal(fcntl(file.descriptor, F_GETFD), 0);
	slipway_memory_file_hand_on(&none);
	slipway_memory_file_close(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_content),
		cmocka_unit_test(cannot_be_changed),
		cmocka_unit_test(is_handed_on_when_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
