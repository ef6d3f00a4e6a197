/*
 * batch_report.h
 *	  What has become of the projects of a batch, or of all batches within some time.
 */
#ifndef SLIPWAY_BATCH_REPORT_H
#define SLIPWAY_BATCH_REPORT_H

#include <jansson.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "batch.h"
#include "buffer.h"

/* A project in a batch. Strings may be NULL. */
typedef struct SlipwayReportItem
{
	const char *batch;
	const char *project;
	const char *outcome;
	const char *attempt;
	const char *finished_at;	/* UTC, for people */
	double		duration;		/* ms; negative: it has not ended */
	const char *message;
} SlipwayReportItem;

/* What has gone wrong, with how many, named without its project; and a day. */
typedef struct SlipwayReportIssue
{
	const char *text;
	long		count;
	const char *projects;		/* the first of them */
} SlipwayReportIssue;

typedef struct SlipwayReportDay
{
	const char *day;
	SlipwayBatchCounts counts;
} SlipwayReportDay;

typedef struct SlipwayBatchReport
{
	PGresult   *results[4];		/* own the strings */
	char	   *title;			/* "batch 4 (night)", "2026-11-01..2026-11-07" */
	const char *database;
	const char *began_at;		/* of the first and the last item, UTC, for people; NULL: there is none */
	const char *ended_at;
	SlipwayBatchCounts counts;
	double		median;			/* ms of those that have ended; negative: none has */
	double		percentile_95;
	double		longest;
	SlipwayReportItem *items;
	size_t		item_count;
	SlipwayReportIssue *issues; /* the most frequent first */
	size_t		issue_count;
	SlipwayReportDay *days;
	size_t		day_count;
} SlipwayBatchReport;

/* Of a batch. */
void		slipway_batch_report_read(PGconn *conn, const SlipwayBatch *batch, SlipwayBatchReport *report);

/* Of all that has ended within "daily" (24 hours), "weekly" or "FROM..TO", which are dates or times in UTC; a TO that is a date is part of it. */
void		slipway_batch_report_read_period(PGconn *conn, const char *period, SlipwayBatchReport *report);

/* Of nothing at all, for who wants to see one. */
void		slipway_batch_report_read_nothing(PGconn *conn, const char *name, SlipwayBatchReport *report);
void		slipway_batch_report_release(SlipwayBatchReport *report);

/* Shares in percent of those that have ended; negative if none has. */
double		slipway_batch_report_success_rate(const SlipwayBatchReport *report);
double		slipway_batch_report_rollback_rate(const SlipwayBatchReport *report);

/* Both for people, "-" if negative; the caller frees them. */
char	   *slipway_batch_report_share(double percent);
char	   *slipway_batch_report_duration(double milliseconds);

/* The four formats: for people, an object that is the caller's, and two that are added to a text. */
void		slipway_batch_report_print(const SlipwayBatchReport *report, FILE *stream);
json_t	   *slipway_batch_report_json(const SlipwayBatchReport *report, bool with_items);
void		slipway_batch_report_csv(const SlipwayBatchReport *report, SlipwayBuffer *text);
void		slipway_batch_report_html(const SlipwayBatchReport *report, SlipwayBuffer *page);

/* "batch 4: 12 of 13 succeeded, 1 rolled back": in a line; the caller frees it. */
char	   *slipway_batch_report_line(const SlipwayBatchReport *report);

#endif
