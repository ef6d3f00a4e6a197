/*
 * test_secret.c
 *	  Memory for secrets, stores in the environment and in files, and the cache.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret_cache.h"
#include "secret_store.h"
#include "wiping.h"

static void
test_buffer(void **state)
{
	SlipwaySecretBuffer buffer = {0};
	char	   *block = slipway_secret_copy("secret");

	(void) state;
	for (int i = 0; i < 1000; i++)
		slipway_secret_buffer_add(&buffer, "0123456789");
	assert_int_equal(buffer.length, 10000);
	assert_int_equal(strlen(buffer.data), 10000);
	assert_memory_equal(buffer.data + 9990, "0123456789", 11);
	slipway_secret_buffer_release(&buffer);
	assert_null(buffer.data);
	block = slipway_secret_resize(block, 100);
	assert_string_equal(block, "secret");
	assert_int_equal(block[99], 0);
	slipway_secret_free(block);
}

/* Runs at exit behind what wipes: it was registered before. */
static char *seen = NULL;

static void
look_at_block(void)
{
	_exit(seen[0] == '\0' && seen[5] == '\0' ? 7 : 8);
}

static void
exit_with_secret(void *argument)
{
	(void) argument;
	(void) atexit(look_at_block);
	seen = slipway_secret_copy("secret");
	exit(0);
}

static void
test_wiped_at_exit(void **state)
{
	(void) state;
	harness_expect_exit(exit_with_secret, NULL, 7, "");
}

static void
test_wiping_resize(void **state)
{
	char	   *block = slipway_wiping_resize(NULL, 8);

	(void) state;
	memcpy(block, "1234567", 8);
	block = slipway_wiping_resize(block, 4000);
	assert_string_equal(block, "1234567");
	block = slipway_wiping_resize(block, 4);
	assert_memory_equal(block, "1234", 4);
	assert_null(slipway_wiping_resize(block, 0));
	slipway_wiping_free(NULL);
}

static void
test_cache(void **state)
{
	SlipwaySecretCache *cache = slipway_secret_cache_new(50);
	SlipwaySecretBuffer value = {0};
	SlipwaySecretBuffer found = {0};

	(void) state;
	slipway_secret_buffer_add(&value, "one");
	slipway_secret_cache_keep(cache, "A", &value);
	assert_false(slipway_secret_cache_find(cache, "B", &found));
	assert_true(slipway_secret_cache_find(cache, "A", &found));
	assert_string_equal(found.data, "one");
	slipway_secret_buffer_release(&found);
	(void) usleep(80000);
	assert_false(slipway_secret_cache_find(cache, "A", &found));
	slipway_secret_cache_keep(cache, "A", &value);
	slipway_secret_cache_clear(cache);
	assert_false(slipway_secret_cache_find(cache, "A", &found));
	slipway_secret_cache_free(cache);
	cache = slipway_secret_cache_new(0);
	slipway_secret_cache_keep(cache, "A", &value);
	assert_false(slipway_secret_cache_find(cache, "A", &found));
	slipway_secret_cache_free(cache);
	slipway_secret_buffer_release(&value);
}

static SlipwaySecretStore *
open_store(const char *where, const char *prefix)
{
	SlipwaySecretStore *store;

	assert_null(slipway_secret_store_open(where, prefix, &store));
	return store;
}

static void
expect_text(SlipwaySecretStore *store, const char *name, const char *expected)
{
	SlipwaySecretLookup lookup = {.name = name};
	const char *text;

	assert_null(slipway_secret_store_fetch(store, &lookup, 1));
	assert_null(slipway_secret_lookup_text(store, &lookup, &text));
	if (expected == NULL)
		assert_null(text);
	else
	{
		assert_non_null(text);
		assert_string_equal(text, expected);
	}
	slipway_secret_lookup_release(&lookup, 1);
}

static void
expect_fault(SlipwaySecretFault *fault, SlipwaySecretFaultKind kind, const char *text)
{
	assert_non_null(fault);
	assert_int_equal(fault->kind, kind);
	assert_non_null(strstr(fault->text, text));
	slipway_secret_fault_free(fault);
}

static void
test_open(void **state)
{
	SlipwaySecretStore *store;

	(void) state;
	expect_fault(slipway_secret_store_open("barbicn", NULL, &store), SLIPWAY_SECRET_FAULT_USAGE, "no store of secrets \"barbicn\"");
	expect_fault(slipway_secret_store_open("files:x", NULL, &store), SLIPWAY_SECRET_FAULT_USAGE, "no store of secrets");
	expect_fault(slipway_secret_store_open("file", NULL, &store), SLIPWAY_SECRET_FAULT_USAGE, "needs its path");
	expect_fault(slipway_secret_store_open("environment:x", NULL, &store), SLIPWAY_SECRET_FAULT_USAGE, "no place");
	expect_fault(slipway_secret_store_open("environment", "a b", &store), SLIPWAY_SECRET_FAULT_USAGE, "invalid prefix");
	(void) setenv("SECRETS_CACHE_TTL", "5m", 1);
	expect_fault(slipway_secret_store_open("environment", NULL, &store), SLIPWAY_SECRET_FAULT_USAGE, "SECRETS_CACHE_TTL");
	(void) unsetenv("SECRETS_CACHE_TTL");
}

static void
test_environment(void **state)
{
	SlipwaySecretStore *store = open_store("environment", "T_");
	SlipwaySecretItem item = {.name = "X", .bytes = "x", .length = 1};
	SlipwaySecretList list;
	SlipwaySecretLookup lookup = {.name = "a b"};

	(void) state;
	(void) setenv("T_DB_PASSWORD", "secret", 1);
	(void) setenv("T_EMPTY", "", 1);
	expect_text(store, "DB_PASSWORD", "secret");
	expect_text(store, "EMPTY", NULL);
	expect_text(store, "NOTHING", NULL);
	assert_null(slipway_secret_store_list(store, &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.entries[0].name, "DB_PASSWORD");
	slipway_secret_list_release(&list);
	expect_fault(slipway_secret_store_put(store, &item), SLIPWAY_SECRET_FAULT_UNSUPPORTED, "cannot be written to");
	expect_fault(slipway_secret_store_fetch(store, &lookup, 1), SLIPWAY_SECRET_FAULT_USAGE, "invalid name");
	/* what was found is kept, and forgotten with the store */
	(void) setenv("T_DB_PASSWORD", "other", 1);
	expect_text(store, "DB_PASSWORD", "secret");
	slipway_secret_store_close(store);
	store = open_store("environment", "T_");
	expect_text(store, "DB_PASSWORD", "other");
	slipway_secret_store_close(store);
}

/* A store in a file with that text, in a folder of its own. */
static SlipwaySecretStore *
open_file(const char *text, char **folder, char *path, size_t size)
{
	char	   *where;
	SlipwaySecretStore *store;

	*folder = harness_make_folder();
	(void) snprintf(path, size, "%s/x.env", *folder);
	if (text != NULL)
	{
		harness_write_file(*folder, "x.env", text);
		assert_int_equal(chmod(path, 0600), 0);
	}
	assert_true(asprintf(&where, "file:%s", path) > 0);
	store = open_store(where, "P_");
	free(where);
	return store;
}

static void
expect_file(const char *path, const char *expected)
{
	char		text[1000];
	FILE	   *file = fopen(path, "r");
	size_t		length;

	assert_non_null(file);
	length = fread(text, 1, sizeof(text) - 1, file);
	text[length] = '\0';
	(void) fclose(file);
	assert_string_equal(text, expected);
}

static void
test_file(void **state)
{
	char	   *folder;
	char		path[256];
	SlipwaySecretStore *store = open_file("# c\nP_A=1\r\nexport P_B='two words' # c\nP_A=\"l1\nl2\\n\\\"\"\nA=0\nP_E=\n", &folder, path, sizeof(path));
	SlipwaySecretItem item = {.name = "A", .bytes = "a'\"$`\\b\nc", .length = 9};
	SlipwaySecretLookup lookup = {.name = "E"};
	struct stat status;
	const char *text;
	bool		existed;

	(void) state;
	expect_text(store, "A", "l1\nl2\n\"");
	expect_text(store, "B", "two words");
	expect_text(store, "C", NULL);
	assert_null(slipway_secret_store_fetch(store, &lookup, 1));
	expect_fault(slipway_secret_lookup_text(store, &lookup, &text), SLIPWAY_SECRET_FAULT_MALFORMED, "is empty");
	slipway_secret_lookup_release(&lookup, 1);
	assert_null(slipway_secret_store_put(store, &item));
	expect_text(store, "A", "a'\"$`\\b\nc");
	expect_text(store, "B", "two words");
	assert_null(slipway_secret_store_remove(store, "A", &existed));
	assert_true(existed);
	expect_text(store, "A", NULL);
	expect_file(path, "# c\nexport P_B='two words' # c\nA=0\nP_E=\n");
	assert_null(slipway_secret_store_remove(store, "A", &existed));
	assert_false(existed);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	slipway_secret_store_close(store);
	harness_remove_folder(folder);
}

#define SET_1 "0123456789abcdef0123456789abcdef"
#define SET_2 "fedcba9876543210fedcba9876543210"

static void
expect_published(SlipwaySecretStore *store, const char *set, bool expected)
{
	bool		published;

	assert_null(slipway_secret_store_is_published(store, set, &published));
	assert_int_equal(published, expected);
}

/* Several settings come into force together, and go together. */
static void
test_file_sets(void **state)
{
	static const char before[] = "# c\nP_A=old\nP_C=c\nQ_A=q\n";
	char	   *folder;
	char		path[256];
	SlipwaySecretStore *store = open_file(before, &folder, path, sizeof(path));
	SlipwaySecretItem first[] = {{.name = "A", .bytes = "1", .length = 1}, {.name = "B", .bytes = "b 1", .length = 3}};
	SlipwaySecretItem second = {.name = "A", .bytes = "2", .length = 1, .policy = {.purpose = "is not kept"}};
	SlipwaySecretLookup lookup = {.name = "B"};
	SlipwaySecretSetList sets;
	SlipwaySecretList list;

	(void) state;
	assert_true(slipway_secret_store_has_sets(store));
	assert_null(slipway_secret_store_stage(store, SET_1, first, 2));
	assert_null(slipway_secret_store_fetch_staged(store, SET_1, &lookup, 1));
	assert_string_equal(lookup.value.data, "b 1");
	slipway_secret_lookup_release(&lookup, 1);
	expect_text(store, "A", "old");
	expect_text(store, "B", NULL);
	expect_published(store, SET_1, false);
	for (int i = 0; i < 2; i++)
		assert_null(slipway_secret_store_publish(store, SET_1, false));
	expect_published(store, SET_1, true);
	expect_text(store, "A", "1");
	expect_text(store, "B", "b 1");
	expect_text(store, "C", "c");
	assert_null(slipway_secret_store_list(store, &list));
	assert_int_equal(list.count, 3);
	assert_true(list.entries[0].in_set && list.entries[1].in_set && !list.entries[2].in_set);
	slipway_secret_list_release(&list);
	assert_null(slipway_secret_store_find_sets(store, "B", &sets));
	assert_int_equal(sets.count, 1);
	assert_string_equal(sets.sets[0].name, SET_1);
	assert_string_equal(sets.sets[0].prefix, "P_");
	slipway_secret_set_list_release(&sets);
	/* a second one, and back; the first cannot be published again meanwhile */
	assert_null(slipway_secret_store_stage(store, SET_2, &second, 1));
	assert_null(slipway_secret_store_publish(store, SET_2, true));
	expect_text(store, "A", "2");
	expect_text(store, "B", NULL);
	expect_fault(slipway_secret_store_publish(store, SET_1, false), SLIPWAY_SECRET_FAULT_CONFLICT, "at the same time");
	for (int i = 0; i < 2; i++)
		assert_null(slipway_secret_store_withdraw(store, SET_2));
	expect_text(store, "A", "1");
	expect_text(store, "B", "b 1");
	expect_published(store, SET_1, true);
	assert_null(slipway_secret_store_withdraw(store, SET_1));
	expect_file(path, before);
	/* what is retired does not come back */
	assert_null(slipway_secret_store_stage(store, SET_1, first, 2));
	assert_null(slipway_secret_store_publish(store, SET_1, false));
	assert_null(slipway_secret_store_stage(store, SET_2, &second, 1));
	assert_null(slipway_secret_store_publish(store, SET_2, false));
	assert_null(slipway_secret_store_retire(store, SET_1));
	expect_text(store, "A", "2");
	assert_null(slipway_secret_store_retire(store, SET_2));
	expect_text(store, "A", "2");
	expect_text(store, "B", "b 1");
	assert_null(slipway_secret_store_withdraw(store, SET_2));
	expect_file(path, "# c\nP_C=c\nQ_A=q\nP_B=\"b 1\"\n");
	slipway_secret_store_close(store);
	harness_remove_folder(folder);
}

static void
test_new_file(void **state)
{
	char	   *folder;
	char		path[256];
	SlipwaySecretStore *store = open_file(NULL, &folder, path, sizeof(path));
	SlipwaySecretItem item = {.name = "A", .bytes = "a", .length = 1};
	SlipwaySecretItem odd = {.name = "a/b", .bytes = "a", .length = 1};
	SlipwaySecretItem binary = {.name = "A", .bytes = "a\0b", .length = 3};
	SlipwaySecretLookup lookup = {.name = "A"};
	struct stat status;

	(void) state;
	expect_fault(slipway_secret_store_fetch(store, &lookup, 1), SLIPWAY_SECRET_FAULT_USAGE, "No such file");
	assert_null(slipway_secret_store_put(store, &item));
	expect_file(path, "P_A=a\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	expect_fault(slipway_secret_store_put(store, &odd), SLIPWAY_SECRET_FAULT_USAGE, "cannot hold \"P_a/b\"");
	expect_fault(slipway_secret_store_put(store, &binary), SLIPWAY_SECRET_FAULT_USAGE, "text only");
	item.policy.purpose = "x";
	expect_fault(slipway_secret_store_put(store, &item), SLIPWAY_SECRET_FAULT_UNSUPPORTED, "keeps no purpose");
	expect_file(path, "P_A=a\n");
	slipway_secret_store_close(store);
	harness_remove_folder(folder);
}

static void
test_refused_files(void **state)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0620};
	char	   *folder;
	char		path[256];
	SlipwaySecretStore *store = open_file("P_A=1\n", &folder, path, sizeof(path));
	SlipwaySecretItem item = {.name = "A", .bytes = "a", .length = 1};
	SlipwaySecretLookup lookup = {.name = "A"};

	(void) state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		assert_int_equal(chmod(path, modes[i]), 0);
		expect_fault(slipway_secret_store_fetch(store, &lookup, 1), SLIPWAY_SECRET_FAULT_FORBIDDEN, "can be read by others");
		expect_fault(slipway_secret_store_put(store, &item), SLIPWAY_SECRET_FAULT_FORBIDDEN, "can be read by others");
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_fault(slipway_secret_store_fetch(store, &lookup, 1), SLIPWAY_SECRET_FAULT_FORBIDDEN, "not a regular file");
	slipway_secret_store_close(store);
	harness_remove_folder(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		/* before anything has a secret: what looks has to be registered before what wipes */
		cmocka_unit_test(test_wiped_at_exit),
		cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_wiping_resize),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_sets),
		cmocka_unit_test(test_new_file),
		cmocka_unit_test(test_refused_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
