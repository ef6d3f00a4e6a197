/*
 * test_rehearsal.c
 *	  What a rehearsal has told, and the page of it.
 */
#include "harness.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "html_rehearsal.h"
#include "rehearsal.h"

/* A name that would be something else wherever it is not escaped. */
#define HOSTILE "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;</pre></div>%s%n"

static void
take(SlipwayRehearsal *rehearsal, json_t *event)
{
	assert_non_null(event);
	slipway_rehearsal_take(rehearsal, event);
	json_decref(event);
}

/* A statement that locks public.orders; it follows the one before at once. */
static void
take_statement(SlipwayRehearsal *rehearsal, const char *migration, int line, double start, const char *mode,
			   const char *text)
{
	take(rehearsal, json_pack("{s:s, s:s, s:n, s:i, s:i, s:s, s:s, s:s, s:s, s:f, s:f, s:i, s:[{s:s, s:s, s:s, s:i, s:i, s:i}],"
							  " s:[s], s:[s]}",
							  "event", "rehearsed", "migration", migration, "hook", "line", line, "column", 1,
							  "statement", text, "command", "ALTER TABLE", "outcome", "ok", "reason", text,
							  "start_ms", start, "duration_ms", 10.0, "rows", 3,
							  "locks", "relation", text, "kind", "table", "mode", mode,
							  "size_bytes", 8192, "rows", 12, "waiters", 1, "rewrites", text, "scans", text));
}

static char *
make_page(const SlipwayRehearsal *rehearsal, const char *text)
{
	SlipwayBuffer page = {0};

	slipway_html_rehearsal(&page, rehearsal, &(SlipwayRehearsalFrame) {
		.project = text,.database = text,.host = text,.server_version = text,.duration = 20
	});
	return slipway_buffer_take(&page);
}

static bool
is_one_of(const char *name, const char *const names[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* Every element is one that we write, has no attribute that does something, and ends where it should. */
static void
assert_well_formed(const char *page)
{
	static const char *const known[] = {
		"html", "head", "title", "style", "body", "header", "section", "article", "h1", "h2", "h3", "p",
		"dl", "dt", "dd", "div", "span", "strong", "code", "pre", "i", "ul", "li", "table", "thead", "tbody",
		"tr", "th", "td", "details", "summary", "nav", "a"
	};
	char		open[64][16];
	int			depth = 0;

	for (const char *at = strchr(page, '<'); at != NULL; at = strchr(at + 1, '<'))
	{
		bool		closes = at[1] == '/';
		char		name[16] = "";
		const char *end = strchr(at, '>');

		if (strncmp(at, "<!DOCTYPE", 9) == 0 || strncmp(at, "<meta", 5) == 0)
			continue;
		for (size_t i = 0; i < 15 && isalnum((unsigned char) at[i + 1 + closes]); i++)
			name[i] = at[i + 1 + closes];
		assert_non_null(end);
		if (!is_one_of(name, known, sizeof(known) / sizeof(known[0])))
			fail_msg("element %s", name);
		if (memmem(at, (size_t) (end - at), " on", 3) != NULL && memmem(at, (size_t) (end - at), " on\"", 4) == NULL &&
			memmem(at, (size_t) (end - at), "title=", 6) == NULL)
			fail_msg("%.*s", (int) (end - at), at);
		if (closes)
		{
			assert_true(depth > 0);
			assert_string_equal(open[--depth], name);
		}
		else
		{
			assert_true(depth < 64);
			memcpy(open[depth++], name, sizeof(name));
		}
	}
	assert_int_equal(depth, 0);
}

/* A statement is cut between two characters, and how much is left out is said. */
static void
page_of_long_statement(void **state)
{
	enum {LENGTH = 20001};
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	char		text[2 * LENGTH + 2] = "x";
	char	   *page;

	(void) state;
	for (size_t i = 0; i < LENGTH; i++)
		memcpy(text + 1 + 2 * i, "\xc3\xa4", 3);
	take_statement(rehearsal, "0001", 1, 0, "ShareLock", text);
	slipway_rehearsal_end(rehearsal);
	page = make_page(rehearsal, "x");
	assert_well_formed(page);
	assert_non_null(strstr(page, "\xc3\xa4</pre>\n<p class=\"hint\">and 20004 bytes more</p>"));
	free(page);
	slipway_rehearsal_free(rehearsal);
}

static void
page_is_safe(void **state)
{
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	char	   *page;

	(void) state;
	take_statement(rehearsal, HOSTILE, 3, 0, "AccessExclusiveLock", HOSTILE);
	take_statement(rehearsal, "0002", 3, 10, "ShareLock", HOSTILE);
	take(rehearsal, json_pack("{s:s, s:s, s:n, s:f, s:[{s:s, s:s, s:i, s:i, s:i, s:f, s:f}]}",
							  "event", "rehearsed_migration", "migration", HOSTILE, "hook", "duration_ms", 10.0,
							  "locks", "relation", HOSTILE, "mode", HOSTILE, "size_bytes", 8192, "rows", 12,
							  "line", 3, "start_ms", 0.0, "held_ms", 10.0));
	take(rehearsal, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "event", "not_rolled_back", "migration", HOSTILE,
							  "line", 3, "kind", HOSTILE, "object", HOSTILE, "detail", HOSTILE));
	take(rehearsal, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "event", "difference", "kind", HOSTILE,
							  "identity", HOSTILE, "change", "changed", "before", HOSTILE, "after", "other"));
	take(rehearsal, json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "event", "finding", "severity", HOSTILE,
							  "code", HOSTILE, "migration", HOSTILE, "line", 3, "message", HOSTILE, "advice", HOSTILE));
	take(rehearsal, json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "event", "finding", "severity", "danger",
							  "code", HOSTILE, "migration", HOSTILE, "line", 3, "message", HOSTILE, "advice", HOSTILE));
	rehearsal->error = json_pack("{s:s, s:s, s:s, s:s, s:s}", "message", HOSTILE, "detail", HOSTILE, "hint", HOSTILE,
								 "migration", HOSTILE, "sqlstate", "22012");
	slipway_rehearsal_end(rehearsal);
	page = make_page(rehearsal, HOSTILE);
	assert_well_formed(page);
	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<img"));
	assert_non_null(strstr(page, "&lt;script&gt;"));
	/* its own markup is not escaped */
	assert_null(strstr(page, "&lt;/section"));
	free(page);
	slipway_rehearsal_free(rehearsal);
}

static void
page_of_many(void **state)
{
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	char	   *page;

	(void) state;
	for (int i = 0; i < 100; i++)
	{
		char		name[16];

		(void) snprintf(name, sizeof(name), "m%04d", i);
		take_statement(rehearsal, name, 1, i * 10, "ShareLock", "SELECT 1");
	}
	page = make_page(rehearsal, "p");
	assert_well_formed(page);
	assert_non_null(strstr(page, "and 60 statements that took less time"));
	/* all are in the list of statements */
	for (int i = 0; i < 100; i++)
	{
		char		title[32];

		(void) snprintf(title, sizeof(title), "<h3>m%04d</h3>", i);
		assert_non_null(strstr(page, title));
	}
	free(page);
	slipway_rehearsal_free(rehearsal);
}

static void
page_of_nothing(void **state)
{
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	char	   *page;

	(void) state;
	slipway_rehearsal_end(rehearsal);
	page = make_page(rehearsal, "p");
	assert_well_formed(page);
	assert_non_null(strstr(page, "Nothing was pending."));
	free(page);
	slipway_rehearsal_free(rehearsal);
}

/* Where it ended in a migration, its locks count as held until then, each at its strongest. */
static void
ends_too_early(void **state)
{
	SlipwayRehearsal *rehearsal = slipway_rehearsal_new(NULL);
	const json_t *locks;

	(void) state;
	take_statement(rehearsal, "0001", 1, 0, "ShareLock", "public.orders");
	take_statement(rehearsal, "0001", 2, 10, "AccessExclusiveLock", "public.orders");
	take_statement(rehearsal, "0001", 3, 20, "RowExclusiveLock", "public.orders");
	slipway_rehearsal_end(rehearsal);
	assert_int_equal(slipway_rehearsal_migrations(rehearsal), 1);
	locks = json_object_get(json_array_get(rehearsal->migrations, 0), "locks");
	assert_int_equal(json_array_size(locks), 1);
	assert_string_equal(slipway_rehearsal_text(json_array_get(locks, 0), "mode"), "AccessExclusiveLock");
	assert_float_equal(slipway_rehearsal_number(json_array_get(locks, 0), "start_ms"), 10, 0.001);
	assert_float_equal(slipway_rehearsal_number(json_array_get(locks, 0), "held_ms"), 20, 0.001);
	assert_float_equal(slipway_rehearsal_number(json_array_get(locks, 0), "line"), 2, 0.001);
	/* a second time it is known */
	slipway_rehearsal_end(rehearsal);
	assert_int_equal(json_array_size(rehearsal->migrations), 1);
	slipway_rehearsal_free(rehearsal);
}

static void
assert_brief(const char *statement, const char *expected)
{
	char	   *brief = slipway_rehearsal_brief(statement);

	assert_string_equal(brief, expected);
	free(brief);
}

static void
is_brief(void **state)
{
	char		text[1000];

	(void) state;
	assert_brief("ALTER TABLE a\n\t ADD b int", "ALTER TABLE a ADD b int");
	assert_brief("-- why\n/* and\nwhy */ ALTER TABLE a -- more\n ADD b int", "ALTER TABLE a ADD b int");
	assert_brief("/* not closed", "/* not closed");
	assert_brief("-- nothing", "");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[500] = ' ';
	text[501] = 'y';
	text[500 + 20] = '\0';
	assert_int_equal(strlen(slipway_rehearsal_brief(text)), 500);
}

static void
knows_reach(void **state)
{
	(void) state;
	assert_int_equal(slipway_rehearsal_reach("AccessExclusiveLock"), SLIPWAY_LOCK_BLOCKS_BOTH);
	assert_int_equal(slipway_rehearsal_reach("ExclusiveLock"), SLIPWAY_LOCK_BLOCKS_WRITING);
	assert_int_equal(slipway_rehearsal_reach("ShareRowExclusiveLock"), SLIPWAY_LOCK_BLOCKS_WRITING);
	assert_int_equal(slipway_rehearsal_reach("ShareLock"), SLIPWAY_LOCK_BLOCKS_WRITING);
	assert_int_equal(slipway_rehearsal_reach("ShareUpdateExclusiveLock"), SLIPWAY_LOCK_BLOCKS_NEITHER);
	assert_int_equal(slipway_rehearsal_reach("AccessShareLock"), SLIPWAY_LOCK_BLOCKS_NEITHER);
	assert_int_equal(slipway_rehearsal_reach("none"), SLIPWAY_LOCK_BLOCKS_NEITHER);
}

static void
knows_minor(void **state)
{
	json_t	   *locks = json_loads("[{\"relation\":\"t\",\"kind\":\"table\",\"mode\":\"ShareLock\"},"
								   "{\"relation\":\"i\",\"kind\":\"index\",\"mode\":\"AccessShareLock\"},"
								   "{\"relation\":\"j\",\"kind\":\"index\",\"mode\":\"AccessExclusiveLock\"}]", 0, NULL);

	(void) state;
	assert_false(slipway_rehearsal_is_minor(json_array_get(locks, 0), locks));
	assert_true(slipway_rehearsal_is_minor(json_array_get(locks, 1), locks));
	/* REINDEX INDEX: nobody reads the table without a look at it */
	assert_false(slipway_rehearsal_is_minor(json_array_get(locks, 2), locks));
	json_decref(locks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_is_safe), cmocka_unit_test(page_of_long_statement), cmocka_unit_test(page_of_many), cmocka_unit_test(page_of_nothing),
		cmocka_unit_test(ends_too_early), cmocka_unit_test(is_brief), cmocka_unit_test(knows_reach),
		cmocka_unit_test(knows_minor)
	};

	return cmocka_run_group_tests_name("rehearsal", tests, NULL, NULL);
}
