/*
 * test_blocked.c
 *	  Who is in the way, in words.
 */
#include "harness.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "blocked.h"

static void
expect_line(const char *blockers, const char *expected)
{
	json_t	   *array = json_loads(blockers, 0, NULL);
	char	   *line;

	assert_non_null(array);
	line = slipway_blocked_line(array);
	if (expected == NULL)
		assert_null(line);
	else
		assert_string_equal(line, expected);
	free(line);
	json_decref(array);
}

static void
expect_target(const char *event, const char *expected)
{
	json_t	   *object = json_loads(event, 0, NULL);
	char	   *target;

	assert_non_null(object);
	target = slipway_blocked_target(object);
	assert_string_equal(target, expected);
	free(target);
	json_decref(object);
}

static bool
is_news(char **said, const char *blockers)
{
	json_t	   *array = json_loads(blockers, 0, NULL);
	bool		news = slipway_blocked_is_news(said, array);

	json_decref(array);
	return news;
}

static void
says_who(void **state)
{
	(void) state;
	expect_line("[]", NULL);
	expect_line("[{\"pid\":42,\"type\":\"client backend\",\"role\":\"app\",\"application\":\"psql\",\"state\":\"idle in transaction\","
				"\"transaction_ms\":3000,\"holds\":\"AccessShareLock\",\"query\":\"SELECT 1\"}]",
				"pid 42 (app, psql): AccessShareLock, idle in transaction, 3.00 s");
	/* what the role may not see is not there */
	expect_line("[{\"pid\":42,\"type\":\"client backend\",\"role\":\"app\",\"application\":\"\",\"holds\":\"AccessShareLock\"}]",
				"pid 42 (app): AccessShareLock");
	expect_line("[{\"pid\":42,\"type\":\"client backend\",\"transaction_ms\":3000,\"holds\":\"ExclusiveLock\"}]",
				"pid 42 (client backend): ExclusiveLock, 3.00 s");
	expect_line("[{\"pid\":42,\"type\":\"autovacuum worker\",\"application\":\"\",\"holds\":\"ShareUpdateExclusiveLock\"}]",
				"pid 42 (autovacuum worker): ShareUpdateExclusiveLock");
	expect_line("[{\"pid\":42,\"type\":\"client backend\",\"role\":\"app\",\"application\":\"psql\",\"state\":\"active\",\"waits\":\"AccessExclusiveLock\"}]",
				"pid 42 (app, psql): waits for AccessExclusiveLock, active");
	expect_line("[{\"pid\":0,\"type\":\"prepared transaction\",\"holds\":\"RowExclusiveLock\"},"
				"{\"pid\":1,\"type\":\"client backend\"},{\"pid\":2,\"type\":\"client backend\"}]",
				"a prepared transaction: RowExclusiveLock; and 2 more");
	/* an engine that says less */
	expect_line("[{\"pid\":7}]", "pid 7 (?): waits for a lock");
	assert_null(slipway_blocked_line(NULL));
}

static void
says_what_for(void **state)
{
	(void) state;
	expect_target("{\"lock\":\"ShareLock\",\"on\":\"relation\",\"relation_oid\":16400}", "ShareLock on relation 16400");
	expect_target("{\"lock\":\"ShareLock\",\"on\":\"relation\",\"relation\":\"public.t\",\"relation_oid\":16400}", "ShareLock on public.t");
	expect_target("{\"lock\":\"ExclusiveLock\",\"on\":\"tuple\",\"relation\":\"public.t\"}", "ExclusiveLock on tuple of public.t");
	expect_target("{\"lock\":\"ShareLock\",\"on\":\"transactionid\"}", "the end of another transaction");
	expect_target("{\"lock\":\"ShareLock\",\"on\":\"virtualxid\"}", "the end of another transaction");
	expect_target("{\"lock\":\"ExclusiveLock\",\"on\":\"advisory\"}", "ExclusiveLock on advisory");
	expect_target("{}", "a lock");
}

static void
knows_news(void **state)
{
	char	   *said = NULL;

	(void) state;
	assert_false(is_news(&said, "[]"));
	assert_true(is_news(&said, "[{\"pid\":1,\"holds\":\"ShareLock\",\"transaction_ms\":1}]"));
	assert_false(is_news(&said, "[{\"pid\":1,\"holds\":\"ShareLock\",\"transaction_ms\":2,\"query\":\"SELECT\"}]"));
	assert_true(is_news(&said, "[{\"pid\":1,\"holds\":\"ExclusiveLock\"}]"));
	assert_true(is_news(&said, "[{\"pid\":1,\"holds\":\"ExclusiveLock\"},{\"pid\":2}]"));
	assert_true(is_news(&said, "[{\"pid\":2}]"));
	/* who came back */
	assert_false(is_news(&said, "[]"));
	assert_true(is_news(&said, "[{\"pid\":2}]"));
	assert_false(slipway_blocked_is_news(&said, NULL));
	free(said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who), cmocka_unit_test(says_what_for), cmocka_unit_test(knows_news)
	};

	return cmocka_run_group_tests_name("blocked", tests, NULL, NULL);
}
