/*
 * batch_report_html.c
 *	  A report on batches as a page, which prints well.
 */
#include <stdlib.h>
#include <string.h>

#include "batch_report.h"
#include "html.h"
#include "memory.h"

/* The value is freed. */
static void
add_fact(SlipwayBuffer *page, const char *name, char *value)
{
	slipway_html_add(page, "<div><dt>%s<dd>%s</div>\n", name, value);
	free(value);
}

static void
add_facts(SlipwayBuffer *page, const SlipwayBatchReport *report)
{
	slipway_html_add(page, "<dl class=\"facts\">\n");
	add_fact(page, "projects", slipway_memory_format("%ld", report->counts.items));
	add_fact(page, "success rate", slipway_batch_report_share(slipway_batch_report_success_rate(report)));
	add_fact(page, "rollback rate", slipway_batch_report_share(slipway_batch_report_rollback_rate(report)));
	add_fact(page, "median", slipway_batch_report_duration(report->median));
	add_fact(page, "95 % within", slipway_batch_report_duration(report->percentile_95));
	add_fact(page, "longest", slipway_batch_report_duration(report->longest));
	slipway_html_add(page, "</dl>\n");
}

/* What is too long for a fact. */
static void
add_summary(SlipwayBuffer *page, const SlipwayBatchReport *report)
{
	char	   *outcomes = slipway_batch_describe(&report->counts);

	slipway_html_add(page, "<p>%s", outcomes);
	if (report->began_at != NULL)
		slipway_html_add(page, ", from %s UTC", report->began_at);
	if (report->ended_at != NULL)
		slipway_html_add(page, " to %s UTC", report->ended_at);
	slipway_html_add(page, "</p>\n");
	free(outcomes);
}

static void
add_issues(SlipwayBuffer *page, const SlipwayBatchReport *report)
{
	slipway_html_add(page, "<section id=\"issues\"><h2>Issues</h2>\n");
	if (report->issue_count == 0)
		slipway_html_add(page, "<article class=\"card good\">None.</article>\n");
	for (size_t i = 0; i < report->issue_count; i++)
		slipway_html_add(page, "<article class=\"card danger\"><div class=\"line\"><span class=\"badge danger\">%ld</span> %s</div>"
						 "<p class=\"hint\">%s</p></article>\n",
						 report->issues[i].count, report->issues[i].text, report->issues[i].projects);
	slipway_html_add(page, "</section>\n");
}

static void
add_days(SlipwayBuffer *page, const SlipwayBatchReport *report)
{
	if (report->day_count < 2)
		return;
	slipway_html_add(page, "<section id=\"days\"><h2>Days</h2>\n<div class=\"scroll\"><table>\n"
					 "<tr><th>day (UTC)<th>succeeded<th>rolled back<th>failed</tr>\n");
	for (size_t i = 0; i < report->day_count; i++)
		slipway_html_add(page, "<tr><td>%s<td class=\"number\">%ld<td class=\"number\">%ld<td class=\"number\">%ld</tr>\n",
						 report->days[i].day, report->days[i].counts.succeeded, report->days[i].counts.rolled_back,
						 report->days[i].counts.failed);
	slipway_html_add(page, "</table></div></section>\n");
}

static const char *
choose_badge(const char *outcome)
{
	return strcmp(outcome, "succeeded") == 0 ? "good"
		: strcmp(outcome, "failed") == 0 || strcmp(outcome, "rolled_back") == 0 ? "danger" : "note";
}

static void
add_items(SlipwayBuffer *page, const SlipwayBatchReport *report)
{
	slipway_html_add(page, "<section id=\"projects\"><h2>Projects</h2>\n<div class=\"scroll\"><table>\n"
					 "<tr><th>batch<th>project<th>outcome<th>attempts<th>duration<th>ended (UTC)<th>message</tr>\n");
	for (size_t i = 0; i < report->item_count; i++)
	{
		const SlipwayReportItem *item = &report->items[i];
		char	   *duration = slipway_batch_report_duration(item->duration);

		slipway_html_add(page, "<tr><td class=\"number\">%s<td>%s<td><span class=\"badge %s\">%s</span><td class=\"number\">%s"
						 "<td class=\"number\">%s<td>%s<td>%s</tr>\n",
						 item->batch, item->project, choose_badge(item->outcome), item->outcome, item->attempt, duration,
						 item->finished_at != NULL ? item->finished_at : "", item->message != NULL ? item->message : "");
		free(duration);
	}
	slipway_html_add(page, "</table></div></section>\n");
}

void
slipway_batch_report_html(const SlipwayBatchReport *report, SlipwayBuffer *page)
{
	char	   *title = slipway_memory_format("Credentials: %s of database %s", report->title, report->database);

	slipway_html_begin(page, title);
	slipway_html_add(page, "<header><h1>%s</h1></header>\n", title);
	add_summary(page, report);
	add_facts(page, report);
	add_issues(page, report);
	add_days(page, report);
	add_items(page, report);
	slipway_html_end(page);
	free(title);
}
