/*
 * test_stored_login.c
 *	  Who an application logs in as by what is stored, and the same as another role.
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secret_store.h"
#include "stored_login.h"

static SlipwaySecretStore *
open_store(void)
{
	SlipwaySecretStore *store;

	(void) setenv("SECRETS_CACHE_TTL", "0", 1);
	assert_null(slipway_secret_store_open("environment", "L_", &store));
	return store;
}

static void
clear(void)
{
	static const char *const names[] = {"L_DB_USERNAME", "L_DB_PASSWORD", "L_DB_USER", "L_DATABASE_URL", "L_DB_CONN_STRING"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void) unsetenv(names[i]);
}

/* Why is it not that role? NULL: it is. */
static void
expect_role(const char *role, const char *why)
{
	SlipwaySecretStore *store = open_store();
	SlipwayStoredLogin login;
	char	   *got;

	assert_null(slipway_stored_login_read(store, &login));
	got = slipway_stored_login_compare(&login, role);
	if (why == NULL)
		assert_null(got);
	else
		assert_string_equal(got, why);
	free(got);
	slipway_stored_login_release(&login);
	slipway_secret_store_close(store);
}

static void
test_compare(void **state)
{
	(void) state;
	clear();
	expect_role("r", "DB_USERNAME is not in the store");
	(void) setenv("L_DB_USERNAME", "r", 1);
	expect_role("r", "DB_PASSWORD is not in the store");
	(void) setenv("L_DB_PASSWORD", "p", 1);
	expect_role("r", NULL);
	expect_role("s", "DB_USERNAME is another role than \"s\"");
	(void) setenv("L_DB_USER", "s", 1);
	expect_role("r", "DB_USER is another role than \"r\"");
	(void) setenv("L_DB_USER", "r", 1);
	(void) setenv("L_DATABASE_URL", "postgresql://s:p@h/d", 1);
	expect_role("r", "DATABASE_URL has another role than \"r\"");
	(void) setenv("L_DATABASE_URL", "postgresql://s:p@h/d?user=r", 1);
	expect_role("r", NULL);
	(void) setenv("L_DB_CONN_STRING", "dbname=d", 1);
	expect_role("r", "DB_CONN_STRING has another role than \"r\"");
	(void) setenv("L_DB_CONN_STRING", "dbname=d user='r", 1);
	expect_role("r", "DB_CONN_STRING has another role than \"r\"");
}

/* What a string becomes for role r% with password p'. */
static void
expect_change(const char *name, const char *before, const char *after)
{
	SlipwaySecretStore *store;
	SlipwayStoredLogin login;
	char	   *variable;

	clear();
	assert_true(asprintf(&variable, "L_%s", name) > 0);
	(void) setenv(variable, before, 1);
	free(variable);
	store = open_store();
	assert_null(slipway_stored_login_read(store, &login));
	slipway_stored_login_change(&login, "r%", "p'");
	assert_int_equal(login.item_count, 3);
	assert_string_equal(login.values[0], "r%");
	assert_string_equal(login.values[1], "p'");
	assert_string_equal(login.items[2].name, name);
	assert_string_equal(login.values[2], after);
	slipway_stored_login_release(&login);
	slipway_secret_store_close(store);
}

static void
test_change(void **state)
{
	(void) state;
	expect_change("DB_USER", "s", "r%");
	expect_change("DATABASE_URL", "postgresql://s:p%40@h:1,i/d?sslmode=require&user=x&options=a%20b&password=y",
				  "postgresql://r%25:p%27@h:1,i/d?sslmode=require&options=a%20b");
	expect_change("DATABASE_URL", "postgres://h", "postgres://r%25:p%27@h");
	expect_change("DATABASE_URL", "postgres:///d?user=s", "postgres://r%25:p%27@/d");
	expect_change("DATABASE_URL", "postgres://s@[::1]:5/d", "postgres://r%25:p%27@[::1]:5/d");
	expect_change("DB_CONN_STRING", "dbname=d", "dbname=d user='r%' password='p\\''");
	expect_change("DB_CONN_STRING", "user=s password='o ld' dbname=d", "user=s password=- dbname=d user='r%' password='p\\''");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_change),
	};

	return cmocka_run_group_tests_name("stored_login", tests, NULL, NULL);
}
