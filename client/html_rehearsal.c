/*
 * html_rehearsal.c
 *	  The report of a rehearsal: what matters most comes first.
 */
#include "html_rehearsal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "html.h"
#include "html_diff.h"
#include "html_statements.h"
#include "html_timeline.h"
#include "html_touched.h"
#include "memory.h"
#include "output.h"
#include "problem.h"

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void
add_head(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal, const SlipwayRehearsalFrame *frame)
{
	time_t		now = time(NULL);
	struct tm	utc;
	char		moment[32] = "";

	if (gmtime_r(&now, &utc) != NULL)
		(void) strftime(moment, sizeof(moment), "%Y-%m-%d %H:%M UTC", &utc);
	slipway_html_add(page, "<header><h1>Rehearsal of project %s</h1>\n<p class=\"hint\">", or_empty(frame->project));
	slipway_html_add(page, "Database <strong>%s</strong>", or_empty(frame->database));
	if (frame->host != NULL && *frame->host != '\0')
		slipway_html_add(page, " on %s", frame->host);
	if (frame->server_version != NULL)
		slipway_html_add(page, ", PostgreSQL %s", frame->server_version);
	slipway_html_add(page, ", %s. Everything was rolled back", moment);
	if (json_array_size(rehearsal->leftovers) > 0)
		slipway_html_add(page, ", but for <a href=\"#left\">some of it</a>");
	slipway_html_add(page, ".</p>\n</header>\n");
}

static void
add_fact(SlipwayBuffer *page, const char *kind, const char *what, const char *value)
{
	slipway_html_add(page, "<div class=\"%s\"><dt>%s</dt><dd>%s</dd></div>\n", kind, what, value);
}

static void
add_count(SlipwayBuffer *page, const char *kind, const char *what, size_t count)
{
	slipway_html_add(page, "<div class=\"%s\"><dt>%s</dt><dd>%zu</dd></div>\n", count > 0 ? kind : "",
					 what, count);
}

/* How long a lock of that reach, or one that reaches further, is held at most; negative: there is none. */
static double
find_longest(const SlipwayRehearsal *rehearsal, SlipwayLockReach reach)
{
	double		longest = -1;
	size_t		i;
	size_t		j;
	json_t	   *migration;
	json_t	   *lock;

	json_array_foreach(rehearsal->migrations, i, migration)
		json_array_foreach(json_object_get(migration, "locks"), j, lock)
			if (slipway_rehearsal_reach(slipway_rehearsal_text(lock, "mode")) >= reach &&
				slipway_rehearsal_number(lock, "held_ms") > longest)
				longest = slipway_rehearsal_number(lock, "held_ms");
	return longest;
}

static void
add_longest(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal, SlipwayLockReach reach,
			const char *kind, const char *what)
{
	double		longest = find_longest(rehearsal, reach);
	char	   *duration = slipway_output_duration(longest);

	add_fact(page, longest >= 0 ? kind : "", what, longest >= 0 ? duration : "never");
	free(duration);
}

static void
add_facts(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal, const SlipwayRehearsalFrame *frame)
{
	char	   *duration = slipway_output_duration(frame->duration);
	size_t		left_out = slipway_rehearsal_outcomes(rehearsal, "not_rehearsed");

	slipway_html_add(page, "<dl class=\"facts\">\n");
	add_count(page, "", "Migrations", slipway_rehearsal_migrations(rehearsal));
	add_count(page, "", "Statements", json_array_size(rehearsal->statements));
	if (left_out > 0)
		add_count(page, "warning", "Not rehearsed", left_out);
	add_fact(page, "", "Time", duration);
	add_count(page, "danger", "Dangers", slipway_rehearsal_count(rehearsal, "danger"));
	add_count(page, "warning", "Warnings", slipway_rehearsal_count(rehearsal, "warning"));
	add_longest(page, rehearsal, SLIPWAY_LOCK_BLOCKS_BOTH, "danger", "Readers blocked");
	add_longest(page, rehearsal, SLIPWAY_LOCK_BLOCKS_WRITING, "warning", "Writers blocked");
	slipway_html_add(page, "</dl>\n");
	free(duration);
}

/* Where an event is in the folder: "migrations/0007_orders.sql:3" */
static void
add_place(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal, const json_t *event)
{
	const SlipwayProblem problem = {
		.migration = slipway_rehearsal_script(event),
		.line = slipway_rehearsal_position(event, "line"),
		.column = slipway_rehearsal_position(event, "column"),
	};
	int			number = slipway_rehearsal_statement(rehearsal, event);
	char	   *place;

	if (*problem.migration == '\0')
		return;
	place = slipway_problem_place(&problem, rehearsal->folder);
	if (number >= 0)
		slipway_html_add(page, "<a href=\"#s%d\"><code>%s</code></a>", number, place);
	else
		slipway_html_add(page, "<code>%s</code>", place);
	free(place);
}

static void
add_error(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	const json_t *error = rehearsal->error;

	if (error == NULL)
		return;
	slipway_html_add(page, "<section id=\"error\"><h2>It ended with an error</h2>\n<article class=\"card danger\">");
	add_place(page, rehearsal, error);
	slipway_html_add(page, "<p><strong>%s</strong> <span class=\"hint\">%s</span></p>\n",
					 slipway_rehearsal_text(error, "message"), slipway_rehearsal_text(error, "sqlstate"));
	if (*slipway_rehearsal_text(error, "detail") != '\0')
		slipway_html_add(page, "<p class=\"lines\">%s</p>\n", slipway_rehearsal_text(error, "detail"));
	if (*slipway_rehearsal_text(error, "hint") != '\0')
		slipway_html_add(page, "<p class=\"lines hint\">%s</p>\n", slipway_rehearsal_text(error, "hint"));
	slipway_html_add(page, "</article></section>\n");
}

static void
add_finding(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal, const json_t *finding)
{
	static const char *const kinds[] = {"danger", "warning", "note"};
	const char *severity = slipway_rehearsal_text(finding, "severity");
	const char *kind = "";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], severity) == 0)
			kind = kinds[i];
	slipway_html_add(page, "<article class=\"card %s\"><div class=\"line\"><span class=\"badge %s\">%s</span> ",
					 kind, kind, severity);
	add_place(page, rehearsal, finding);
	slipway_html_add(page, " <span class=\"hint\">%s</span></div>\n<p>%s</p>\n",
					 slipway_rehearsal_text(finding, "code"), slipway_rehearsal_text(finding, "message"));
	if (*slipway_rehearsal_text(finding, "advice") != '\0')
		slipway_html_add(page, "<pre>%s</pre>\n", slipway_rehearsal_text(finding, "advice"));
	slipway_html_add(page, "</article>\n");
}

static void
add_findings(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	static const char *const severities[] = {"danger", "warning", "note"};
	size_t		i;
	json_t	   *finding;

	/* they are told at the end */
	if (json_array_size(rehearsal->findings) == 0 &&
		(json_array_size(rehearsal->statements) == 0 || rehearsal->error != NULL))
		return;
	slipway_html_add(page, "<section id=\"findings\"><h2>Findings</h2>\n");
	if (json_array_size(rehearsal->findings) == 0)
		slipway_html_add(page, "<article class=\"card good\">None.</article>\n");
	for (size_t severity = 0; severity < sizeof(severities) / sizeof(severities[0]); severity++)
		json_array_foreach(rehearsal->findings, i, finding)
			if (strcmp(slipway_rehearsal_text(finding, "severity"), severities[severity]) == 0)
				add_finding(page, rehearsal, finding);
	slipway_html_add(page, "</section>\n");
}

static void
add_leftovers(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	size_t		i;
	json_t	   *leftover;

	if (json_array_size(rehearsal->leftovers) == 0)
		return;
	slipway_html_add(page,
					 "<section id=\"left\"><h2>Not rolled back</h2>\n"
					 "<p class=\"hint\">A rollback does not take this back; it is as the rehearsal left it.</p>\n");
	json_array_foreach(rehearsal->leftovers, i, leftover)
	{
		slipway_html_add(page, "<article class=\"card warning\"><div class=\"line\"><span class=\"badge warning\">%s</span> ",
						 slipway_rehearsal_text(leftover, "kind"));
		slipway_html_add(page, "<code>%s</code></div><p>%s</p><p class=\"hint\">",
						 slipway_rehearsal_text(leftover, "object"), slipway_rehearsal_text(leftover, "detail"));
		add_place(page, rehearsal, leftover);
		slipway_html_add(page, "</p></article>\n");
	}
	slipway_html_add(page, "</section>\n");
}

static void
add_differences(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	if (rehearsal->differences.count == 0)
		return;
	slipway_html_add(page, "<section id=\"schema\"><h2>Difference of the schema</h2>\n");
	slipway_html_diff_add(page, &rehearsal->differences);
	slipway_html_add(page, "</section>\n");
}

/*
 * Links to the sections that there are. In a text there is no "<", so what looks like
 * the beginning of one is.
 */
static void
add_links(SlipwayBuffer *page, const char *body)
{
	static const struct
	{
		const char *begin;
		const char *id;
		const char *words;
	}			sections[] = {
		{"<section id=\"error\"", "error", "Error"},
		{"<section id=\"findings\"", "findings", "Findings"},
		{"<section id=\"time\"", "time", "Time line"},
		{"<section id=\"tables\"", "tables", "Tables touched"},
		{"<section id=\"left\"", "left", "Not rolled back"},
		{"<section id=\"schema\"", "schema", "Difference of the schema"},
		{"<section id=\"statements\"", "statements", "Statements"},
	};

	slipway_html_add(page, "<nav>");
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strstr(body, sections[i].begin) != NULL)
			slipway_html_add(page, "<a href=\"#%s\">%s</a> ", sections[i].id, sections[i].words);
	slipway_html_add(page, "</nav>\n");
}

static void
add_body(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	if (json_array_size(rehearsal->statements) == 0 && rehearsal->error == NULL)
		slipway_html_add(page, "<article class=\"card\">Nothing was pending.</article>\n");
	add_error(page, rehearsal);
	add_findings(page, rehearsal);
	slipway_html_timeline(page, rehearsal);
	slipway_html_touched(page, rehearsal);
	add_leftovers(page, rehearsal);
	add_differences(page, rehearsal);
	slipway_html_statements(page, rehearsal);
}

void
slipway_html_rehearsal(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal,
					   const SlipwayRehearsalFrame *frame)
{
	SlipwayBuffer body = {0};
	char	   *title = slipway_memory_format("Rehearsal of project %s on %s", or_empty(frame->project),
											  or_empty(frame->database));

	add_body(&body, rehearsal);
	slipway_html_begin(page, title);
	add_head(page, rehearsal, frame);
	add_links(page, body.data);
	add_facts(page, rehearsal, frame);
	slipway_buffer_add(page, body.data);
	slipway_html_end(page);
	free(slipway_buffer_take(&body));
	free(title);
}
