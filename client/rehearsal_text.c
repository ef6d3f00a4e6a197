/*
 * rehearsal_text.c
 *	  A rehearsal for people.
 */
#include "rehearsal_text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "display.h"
#include "output.h"
#include "problem.h"
#include "quantity.h"

/* Where nothing tells how wide a line may be, and what it has to be at least. */
#define USUAL_WIDTH 80
#define LEAST_WIDTH 40

/* Columns before a statement: its line and its time. */
#define LINE_WIDTH 5
#define TIME_WIDTH 11
#define INDENT (LINE_WIDTH + TIME_WIDTH + 2)

/* And before what was seen of it, which is long. */
#define DETAIL_INDENT (LINE_WIDTH + 3)

static int
find_width(void)
{
	int			width = slipway_output_width(stdout);

	if (width == 0)
		return USUAL_WIDTH;
	return width > LEAST_WIDTH ? width : LEAST_WIDTH;
}

/* All at once, and not amid what is drawn live. */
static void
print_block(SlipwayBuffer *block)
{
	slipway_output_begin_talk();
	if (block->length > 0)
		(void) fputs(block->data, stdout);
	(void) slipway_output_flush();
	free(slipway_buffer_take(block));
}

/* Adds a name in the form in which it does a terminal no harm. */
static void
add_name(SlipwayBuffer *block, const char *name)
{
	slipway_display_fit(block, name, INT_MAX);
}

static void
add_right(SlipwayBuffer *block, const char *text, int width)
{
	int			taken = slipway_display_width(text);

	slipway_buffer_fill(block, ' ', taken < width ? (size_t) (width - taken) : 0);
	slipway_buffer_add(block, text);
}

/* Adds text in lines of at most that width, where words allow it; those that it has stay apart. */
static void
add_wrapped(SlipwayBuffer *block, const char *text, int indent)
{
	int			width = find_width();
	int			column = 0;

	while (*text != '\0')
	{
		size_t		length = strcspn(text, " \n");
		SlipwayBuffer word = {0};
		int			taken;

		slipway_buffer_add_bytes(&word, text, length);
		taken = slipway_display_width(word.data);
		if (column > indent && length > 0 && column + 1 + taken > width)
		{
			slipway_buffer_add_char(block, '\n');
			column = 0;
		}
		if (column == 0)
			slipway_buffer_fill(block, ' ', (size_t) indent);
		else
			slipway_buffer_add_char(block, ' ');
		column = (column == 0 ? indent : column + 1) + taken;
		slipway_display_fit(block, word.data, taken);
		free(slipway_buffer_take(&word));
		text += length;
		if (*text == '\n')
		{
			slipway_buffer_add_char(block, '\n');
			column = 0;
		}
		text += *text != '\0' ? 1 : 0;
	}
	if (column > 0)
		slipway_buffer_add_char(block, '\n');
}

/* "0007_orders", "0007_orders, hook before_each" */
static void
add_heading(SlipwayBuffer *block, const json_t *event)
{
	const char *migration = slipway_rehearsal_text(event, "migration");
	const char *hook = slipway_rehearsal_text(event, "hook");

	slipway_buffer_add(block, slipway_output_color(stdout, SLIPWAY_COLOR_BOLD));
	add_name(block, migration);
	if (*hook != '\0')
		slipway_buffer_format(block, "%shook %s", *migration != '\0' ? ", " : "", hook);
	slipway_buffer_add(block, slipway_output_color(stdout, SLIPWAY_COLOR_NONE));
	slipway_buffer_add_char(block, '\n');
}

/* "   12    1.23 s  ALTER TABLE ..." */
static void
add_statement(SlipwayBuffer *block, const json_t *event)
{
	char	   *duration = slipway_output_duration(slipway_rehearsal_number(event, "duration_ms"));
	char	   *brief = slipway_rehearsal_brief(slipway_rehearsal_text(event, "statement"));
	bool		ran = strcmp(slipway_rehearsal_text(event, "outcome"), "not_rehearsed") != 0;
	SlipwayBuffer line = {0};

	slipway_buffer_format(&line, "%.0f", slipway_rehearsal_number(event, "line"));
	add_right(block, line.data, LINE_WIDTH);
	add_right(block, ran ? duration : "-", TIME_WIDTH);
	slipway_buffer_add(block, "  ");
	slipway_display_fit(block, brief, find_width() - INDENT);
	slipway_buffer_add_char(block, '\n');
	free(slipway_buffer_take(&line));
	free(brief);
	free(duration);
}

/* "AccessExclusiveLock on public.orders (1.2 GB, 8,000,000 rows)" */
static void
add_lock(SlipwayBuffer *block, const json_t *lock)
{
	static const SlipwayColor colors[] = {
		[SLIPWAY_LOCK_BLOCKS_NEITHER] = SLIPWAY_COLOR_NONE,
		[SLIPWAY_LOCK_BLOCKS_WRITING] = SLIPWAY_COLOR_YELLOW,
		[SLIPWAY_LOCK_BLOCKS_BOTH] = SLIPWAY_COLOR_RED,
	};
	const char *mode = slipway_rehearsal_text(lock, "mode");
	SlipwayColor color = colors[slipway_rehearsal_reach(mode)];
	double		bytes = slipway_rehearsal_number(lock, "size_bytes");
	double		rows = slipway_rehearsal_number(lock, "rows");
	char	   *size = slipway_quantity_size(bytes);
	char	   *number = slipway_quantity_number((long long) rows);

	slipway_buffer_fill(block, ' ', DETAIL_INDENT);
	if (color != SLIPWAY_COLOR_NONE)
		slipway_buffer_add(block, slipway_output_color(stdout, color));
	slipway_buffer_add(block, mode);
	if (color != SLIPWAY_COLOR_NONE)
		slipway_buffer_add(block, slipway_output_color(stdout, SLIPWAY_COLOR_NONE));
	slipway_buffer_add(block, " on ");
	add_name(block, slipway_rehearsal_text(lock, "relation"));
	/* a view has none */
	if (bytes > 0 && rows >= 0)
		slipway_buffer_format(block, " (%s, %s %s)", size, number, rows == 1 ? "row" : "rows");
	else if (bytes > 0)
		slipway_buffer_format(block, " (%s)", size);
	slipway_buffer_add_char(block, '\n');
	free(number);
	free(size);
}

/* How many wait for a lock, at most. */
static double
count_waiters(const json_t *event)
{
	double		waiters = 0;
	size_t		i;
	json_t	   *lock;

	json_array_foreach(json_object_get(event, "locks"), i, lock)
		if (slipway_rehearsal_number(lock, "waiters") > waiters)
			waiters = slipway_rehearsal_number(lock, "waiters");
	return waiters;
}

/* "rewrites public.a, public.b" */
static void
add_names(SlipwayBuffer *block, const char *what, const json_t *names)
{
	SlipwayBuffer line = {0};
	size_t		i;
	json_t	   *name;

	json_array_foreach(names, i, name)
	{
		slipway_buffer_add(&line, i == 0 ? what : ",");
		slipway_buffer_add_char(&line, ' ');
		slipway_buffer_add(&line, json_string_value(name) != NULL ? json_string_value(name) : "");
	}
	if (line.length > 0)
		add_wrapped(block, line.data, DETAIL_INDENT);
	free(slipway_buffer_take(&line));
}

static void
add_rows(SlipwayBuffer *block, const json_t *event)
{
	double		rows = slipway_rehearsal_number(event, "rows");
	double		waiters = count_waiters(event);
	char	   *number = slipway_quantity_number((long long) rows);

	if (rows > 0)
		slipway_buffer_format(block, "%*s%s %s\n", DETAIL_INDENT, "", number, rows == 1 ? "row" : "rows");
	if (waiters > 0)
		slipway_buffer_format(block, "%*s%s%.0f %s for it%s\n", DETAIL_INDENT, "",
							  slipway_output_color(stdout, SLIPWAY_COLOR_YELLOW), waiters,
							  waiters == 1 ? "session waits" : "sessions wait",
							  slipway_output_color(stdout, SLIPWAY_COLOR_NONE));
	free(number);
}

/* What became of it, if that is not the usual. */
static void
add_outcome(SlipwayBuffer *block, const json_t *event)
{
	static const struct
	{
		const char *outcome;
		const char *words;
	}			outcomes[] = {
		{"plain", "as a plain one"}, {"not_rehearsed", "not rehearsed"},
		{"failed", "failed"}, {"stopped", "stopped"}
	};
	const char *outcome = slipway_rehearsal_text(event, "outcome");
	bool		ended = strcmp(outcome, "failed") == 0 || strcmp(outcome, "stopped") == 0;
	/* why it ended is the error that follows */
	const char *reason = ended ? "" : slipway_rehearsal_text(event, "reason");
	SlipwayBuffer line = {0};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (strcmp(outcomes[i].outcome, outcome) == 0)
			slipway_buffer_add(&line, outcomes[i].words);
	if (*reason != '\0')
		slipway_buffer_format(&line, "%s%s", line.length > 0 ? ": " : "", reason);
	if (line.length > 0)
		add_wrapped(block, line.data, DETAIL_INDENT);
	free(slipway_buffer_take(&line));
}

/* The heading comes with the first statement of a script. */
void
slipway_rehearsal_text_event(const SlipwayRehearsal *rehearsal, const json_t *event)
{
	size_t		count = json_array_size(rehearsal->statements);
	const json_t *locks = json_object_get(event, "locks");
	SlipwayBuffer block = {0};
	size_t		i;
	json_t	   *lock;

	if (strcmp(slipway_rehearsal_text(event, "event"), "rehearsed") != 0)
		return;
	if (count < 2 || !slipway_rehearsal_same_script(event, json_array_get(rehearsal->statements, count - 2)))
		add_heading(&block, event);
	add_statement(&block, event);
	add_outcome(&block, event);
	add_rows(&block, event);
	json_array_foreach(locks, i, lock)
		if (slipway_output_is_verbose() || !slipway_rehearsal_is_minor(lock, locks))
			add_lock(&block, lock);
	add_names(&block, "rewrites", json_object_get(event, "rewrites"));
	add_names(&block, "reads all of", json_object_get(event, "scans"));
	print_block(&block);
}

/* Where in the folder an event is about; the caller frees it. */
static char *
find_place(const SlipwayRehearsal *rehearsal, const json_t *event)
{
	const SlipwayProblem problem = {
		.migration = slipway_rehearsal_script(event),.line = slipway_rehearsal_position(event, "line"),
	};

	return slipway_problem_place(&problem, rehearsal->folder);
}

/* As compilers warn: "migrations/0007_orders.sql:3: danger: ..." */
static void
add_finding(SlipwayBuffer *block, const SlipwayRehearsal *rehearsal, const json_t *finding)
{
	const char *severity = slipway_rehearsal_text(finding, "severity");
	const char *advice = slipway_rehearsal_text(finding, "advice");
	char	   *place = find_place(rehearsal, finding);
	SlipwayColor color = strcmp(severity, "danger") == 0 ? SLIPWAY_COLOR_RED
		: strcmp(severity, "warning") == 0 ? SLIPWAY_COLOR_YELLOW : SLIPWAY_COLOR_BOLD;

	add_name(block, place);
	slipway_buffer_format(block, ": %s%s:%s %s\n", slipway_output_color(stdout, color),
						  severity, slipway_output_color(stdout, SLIPWAY_COLOR_NONE),
						  slipway_rehearsal_text(finding, "code"));
	add_wrapped(block, slipway_rehearsal_text(finding, "message"), 2);
	if (*advice != '\0')
	{
		slipway_buffer_add(block, "  hint:\n");
		add_wrapped(block, advice, 4);
	}
	free(place);
}

/* "sequence public.orders_id_seq: advanced by 12 (0007_orders:3)" */
static void
add_leftover(SlipwayBuffer *block, const json_t *leftover)
{
	const char *detail = slipway_rehearsal_text(leftover, "detail");
	const char *object = slipway_rehearsal_text(leftover, "object");
	SlipwayBuffer line = {0};

	slipway_buffer_add(&line, slipway_rehearsal_text(leftover, "kind"));
	if (*object != '\0')
		slipway_buffer_format(&line, " %s", object);
	if (*detail != '\0')
		slipway_buffer_format(&line, ": %s", detail);
	slipway_buffer_format(&line, " (%s", slipway_rehearsal_script(leftover));
	if (slipway_rehearsal_number(leftover, "line") > 0)
		slipway_buffer_format(&line, ":%.0f", slipway_rehearsal_number(leftover, "line"));
	slipway_buffer_add_char(&line, ')');
	add_wrapped(block, line.data, 2);
	free(slipway_buffer_take(&line));
}

static void
add_title(SlipwayBuffer *block, const char *title)
{
	slipway_buffer_format(block, "\n%s%s%s\n", slipway_output_color(stdout, SLIPWAY_COLOR_BOLD), title,
						  slipway_output_color(stdout, SLIPWAY_COLOR_NONE));
}

void
slipway_rehearsal_text_end(const SlipwayRehearsal *rehearsal)
{
	SlipwayBuffer block = {0};
	size_t		i;
	json_t	   *event;

	if (json_array_size(rehearsal->findings) > 0)
		add_title(&block, "findings");
	json_array_foreach(rehearsal->findings, i, event)
		add_finding(&block, rehearsal, event);
	if (json_array_size(rehearsal->leftovers) > 0)
		add_title(&block, "not rolled back");
	json_array_foreach(rehearsal->leftovers, i, event)
		add_leftover(&block, event);
	if (rehearsal->differences.count > 0)
		add_title(&block, "difference of the schema");
	print_block(&block);
	slipway_difference_print(stdout, &rehearsal->differences, slipway_output_is_verbose());
	(void) slipway_output_flush();
}
