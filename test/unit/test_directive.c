/*
 * test_directive.c
 *	  Whether a script has a directive.
 */
#include "harness.h"

#include <string.h>

#include "directive.h"

static void
expect(const char *text, bool expected)
{
	if (slipway_directive_is_there(text, strlen(text), "repeatable") != expected)
		fail_msg("\"%s\": %s", text, expected ? "not found" : "found");
}

static void
finds_marks(void **state)
{
	(void) state;
	expect("-- slipway: repeatable", true);
	expect("--slipway:repeatable\n", true);
	expect("\t--\tSlipway\t:\trepeatable \r\n", true);
	expect("-- slipway: requires a\n\n-- why\n-- slipway: repeatable\nSELECT 1", true);
	expect("-- slipway: repeatable twice", false);
	expect("-- slipway repeatable", false);
	expect("-- our slipway: repeatable", false);
	expect("slipway: repeatable", false);
	expect("- slipway: repeatable", false);
}

static void
passes_comments(void **state)
{
	(void) state;
	expect("/* licence */\n-- slipway: repeatable", true);
	expect("/* a\n /* b */\n */ /**/\t-- slipway: repeatable\n", true);
	expect("/**/-- slipway: repeatable", true);
	expect("/* open\n-- slipway: repeatable", false);
	expect("/* a */ SELECT 1;\n-- slipway: repeatable", false);
	expect("SELECT 1;\n-- slipway: repeatable", false);
	expect("/*", false);
	expect("/", false);
	expect("-", false);
	expect("", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_marks),
		cmocka_unit_test(passes_comments),
	};

	return cmocka_run_group_tests_name("directive", tests, NULL, NULL);
}
