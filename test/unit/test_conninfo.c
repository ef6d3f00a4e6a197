/*
 * test_conninfo.c
 *	  search_path out of connection strings, passwords out of messages.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "conninfo.h"
#include "pooler.h"

static void
expect_split(const char *given, const char *rest, const char *search_path)
{
	char	   *found;
	char	   *left = slipway_conninfo_split(given, &found);

	assert_string_equal(left, rest);
	if (search_path == NULL)
		assert_null(found);
	else
	{
		assert_non_null(found);
		assert_string_equal(found, search_path);
	}
	free(left);
	free(found);
}

static void
splits_uris(void **state)
{
	(void) state;
	expect_split("postgresql://h/d", "postgresql://h/d", NULL);
	expect_split("postgres://h/d?search_path=app", "postgres://h/d", "app");
	expect_split("postgresql://h/d?search_path=app&sslmode=disable", "postgresql://h/d?sslmode=disable", "app");
	expect_split("postgresql://h/d?a=b&search_path=app&c=d", "postgresql://h/d?a=b&c=d", "app");
	expect_split("postgresql://h/d?search_path=app%2Cpublic", "postgresql://h/d", "app,public");
	expect_split("postgresql://h/d?search%5Fpath=%22A%22", "postgresql://h/d", "\"A\"");
	expect_split("postgresql://h/d?search_path=a&search_path=b", "postgresql://h/d", "b");
	expect_split("postgresql://h/d?search_path=", "postgresql://h/d", "");
	expect_split("postgresql://h/d?my_search_path=x", "postgresql://h/d?my_search_path=x", NULL);
	/* the first '?' belongs to the password */
	expect_split("postgresql://u:p?search_path=x@h/d?search_path=y", "postgresql://u:p?search_path=x@h/d", "y");
	expect_split("postgresql:///d?host=/tmp&user=a@b&search_path=y", "postgresql:///d?host=/tmp&user=a@b", "y");
	expect_split("postgresql://h/d?search_path=%zz%4", "postgresql://h/d", "%zz%4");
}

static void
splits_keyword_strings(void **state)
{
	(void) state;
	expect_split("host=h dbname=d", "host=h dbname=d", NULL);
	expect_split("host=h search_path=app dbname=d", "host=h dbname=d", "app");
	expect_split("search_path='app, public' host=h", " host=h", "app, public");
	expect_split("search_path = 'a\\'b'", "", "a'b");
	expect_split("search_path=a\\ b x=y", " x=y", "a b");
	expect_split("password='search_path=x' host=h", "password='search_path=x' host=h", NULL);
	expect_split("host=h nonsense", "host=h nonsense", NULL);
}

static void
expect_scrub(const char *given, const char *expected)
{
	char	   *scrubbed = slipway_conninfo_scrub(given);

	assert_string_equal(scrubbed, expected);
	free(scrubbed);
}

static void
scrubs_passwords(void **state)
{
	(void) state;
	expect_scrub("postgresql://u:secret@h/d", "postgresql://u:***@h/d");
	expect_scrub("postgresql://u@h:5432/d", "postgresql://u@h:5432/d");
	expect_scrub("postgresql://h:5432/d", "postgresql://h:5432/d");
	expect_scrub("postgresql://u:a@b/c@h/d", "postgresql://u:***@h/d");
	expect_scrub("postgresql://u:a?b@h/d?sslmode=disable", "postgresql://u:***@h/d?sslmode=disable");
	expect_scrub("postgresql://u:x@h/d?password=secret&a=b", "postgresql://u:***@h/d?password=***&a=b");
	expect_scrub("postgresql://h/d?pass%77ord=secret", "postgresql://h/d?pass%77ord=***");
	expect_scrub("postgresql://h/d?sslpassword=secret", "postgresql://h/d?sslpassword=***");
	expect_scrub("mysql://u:secret@h/d", "mysql://u:***@h/d");
	expect_scrub("host=h password=secret user=u", "host=h password=*** user=u");
	expect_scrub("password='sec ret' host=h", "password=*** host=h");
	expect_scrub("password='never closed host=h", "password=***");
	expect_scrub("password = a\\ b", "password = ***");
	expect_scrub("sslpassword=x", "sslpassword=***");
	expect_scrub("oauth_client_secret=x oauth_client_id=y", "oauth_client_secret=*** oauth_client_id=y");
	expect_scrub("postgresql://h/d?scram_client_key=x&scram_server_key=y", "postgresql://h/d?scram_client_key=***&scram_server_key=***");
	expect_scrub("host=h", "host=h");
	/* what looks like a URI within a string */
	expect_scrub("host=h user=u password=ab://cd", "host=h user=u password=***");
	expect_scrub("application_name='http://a' password=secret", "application_name='http://a' password=***");
	expect_scrub("password=secret sslrootcert=x://y@z", "password=*** sslrootcert=x://y@z");
	expect_scrub("url=postgres://u:secret@h/d?password=other", "url=postgres://u:***@h/d?password=***");
	expect_scrub("url='postgres://u:sec ret@h/d' password=other", "url='postgres://u:***@h/d' password=***");
	expect_scrub("see postgres://u:secret@h/d", "see postgres://u:***@h/d");
	expect_scrub("postgres+tls://u:sec ret@h/d", "postgres+tls://u:***@h/d");
}

static void
hides_secrets(void **state)
{
	char	   *hidden = slipway_conninfo_hide("a pw and pw", "pw");

	(void) state;
	assert_string_equal(hidden, "a *** and ***");
	free(hidden);
	hidden = slipway_conninfo_hide("text", "");
	assert_string_equal(hidden, "text");
	free(hidden);
}

static void
expect_decoded(bool uri, const char *given, const char *expected)
{
	char	   *decoded = slipway_conninfo_decode(uri, given, strlen(given));

	assert_string_equal(decoded, expected);
	free(decoded);
}

static void
decodes_passwords(void **state)
{
	(void) state;
	expect_decoded(true, "a%40b%2f%25", "a@b/%");
	expect_decoded(true, "100%", "100%");
	expect_decoded(true, "%4", "%4");
	expect_decoded(true, "'a b'", "'a b'");
	expect_decoded(false, "'a b\\'c\\\\'", "a b'c\\");
	expect_decoded(false, "a%40b", "a%40b");
	expect_decoded(false, "a\\ b", "a b");
	expect_decoded(false, "", "");
}

static void
tells_names_from_strings(void **state)
{
	(void) state;
	assert_false(slipway_conninfo_is_string("mydb"));
	assert_true(slipway_conninfo_is_string("dbname=mydb"));
	assert_true(slipway_conninfo_is_string("postgres://"));
	assert_false(slipway_conninfo_is_uri("dbname=postgres://"));
}

static void
expect_settings(const char *options, const char *expected)
{
	char	   *list = slipway_pooler_list_settings(options);

	if (expected == NULL)
		assert_null(list);
	else
		assert_string_equal(list, expected);
	free(list);
}

static void
finds_torn_credentials(void **state)
{
	(void) state;
	assert_true(slipway_conninfo_is_torn("postgresql://u:a/b@h/d"));
	assert_true(slipway_conninfo_is_torn("postgresql://u:a@b@h/d?host=x"));
	assert_true(slipway_conninfo_is_torn("postgresql://u:a/b@/d?host=x&port=1"));
	assert_true(slipway_conninfo_is_torn("postgresql://u:p@h/d@e"));
	assert_false(slipway_conninfo_is_torn("postgresql://u:p@h/d"));
	assert_false(slipway_conninfo_is_torn("postgresql://u:p?q@h/d?user=a@b"));
	assert_false(slipway_conninfo_is_torn("postgresql:///d?user=a@b&password=x/y@z"));
	assert_false(slipway_conninfo_is_torn("postgresql://u:p%40q@h/d"));
	assert_false(slipway_conninfo_is_torn("password=a/b@c"));
}

static void
lists_settings(void **state)
{
	(void) state;
	expect_settings("", NULL);
	expect_settings("  ", NULL);
	expect_settings("-c", NULL);
	expect_settings("-d 5 -x", NULL);
	expect_settings("-c work_mem=7MB", "{work_mem}");
	expect_settings("-c work_mem=7MB --Statement-Timeout=0 -cmy.own=x", "{work_mem,statement_timeout,my.own}");
	expect_settings("-c search_path=a,\\ b\\ -c -c x=\\\\", "{search_path,x}");
	expect_settings("-c a\"b=1 -c {=1 -c c", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_uris),
		cmocka_unit_test(splits_keyword_strings),
		cmocka_unit_test(scrubs_passwords),
		cmocka_unit_test(hides_secrets),
		cmocka_unit_test(decodes_passwords),
		cmocka_unit_test(tells_names_from_strings),
		cmocka_unit_test(lists_settings),
		cmocka_unit_test(finds_torn_credentials),
	};

	return cmocka_run_group_tests_name("conninfo", tests, NULL, NULL);
}
