/*
 * html_timeline.c
 *	  The time line of a rehearsal.
 *
 * Bars are elements placed in percent of the time that all of it took, so
 * that they follow the width of the window, and of the paper. Of many
 * statements or locks the longest are shown: beside them the others would be
 * too short to be seen.
 */
#include "html_timeline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "html_lock.h"
#include "memory.h"
#include "output.h"

/* Rows of statements, and of locks, at most. */
#define MAX_ROWS 40

/* How many times are written above it, at most. */
#define MAX_TICKS 8

/* With more migrations than that, each row says of which it is. */
#define MAX_GROUPS 12

/* A bar that begins behind this percentage has its value on its left. */
#define LATE 70.0

typedef struct Row
{
	const json_t *event;		/* a statement, or the lock */
	const char *migration;
	size_t		number;			/* of the statement */
	double		start;			/* ms since begin */
	double		duration;
} Row;

typedef struct Timeline
{
	SlipwayBuffer *page;
	double		span;			/* ms */
	double		step;			/* ms between two ticks */
	Row		   *rows;
	size_t		count;
	size_t		left_out;
	bool		grouped;		/* is there a heading for each migration? */
} Timeline;

static double
positive(double number)
{
	return number > 0 ? number : 0;
}

static Row *
add_row(Timeline *timeline, const json_t *event, const char *migration, const char *duration_key)
{
	Row		   *row;

	timeline->rows = slipway_memory_resize(timeline->rows, timeline->count + 1, sizeof(Row));
	row = &timeline->rows[timeline->count++];
	*row = (Row) {
		.event = event,.migration = migration,
		.start = positive(slipway_rehearsal_number(event, "start_ms")),
		.duration = positive(slipway_rehearsal_number(event, duration_key)),
	};
	if (row->start + row->duration > timeline->span)
		timeline->span = row->start + row->duration;
	return row;
}

static int
compare_durations(const void *a, const void *b)
{
	const double difference = ((const Row *) b)->duration - ((const Row *) a)->duration;

	return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

/* The longer one first, of those that begin together: what is held to the end is above. */
static int
compare_starts(const void *a, const void *b)
{
	const double difference = ((const Row *) a)->start - ((const Row *) b)->start;

	return difference < 0 ? -1 : difference > 0 ? 1 : compare_durations(a, b);
}

static bool
begins_group(const Timeline *timeline, size_t row)
{
	return row == 0 || strcmp(timeline->rows[row].migration, timeline->rows[row - 1].migration) != 0;
}

static size_t
count_groups(const Timeline *timeline)
{
	size_t		count = 0;

	for (size_t i = 0; i < timeline->count; i++)
		count += begins_group(timeline, i) ? 1 : 0;
	return count;
}

/* Leaves the longest, in order of time. */
static void
choose_rows(Timeline *timeline)
{
	timeline->left_out = 0;
	if (timeline->count == 0)
		return;
	if (timeline->count > MAX_ROWS)
	{
		qsort(timeline->rows, timeline->count, sizeof(Row), compare_durations);
		timeline->left_out = timeline->count - MAX_ROWS;
		timeline->count = MAX_ROWS;
	}
	qsort(timeline->rows, timeline->count, sizeof(Row), compare_starts);
	timeline->grouped = count_groups(timeline) <= MAX_GROUPS;
}

/* 1, 2 or 5 times a power of ten. */
static double
choose_step(double span)
{
	static const double factors[] = {1, 2, 5};

	for (double power = 1e-3;; power *= 10)
		for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++)
			if (power * factors[i] * (MAX_TICKS - 1) >= span)
				return power * factors[i];
}

/* "0", "2.5 s", "40 ms": steps are round numbers; the caller frees it. */
static char *
format_tick(double time)
{
	if (time >= 120e3)
		return slipway_memory_format("%.4g min", time / 60e3);
	if (time >= 1000)
		return slipway_memory_format("%.4g s", time / 1000);
	return time > 0 ? slipway_memory_format("%.4g ms", time) : slipway_memory_copy("0");
}

static void
add_ticks(const Timeline *timeline)
{
	slipway_html_add(timeline->page, "<div class=\"tl-row tl-axis\"><div></div><div class=\"tl-track\">");
	for (int i = 0; i * timeline->step <= timeline->span * 1.0001; i++)
	{
		double		left = i * timeline->step / timeline->span * 100;
		char	   *time = format_tick(i * timeline->step);

		/* the last would stand beyond the edge */
		if (left <= 94)
			slipway_html_add(timeline->page, "<span class=\"tl-tick\" style=\"left:%.2f%%\">%s</span>", left, time);
		free(time);
	}
	slipway_html_add(timeline->page, "</div></div>\n");
}

/* The bar of a row and its value, beside it. */
static void
add_bar(const Timeline *timeline, const Row *row, const char *kind, const char *words)
{
	double		left = row->start / timeline->span * 100;
	double		width = row->duration / timeline->span * 100;
	char	   *duration = slipway_output_duration(row->duration);

	slipway_html_add(timeline->page,
					 "<div class=\"tl-track\"><span class=\"tl-bar %s\" style=\"left:%.2f%%;width:%.2f%%\"></span>",
					 kind, left, width);
	if (left + width <= LATE)
		slipway_html_add(timeline->page, "<span class=\"tl-value\" style=\"left:%.2f%%\">%s%s</span>",
						 left + width, words, duration);
	else if (left >= 100 - LATE)
		slipway_html_add(timeline->page, "<span class=\"tl-value\" style=\"right:%.2f%%\">%s%s</span>",
						 100 - left, words, duration);
	else
		slipway_html_add(timeline->page, "<span class=\"tl-value inside\" style=\"left:%.2f%%\">%s%s</span>",
						 left, words, duration);
	slipway_html_add(timeline->page, "</div></div>\n");
	free(duration);
}

static const char *
statement_kind(const json_t *statement)
{
	const char *outcome = slipway_rehearsal_text(statement, "outcome");

	return strcmp(outcome, "failed") == 0 || strcmp(outcome, "stopped") == 0 ? "both" : "plain";
}

static void
add_group(const Timeline *timeline, size_t row)
{
	if (timeline->grouped && begins_group(timeline, row))
		slipway_html_add(timeline->page, "<div class=\"tl-group\">%s</div>\n", timeline->rows[row].migration);
}

static void
add_left_out(const Timeline *timeline, const char *what)
{
	if (timeline->left_out > 0)
		slipway_html_add(timeline->page, "<p class=\"hint\">and %zu %s that took less time</p>\n",
						 timeline->left_out, what);
}

static void
add_statements(Timeline *timeline)
{
	slipway_html_add(timeline->page, "<h3>Statements</h3>\n<div class=\"tl card\" style=\"--step:%.2f%%\">\n",
					 timeline->step / timeline->span * 100);
	add_ticks(timeline);
	for (size_t i = 0; i < timeline->count; i++)
	{
		const json_t *statement = timeline->rows[i].event;
		char	   *brief = slipway_rehearsal_brief(slipway_rehearsal_text(statement, "statement"));

		add_group(timeline, i);
		slipway_html_add(timeline->page,
						 "<div class=\"tl-row\"><div class=\"tl-label\" title=\"%s\"><a href=\"#s%zu\">"
						 "<span class=\"soft\">%s%s%ld</span> <code>%s</code></a></div>", brief,
						 timeline->rows[i].number, timeline->grouped ? "" : timeline->rows[i].migration,
						 timeline->grouped ? "" : ":", (long) slipway_rehearsal_number(statement, "line"), brief);
		add_bar(timeline, &timeline->rows[i], statement_kind(statement), "");
		free(brief);
	}
	slipway_html_add(timeline->page, "</div>\n");
	add_left_out(timeline, "statements");
}

static void
add_legend(SlipwayBuffer *page)
{
	slipway_html_add(page, "<p class=\"tl-legend\">");
	for (int reach = SLIPWAY_LOCK_BLOCKS_BOTH; reach >= SLIPWAY_LOCK_BLOCKS_NEITHER; reach--)
		slipway_html_add(page, "<span><i class=\"tl-bar %s\"></i>%s</span> ",
						 slipway_html_lock_bar((SlipwayLockReach) reach),
						 slipway_rehearsal_reach_name((SlipwayLockReach) reach));
	slipway_html_add(page, "</p>\n");
}

static void
add_locks(Timeline *timeline)
{
	slipway_html_add(timeline->page,
					 "<h3>Locks, and how long a deploy would hold them</h3>\n"
					 "<div class=\"tl card\" style=\"--step:%.2f%%\">\n",
					 timeline->step / timeline->span * 100);
	add_ticks(timeline);
	for (size_t i = 0; i < timeline->count; i++)
	{
		const json_t *lock = timeline->rows[i].event;
		const char *mode = slipway_rehearsal_text(lock, "mode");
		const char *relation = slipway_rehearsal_text(lock, "relation");

		add_group(timeline, i);
		slipway_html_add(timeline->page,
						 "<div class=\"tl-row\"><div class=\"tl-label\" title=\"%s: %s\"><code>%s</code> "
						 "<span class=\"soft\">%s%s%s</span></div>", relation, mode, relation, mode,
						 timeline->grouped ? "" : ", ", timeline->grouped ? "" : timeline->rows[i].migration);
		add_bar(timeline, &timeline->rows[i], slipway_html_lock_bar(slipway_rehearsal_reach(mode)), "");
	}
	add_legend(timeline->page);
	slipway_html_add(timeline->page, "</div>\n");
	add_left_out(timeline, "locks");
}

static void
take_statements(Timeline *timeline, const SlipwayRehearsal *rehearsal)
{
	size_t		i;
	json_t	   *statement;

	timeline->count = 0;
	json_array_foreach(rehearsal->statements, i, statement)
		if (strcmp(slipway_rehearsal_text(statement, "outcome"), "not_rehearsed") != 0)
			add_row(timeline, statement, slipway_rehearsal_owner(statement), "duration_ms")->number = i;
}

static void
take_locks(Timeline *timeline, const SlipwayRehearsal *rehearsal)
{
	size_t		i;
	size_t		j;
	json_t	   *migration;
	json_t	   *lock;

	timeline->count = 0;
	json_array_foreach(rehearsal->migrations, i, migration)
		json_array_foreach(json_object_get(migration, "locks"), j, lock)
			if (!slipway_rehearsal_is_minor(lock, json_object_get(migration, "locks")))
				(void) add_row(timeline, lock, slipway_rehearsal_owner(migration), "held_ms");
}

void
slipway_html_timeline(SlipwayBuffer *page, const SlipwayRehearsal *rehearsal)
{
	Timeline	timeline = {.page = page};

	/* for the span, which both share */
	take_locks(&timeline, rehearsal);
	take_statements(&timeline, rehearsal);
	if (timeline.count > 0 && timeline.span > 0)
	{
		timeline.step = choose_step(timeline.span);
		slipway_html_add(page, "<section id=\"time\"><h2>Time line</h2>\n");
		choose_rows(&timeline);
		add_statements(&timeline);
		take_locks(&timeline, rehearsal);
		choose_rows(&timeline);
		if (timeline.count > 0)
			add_locks(&timeline);
		slipway_html_add(page, "</section>\n");
	}
	free(timeline.rows);
}
