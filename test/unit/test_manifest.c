/*
 * test_manifest.c
 *	  Order and text of manifests.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "manifest.h"

#define ONE "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"	/* SHA-256 of "1\n" */
#define TWO "53c234e5e8472b6ac51c1ae1cab3fe06fad053beb8ebfd8977b010655bfdd3c3"	/* of "2\n" */
#define THREE "1121cfccd5913f0a63fec40a6ffd44ea64f9dc135c66634ba001d10bcf4302a2"	/* of "3\n" */

/* of the manifest of these, after its first and after its second migration */
#define HASH_AFTER_ONE "b3f65d75f15139d62186e4ccefbbc0685a5b75066277b6e46c4acf3fd939d3e4"
#define HASH_AFTER_TWO "45106ffa9e510ff64ae6655f28d677d1f37582136e106dda23dfcc5e64f5cbf4"

static void
compares_names(void **state)
{
	(void) state;
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NAME, "10_a", "2_b") < 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "10_a", "2_b") > 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "002_a", "2_b") < 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "2_a", "002_b") > 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "zz", "aa") > 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "9_z", "aa") < 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "aa", "9_z") > 0);
	assert_int_equal(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "1_a", "1_a"), 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "0", "00") < 0);
	/* longer than any integer type */
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NUMBER, "99999999999999999999999_a",
										 "100000000000000000000000_a") < 0);
	/* bytes, not letters */
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NAME, "Z", "a") < 0);
	assert_true(slipway_manifest_compare(SLIPWAY_ORDER_NAME, "z", "\xc3\xa4") < 0);
}

/* Makes a folder of empty scripts with these names, ended by NULL. */
static char *
make_folder(const char *const *names)
{
	char	   *path = harness_make_folder();

	for (; *names != NULL; names++)
	{
		char		file[256];

		(void) snprintf(file, sizeof(file), "%s.sql", *names);
		harness_write_file(path, file, "");
	}
	return path;
}

static void
expect_order(SlipwayOrder order, const char *const *names, const char *const *expected)
{
	char	   *path = make_folder(names);
	SlipwayFolder *folder = slipway_folder_read(path);
	SlipwayManifest *manifest = slipway_manifest_build(folder, order, NULL);

	for (size_t i = 0; i < folder->count; i++)
		assert_string_equal(manifest->ordered[i]->name, expected[i]);
	assert_null(expected[folder->count]);
	slipway_manifest_free(manifest);
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static void
orders_folders(void **state)
{
	const char *const names[] = {"b", "10_x", "2_x", "a", "02_y", NULL};
	const char *const by_name[] = {"02_y", "10_x", "2_x", "a", "b", NULL};
	const char *const by_number[] = {"02_y", "2_x", "10_x", "a", "b", NULL};
	const char *const padded[] = {"V1", "10", "02", "001_a", "V10", "V2", NULL};
	const char *const in_order[] = {"001_a", "02", "10", "V1", "V10", "V2", NULL};

	(void) state;
	expect_order(SLIPWAY_ORDER_NAME, names, by_name);
	expect_order(SLIPWAY_ORDER_NUMBER, names, by_number);
	expect_order(SLIPWAY_ORDER_AUTO, padded, in_order);
}

static void
build_auto(void *path)
{
	(void) slipway_manifest_build(slipway_folder_read(path), SLIPWAY_ORDER_AUTO, NULL);
}

static void
refuses_ambiguity(void **state)
{
	const char *const names[] = {"10_a", "1_a", "2_b", NULL};
	const char *const far_apart[] = {"10_a", "11_b", "9_c", "a", NULL};
	char	   *path = make_folder(names);

	(void) state;
	harness_expect_exit(build_auto, path, 4, "\"10_a\" comes before \"1_a\" by name, after it by number");
	harness_expect_exit(build_auto, path, 4, "hint: Pass --order name or --order number");
	harness_remove_folder(path);
	path = make_folder(far_apart);
	harness_expect_exit(build_auto, path, 4, "\"11_b\" comes before \"9_c\"");
	harness_remove_folder(path);
}

static void
writes_text(void **state)
{
	char	   *path = harness_make_folder();
	SlipwayFolder *folder;
	SlipwayManifest *manifest;

	(void) state;
	harness_write_file(path, "b c; '\"\xc3\xa4.up.sql", "\xef\xbb\xbf" "2\r\n");
	harness_write_file(path, "b c; '\"\xc3\xa4.verify.sql", "3\n");
	harness_write_file(path, "a.sql", "1\n");
	harness_write_file(path, "a.down.sql", "2\n");
	folder = slipway_folder_read(path);
	manifest = slipway_manifest_build(folder, SLIPWAY_ORDER_NAME, NULL);
	assert_string_equal(manifest->text,
						"slipway-manifest 1 order=name\n"
						ONE " " TWO " - versioned a\n"
						TWO " - " THREE " versioned b c; '\"\xc3\xa4\n");
	assert_non_null(slipway_manifest_find(manifest, THREE));
	assert_string_equal(slipway_manifest_find(manifest, THREE)->path, folder->migrations[1].verify.path);
	assert_null(slipway_manifest_find(manifest, manifest->hash));
	/* printf %s 'slipway-manifest 1 order=name' | sha256sum, then that and the next line, ... */
	assert_string_equal(manifest->hash, HASH_AFTER_TWO);
	assert_string_equal(slipway_manifest_rest(manifest, HASH_AFTER_ONE, 1), TWO " - " THREE " versioned b c; '\"\xc3\xa4\n");
	assert_string_equal(slipway_manifest_rest(manifest, HASH_AFTER_TWO, 2), "");
	assert_null(slipway_manifest_rest(manifest, HASH_AFTER_ONE, 2));
	assert_null(slipway_manifest_rest(manifest, HASH_AFTER_TWO, 3));
	slipway_manifest_free(manifest);
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static void
writes_empty_text(void **state)
{
	char	   *path = harness_make_folder();
	SlipwayFolder *folder = slipway_folder_read(path);
	SlipwayManifest *manifest = slipway_manifest_build(folder, SLIPWAY_ORDER_AUTO, NULL);
	char		hash[SLIPWAY_HASH_SIZE];

	(void) state;
	assert_string_equal(manifest->text, "slipway-manifest 1 order=auto\n");
	slipway_hash_bytes(manifest->text, strlen(manifest->text) - 1, hash);
	assert_string_equal(manifest->hash, hash);
	assert_null(slipway_manifest_find(manifest, hash));
	slipway_manifest_free(manifest);
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

static int	idle_calls;

static void
count_call(void)
{
	idle_calls++;
}

static void
calls_between_scripts(void **state)
{
	char	   *path = harness_make_folder();
	SlipwayFolder *folder;
	SlipwayManifest *manifest;

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		char		name[16];

		(void) snprintf(name, sizeof(name), "%03d.sql", i);
		harness_write_file(path, name, "1\n");
	}
	folder = slipway_folder_read(path);
	manifest = slipway_manifest_build(folder, SLIPWAY_ORDER_NAME, count_call);
	assert_true(idle_calls >= 5 && idle_calls <= 20);
	slipway_manifest_free(manifest);
	slipway_folder_free(folder);
	harness_remove_folder(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_names),
		cmocka_unit_test(orders_folders),
		cmocka_unit_test(refuses_ambiguity),
		cmocka_unit_test(writes_text),
		cmocka_unit_test(writes_empty_text),
		cmocka_unit_test(calls_between_scripts),
	};

	return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
