/*
 * progress.c
 *	  How far a run is, on a terminal.
 */
#include "progress.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "clock.h"
#include "display.h"
#include "live.h"
#include "memory.h"
#include "output.h"

#define BAR_WIDTH 20
#define BAR_NEEDS 70			/* columns of a line that has room for it */

SlipwayProgress *
slipway_progress_new(void)
{
	SlipwayProgress *progress;

	if (!slipway_live_is_possible())
		return NULL;
	progress = slipway_memory_new(sizeof(SlipwayProgress));
	progress->started_at = slipway_clock_now();
	/* a run that ends at once is not worth drawing */
	progress->drawn_at = progress->started_at;
	return progress;
}

void
slipway_progress_free(SlipwayProgress *progress)
{
	if (progress == NULL)
		return;
	slipway_live_clear();
	free(progress->migration);
	free(progress->statement);
	free(progress->blocker);
	free(progress);
}

void
slipway_progress_move(SlipwayProgress *progress, const char *migration, double ago)
{
	if (progress == NULL)
		return;
	slipway_progress_set_statement(progress, NULL);
	slipway_progress_set_blocker(progress, NULL);
	free(progress->migration);
	progress->migration = migration != NULL ? slipway_memory_copy(migration) : NULL;
	progress->unit = progress->units = 0;
	progress->migration_started_at = slipway_clock_now() - ago;
}

void
slipway_progress_set_statement(SlipwayProgress *progress, const char *statement)
{
	if (progress == NULL)
		return;
	free(progress->statement);
	progress->statement = statement != NULL ? slipway_memory_copy(statement) : NULL;
}

void
slipway_progress_set_blocker(SlipwayProgress *progress, const char *blocker)
{
	if (progress == NULL)
		return;
	free(progress->blocker);
	progress->blocker = blocker != NULL ? slipway_memory_copy(blocker) : NULL;
}

/* "[=====>         ] " */
static void
add_bar(SlipwayBuffer *line, long done, long total)
{
	size_t		filled = (size_t) ((done < total ? done : total) * BAR_WIDTH / total);

	slipway_buffer_add_char(line, '[');
	slipway_buffer_fill(line, '=', filled);
	if (filled < BAR_WIDTH)
		slipway_buffer_add_char(line, '>');
	slipway_buffer_fill(line, ' ', filled < BAR_WIDTH ? BAR_WIDTH - filled - 1 : 0);
	slipway_buffer_add(line, "] ");
}

/* A time that is looked at while it passes: hundredths would only flicker. */
static char *
format_elapsed(double milliseconds)
{
	if (milliseconds < 0)
		milliseconds = 0;
	if (milliseconds < 59950)
		return slipway_memory_format("%.1f s", milliseconds / 1000);
	return slipway_output_duration(milliseconds);
}

/* "0004_orders", or "0004_orders (2/5)" of a stepwise one */
static char *
name_migration(const SlipwayProgress *progress)
{
	const char *name = progress->migration != NULL ? progress->migration : "";

	if (progress->units > 1 && progress->unit <= progress->units)
		return slipway_memory_format("%s (%ld/%ld)", name, progress->unit, progress->units);
	return slipway_memory_copy(name);
}

/* "[====>     ] 3/12  0004_orders  2.1 s (14.0 s in all)" */
static void
add_run(SlipwayBuffer *line, const SlipwayProgress *progress, double now, int width)
{
	char	   *name = name_migration(progress);
	char	   *elapsed = format_elapsed(now - progress->migration_started_at);
	char	   *in_all = format_elapsed(now - progress->started_at);
	char	   *count = progress->total > 0
		? slipway_memory_format("%ld/%ld  ", progress->done, progress->total)
		: slipway_memory_format("%ld done  ", progress->done);
	char	   *times = *name != '\0'
		? slipway_memory_format("  %s (%s in all)", elapsed, in_all) : slipway_memory_copy(in_all);
	SlipwayBuffer all = {0};
	char	   *text;

	if (progress->total > 0 && width >= BAR_NEEDS)
		add_bar(&all, progress->done, progress->total);
	slipway_buffer_add(&all, count);
	/* the name gives way: what changes is behind it */
	slipway_display_fit(&all, name, width - (int) all.length - (int) strlen(times));
	slipway_buffer_add(&all, times);
	text = slipway_buffer_take(&all);
	slipway_display_fit(line, text, width);
	free(text);
	free(times);
	free(name);
	free(count);
	free(in_all);
	free(elapsed);
}

/* A statement in one line: each run of white space is a blank. */
static char *
flatten(const char *statement)
{
	SlipwayBuffer flat = {0};

	for (; *statement != '\0'; statement++)
	{
		if (!isspace((unsigned char) *statement))
			slipway_buffer_add_char(&flat, *statement);
		else if (flat.length > 0 && flat.data[flat.length - 1] != ' ')
			slipway_buffer_add_char(&flat, ' ');
	}
	return slipway_buffer_take(&flat);
}

static void
add_line(SlipwayBuffer *lines, const char *text, int width)
{
	char	   *flat;

	if (text == NULL)
		return;
	flat = flatten(text);
	slipway_buffer_add_char(lines, '\n');
	slipway_display_fit(lines, flat, width);
	free(flat);
}

char *
slipway_progress_render(const SlipwayProgress *progress, double now, int width)
{
	SlipwayBuffer lines = {0};

	add_run(&lines, progress, now, width);
	add_line(&lines, progress->statement, width);
	add_line(&lines, progress->blocker, width);
	return slipway_buffer_take(&lines);
}

void
slipway_progress_draw(SlipwayProgress *progress)
{
	double		now = slipway_clock_now();
	char	   *lines;

	if (progress == NULL || now - progress->drawn_at < SLIPWAY_PROGRESS_INTERVAL_MS)
		return;
	progress->drawn_at = now;
	lines = slipway_progress_render(progress, now, slipway_live_width());
	slipway_live_draw(lines);
	free(lines);
}
