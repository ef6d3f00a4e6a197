/*
 * html_statements.c
 *	  The statements of a rehearsal.
 */
#include "html_statements.h"

#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "html_lock.h"
#include "memory.h"
#include "output.h"
#include "quantity.h"

/* What is shown of a statement: one with the data of a table in it would be no good reading. */
#define MAX_STATEMENT 20000

static const struct
{
	const char *outcome;
	const char *words;
	const char *kind;
}			outcomes[] = {
	{"plain", "as a plain one", "note"},
	{"not_rehearsed", "not rehearsed", "warning"},
	{"failed", "failed", "danger"},
	{"stopped", "stopped", "danger"},
};

/* Badges that say at a glance what is special about it. */
static void
add_badges(SlipwayBuffer *page, const json_t *statement)
{
	const char *outcome = slipway_rehearsal_text(statement, "outcome");
	SlipwayLockReach reach = SLIPWAY_LOCK_BLOCKS_NEITHER;
	size_t		i;
	json_t	   *lock;

	json_array_foreach(json_object_get(statement, "locks"), i, lock)
		if (slipway_rehearsal_reach(slipway_rehearsal_text(lock, "mode")) > reach)
			reach = slipway_rehearsal_reach(slipway_rehearsal_text(lock, "mode"));
	for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0)
			slipway_html_add(page, "<span class=\"badge %s\">%s</span> ", outcomes[i].kind, outcomes[i].words);
	if (reach == SLIPWAY_LOCK_BLOCKS_BOTH)
		slipway_html_add(page, "<span class=\"badge danger\">blocks readers</span> ");
	else if (reach == SLIPWAY_LOCK_BLOCKS_WRITING)
		slipway_html_add(page, "<span class=\"badge warning\">blocks writers</span> ");
	if (json_array_size(json_object_get(statement, "rewrites")) > 0)
		slipway_html_add(page, "<span class=\"badge danger\">rewrite</span> ");
	if (json_array_size(json_object_get(statement, "scans")) > 0)
		slipway_html_add(page, "<span class=\"badge warning\">full scan</span> ");
}

static void
add_source(SlipwayBuffer *page, const char *text)
{
	size_t		length = strlen(text);
	size_t		shown = length;

	if (length > MAX_STATEMENT)
		for (shown = MAX_STATEMENT; ((unsigned char) text[shown] & 0xc0) == 0x80;)
			shown--;
	slipway_html_add(page, "<pre>");
	/* a line feed at its beginning is not part of an element's text */
	slipway_buffer_add_char(page, '\n');
	slipway_html_text(page, text, shown);
	slipway_html_add(page, "</pre>\n");
	if (shown < length)
		slipway_html_add(page, "<p class=\"hint\">and %zu bytes more</p>\n", length - shown);
}

static void
add_names(SlipwayBuffer *page, const char *what, const json_t *names)
{
	size_t		i;
	json_t	   *name;

	if (json_array_size(names) == 0)
		return;
	slipway_html_add(page, "<p>%s ", what);
	json_array_foreach(names, i, name)
		slipway_html_add(page, "%s<code>%s</code>", i > 0 ? ", " : "",
						 json_string_value(name) != NULL ? json_string_value(name) : "");
	slipway_html_add(page, "</p>\n");
}

static void
add_lock(SlipwayBuffer *page, const json_t *lock)
{
	double		bytes = slipway_rehearsal_number(lock, "size_bytes");
	double		rows = slipway_rehearsal_number(lock, "rows");
	double		waiters = slipway_rehearsal_number(lock, "waiters");
	char	   *size = slipway_quantity_size(bytes);
	char	   *number = slipway_quantity_number((long long) rows);

	slipway_html_add(page, "<li>");
	slipway_html_lock(page, slipway_rehearsal_text(lock, "mode"));
	slipway_html_add(page, " on %s <code>%s</code>", slipway_rehearsal_text(lock, "kind"),
					 slipway_rehearsal_text(lock, "relation"));
	if (bytes > 0)
		slipway_html_add(page, ", %s", size);
	if (rows >= 0)
		slipway_html_add(page, ", %s %s", number, rows == 1 ? "row" : "rows");
	if (waiters > 0)
		slipway_html_add(page, ", <strong>%ld waiting for it</strong>", (long) waiters);
	slipway_html_add(page, "</li>\n");
	free(number);
	free(size);
}

static void
add_body(SlipwayBuffer *page, const json_t *statement)
{
	double		rows = slipway_rehearsal_number(statement, "rows");
	const json_t *locks = json_object_get(statement, "locks");
	char	   *number = slipway_quantity_number((long long) rows);
	size_t		i;
	json_t	   *lock;

	if (*slipway_rehearsal_text(statement, "reason") != '\0')
		slipway_html_add(page, "<p class=\"lines\">%s</p>\n", slipway_rehearsal_text(statement, "reason"));
	add_source(page, slipway_rehearsal_text(statement, "statement"));
	if (rows > 0)
		slipway_html_add(page, "<p>%s %s</p>\n", number, rows == 1 ? "row" : "rows");
	if (json_array_size(locks) > 0)
		slipway_html_add(page, "<ul>\n");
	json_array_foreach(locks, i, lock)
		add_lock(page, lock);
	if (json_array_size(locks) > 0)
		slipway_html_add(page, "</ul>\n");
	add_names(page, "Rewrites", json_object_get(statement, "rewrites"));
	add_names(page, "Reads all of", json_object_get(statement, "scans"));
	free(number);
}

static void
add_statement(SlipwayBuffer *page, const json_t *statement, size_t number)
{
	char	   *brief = slipway_rehearsal_brief(slipway_rehearsal_text(statement, "statement"));
	char	   *duration = slipway_output_duration(slipway_rehearsal_number(statement, "duration_ms"));
	bool		ran = strcmp(slipway_rehearsal_text(statement, "outcome"), "not_rehearsed") != 0;

	slipway_html_add(page, "<details class=\"statement\" id=\"s%zu\"><summary><span class=\"soft\">%ld</span> <code>%s</code> <span>",
					 number, (long) slipway_rehearsal_number(statement, "line"), brief);
	add_badges(page, statement);
	slipway_html_add(page, "</span><span class=\"time\">%s</span></summary>\n", ran ? duration : "");
	add_body(page, statement);
	slipway_html_add(page, "</details>\n");
	free(duration);
	free(brief);
}

/* Begins the list of a script's statements. */
static void
add_title(SlipwayBuffer *page, const json_t *statement)
{
	const char *migration = slipway_rehearsal_text(statement, "migration");
	const char *hook = slipway_rehearsal_text(statement, "hook");

	slipway_html_add(page, "<h3>%s", migration);
	if (*hook != '\0')
		slipway_html_add(page, "%shook %s", *migration != '\0' ? ", " : "", hook);
	slipway_html_add(page, "</h3>\n<div class=\"card statements\">\n");
}

void
slipway_html_statements(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	const json_t *previous = NULL;
	size_t		i;
	json_t	   *statement;

	if (json_array_size(rehearsal->statements) == 0)
		return;
	slipway_html_add(page, "<section id=\"statements\"><h2>Statements</h2>\n");
	json_array_foreach(rehearsal->statements, i, statement)
	{
		if (previous != NULL && !slipway_rehearsal_same_script(previous, statement))
			slipway_html_add(page, "</div>\n");
		if (previous == NULL || !slipway_rehearsal_same_script(previous, statement))
			add_title(page, statement);
		add_statement(page, statement, i);
		previous = statement;
	}
	slipway_html_add(page, "</div>\n</section>\n");
}
