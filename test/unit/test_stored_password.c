/*
 * test_stored_password.c
 *	  Passwords in settings and connection strings.
 */
#include "harness.h"

#include <string.h>

#include "secret_buffer.h"
#include "stored_password.h"

static void
expect_replaced(const char *conninfo, const char *password, const char *expected)
{
	char	   *text = slipway_stored_password_replace(conninfo, password, "NEW");

	assert_string_equal(text, expected);
	slipway_secret_free(text);
}

static void
replaces_passwords(void **state)
{
	(void) state;
	expect_replaced("postgresql://u:old@h/d", "old", "postgresql://u:NEW@h/d");
	expect_replaced("postgres://u:o%2Fld@h:1/d?sslmode=require", "o/ld", "postgres://u:NEW@h:1/d?sslmode=require");
	expect_replaced("postgresql://u@h/d?password=o%6Cd&x=y", "old", "postgresql://u@h/d?password=NEW&x=y");
	expect_replaced("host=h password=old user=u", "old", "host=h password=NEW user=u");
	expect_replaced("password = 'o l\\'d' user=u", "o l'd", "password = NEW user=u");
	expect_replaced("user=u password='old'", "old", "user=u password=NEW");
	/* that of somebody else, and what only looks like it */
	expect_replaced("postgresql://u:old@h/d", "other", "postgresql://u:old@h/d");
	expect_replaced("host=old user=old password=x", "old", "host=old user=old password=x");
	expect_replaced("postgresql://old@old/old", "old", "postgresql://old@old/old");
}

static void
makes_passwords(void **state)
{
	char	   *one = slipway_stored_password_make();
	char	   *other = slipway_stored_password_make();

	(void) state;
	assert_int_equal(strlen(one), 44);
	assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 44);
	assert_string_not_equal(one, other);
	slipway_secret_free(one);
	slipway_secret_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(replaces_passwords), cmocka_unit_test(makes_passwords)};

	return cmocka_run_group_tests_name("stored_password", tests, NULL, NULL);
}
