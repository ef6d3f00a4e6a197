/*
 * batch_report_text.c
 *	  A report on batches as a table, as JSON and as CSV.
 */
#include <stdlib.h>
#include <string.h>

#include "batch_report.h"
#include "csv.h"
#include "memory.h"
#include "output.h"
#include "table.h"

/* A line of the summary; the value is freed. */
static void
print_fact(FILE *stream, const char *name, char *value)
{
	(void) fprintf(stream, "%-14s %s\n", name, value);
	free(value);
}

static void
print_facts(const SlipwayBatchReport *report, FILE *stream)
{
	(void) fprintf(stream, "%s of database %s\n", report->title, report->database);
	if (report->began_at != NULL)
		print_fact(stream, "from", slipway_memory_format("%s UTC", report->began_at));
	if (report->ended_at != NULL)
		print_fact(stream, "to", slipway_memory_format("%s UTC", report->ended_at));
	print_fact(stream, "projects", slipway_memory_format("%ld", report->counts.items));
	print_fact(stream, "outcomes", slipway_batch_describe(&report->counts));
	print_fact(stream, "success rate", slipway_batch_report_share(slipway_batch_report_success_rate(report)));
	print_fact(stream, "rollback rate", slipway_batch_report_share(slipway_batch_report_rollback_rate(report)));
	print_fact(stream, "median", slipway_batch_report_duration(report->median));
	print_fact(stream, "95 % within", slipway_batch_report_duration(report->percentile_95));
	print_fact(stream, "longest", slipway_batch_report_duration(report->longest));
}

static void
print_issues(const SlipwayBatchReport *report, FILE *stream)
{
	static const SlipwayColumn columns[] = {{"count", true, false}, {"issue", false, true}, {"projects", false, true}};
	SlipwayTable *table = slipway_table_new(columns, 3);
	char	  **counts = slipway_memory_new((report->issue_count + 1) * sizeof(char *));

	for (size_t i = 0; i < report->issue_count; i++)
	{
		counts[i] = slipway_memory_format("%ld", report->issues[i].count);
		slipway_table_add(table, (const char *const[]) {counts[i], report->issues[i].text, report->issues[i].projects}, 0,
						  SLIPWAY_COLOR_NONE);
	}
	if (report->issue_count > 0)
		(void) fputc('\n', stream);
	slipway_table_print(table, stream);
	for (size_t i = 0; i < report->issue_count; i++)
		free(counts[i]);
	free(counts);
}

static SlipwayColor
choose_color(const char *outcome)
{
	return strcmp(outcome, "succeeded") == 0 ? SLIPWAY_COLOR_GREEN
		: strcmp(outcome, "failed") == 0 || strcmp(outcome, "rolled_back") == 0 ? SLIPWAY_COLOR_RED : SLIPWAY_COLOR_NONE;
}

static void
print_items(const SlipwayBatchReport *report, FILE *stream)
{
	static const SlipwayColumn columns[] = {{"batch", true, false}, {"project", false, false}, {"outcome", false, false},
	{"attempts", true, false}, {"duration", true, false}, {"ended", false, false}};
	SlipwayTable *table = slipway_table_new(columns, 6);
	char	  **durations = slipway_memory_new((report->item_count + 1) * sizeof(char *));

	for (size_t i = 0; i < report->item_count; i++)
	{
		const SlipwayReportItem *item = &report->items[i];

		durations[i] = slipway_batch_report_duration(item->duration);
		slipway_table_add(table, (const char *const[]) {item->batch, item->project, item->outcome, item->attempt, durations[i],
														item->finished_at}, 2, choose_color(item->outcome));
	}
	if (report->item_count > 0)
		(void) fputc('\n', stream);
	slipway_table_print(table, stream);
	for (size_t i = 0; i < report->item_count; i++)
		free(durations[i]);
	free(durations);
}

void
slipway_batch_report_print(const SlipwayBatchReport *report, FILE *stream)
{
	print_facts(report, stream);
	print_issues(report, stream);
	print_items(report, stream);
}

static json_t *
make_number(double value)
{
	return value < 0 ? json_null() : json_real(value);
}

static json_t *
make_counts(const SlipwayBatchCounts *counts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "items", (json_int_t) counts->items,
					 "waiting", (json_int_t) counts->waiting, "running", (json_int_t) counts->running,
					 "interrupted", (json_int_t) counts->interrupted, "succeeded", (json_int_t) counts->succeeded,
					 "failed", (json_int_t) counts->failed, "rolled_back", (json_int_t) counts->rolled_back,
					 "skipped", (json_int_t) counts->skipped);
}

static json_t *
make_issues(const SlipwayBatchReport *report)
{
	json_t	   *issues = json_array();

	for (size_t i = 0; i < report->issue_count; i++)
		(void) json_array_append_new(issues, json_pack("{s:o, s:I, s:o}", "text", slipway_output_json_text(report->issues[i].text),
													   "count", (json_int_t) report->issues[i].count,
													   "projects", slipway_output_json_text(report->issues[i].projects)));
	return issues;
}

static json_t *
make_days(const SlipwayBatchReport *report)
{
	json_t	   *days = json_array();

	for (size_t i = 0; i < report->day_count; i++)
	{
		json_t	   *day = make_counts(&report->days[i].counts);

		(void) json_object_set_new(day, "day", slipway_output_json_text(report->days[i].day));
		(void) json_array_append_new(days, day);
	}
	return days;
}

static json_t *
make_items(const SlipwayBatchReport *report)
{
	json_t	   *items = json_array();

	for (size_t i = 0; i < report->item_count; i++)
	{
		const SlipwayReportItem *item = &report->items[i];

		(void) json_array_append_new(items, json_pack("{s:I, s:o, s:s, s:I, s:o, s:o, s:o}", "batch", (json_int_t) atoll(item->batch),
													  "project", slipway_output_json_text(item->project), "outcome", item->outcome,
													  "attempts", (json_int_t) atoll(item->attempt), "duration_ms", make_number(item->duration),
													  "finished_at", slipway_output_json_text(item->finished_at),
													  "message", slipway_output_json_text(item->message)));
	}
	return items;
}

json_t *
slipway_batch_report_json(const SlipwayBatchReport *report, bool with_items)
{
	json_t	   *object = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event", "report",
								   "title", slipway_output_json_text(report->title), "database", slipway_output_json_text(report->database),
								   "began_at", slipway_output_json_text(report->began_at), "ended_at", slipway_output_json_text(report->ended_at),
								   "counts", make_counts(&report->counts),
								   "success_rate", make_number(slipway_batch_report_success_rate(report)),
								   "rollback_rate", make_number(slipway_batch_report_rollback_rate(report)),
								   "median_ms", make_number(report->median), "p95_ms", make_number(report->percentile_95),
								   "max_ms", make_number(report->longest), "issues", make_issues(report), "days", make_days(report));

	if (with_items)
		(void) json_object_set_new(object, "items", make_items(report));
	return object;
}

void
slipway_batch_report_csv(const SlipwayBatchReport *report, SlipwayBuffer *text)
{
	static const char *const titles[] = {"batch", "project_ref", "outcome", "attempts", "duration_ms", "finished_at", "message"};

	slipway_csv_add_line(text, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < report->item_count; i++)
	{
		const SlipwayReportItem *item = &report->items[i];
		char	   *duration = item->duration < 0 ? NULL : slipway_memory_format("%.0f", item->duration);
		const char *const fields[] = {item->batch, item->project, item->outcome, item->attempt, duration, item->finished_at, item->message};

		slipway_csv_add_line(text, fields, sizeof(fields) / sizeof(fields[0]));
		free(duration);
	}
}
