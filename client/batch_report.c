/*
 * batch_report.c
 *	  What has become of the projects of a batch, or of all batches within some time.
 */
#include "batch_report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"

/* Of a batch ($1), or what has ended from $2 on and before $3. */
#define ITEMS \
	"WITH item AS (\n" \
	"SELECT i.*, pg_catalog.date_part('epoch', i.duration) OPERATOR(pg_catalog.*) 1000 AS ms, i.outcome IN ('succeeded', 'failed', 'rolled_back', 'skipped') AS ended\n" \
	"  FROM slipway.batch_item i\n" \
	" WHERE ($1::pg_catalog.int8 IS NULL OR i.batch = $1)\n" \
	"   AND ($2::pg_catalog.timestamptz IS NULL OR (i.finished_at >= $2 AND i.finished_at < $3::pg_catalog.timestamptz\n" \
	"        AND i.outcome IN ('succeeded', 'failed', 'rolled_back', 'skipped'))))\n"

#define COUNT(outcome) "pg_catalog.count(*) FILTER (WHERE outcome = '" outcome "')"
#define COUNTS "pg_catalog.count(*), " COUNT("waiting") ", " COUNT("running") ", " COUNT("interrupted") ", " COUNT("succeeded") ", " \
	COUNT("failed") ", " COUNT("rolled_back") ", " COUNT("skipped")
#define PERCENTILE(share) "pg_catalog.percentile_cont(" share ") WITHIN GROUP (ORDER BY ms) FILTER (WHERE ended)"

/* A time that is read back as it is, whatever DateStyle and TimeZone are: abbreviations of time zones have several meanings. */
#define LIMIT(time) "pg_catalog.to_char((" time ") AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"

static const char fact_query[] =
ITEMS "SELECT " COUNTS ", " PERCENTILE("0.5") ", " PERCENTILE("0.95") ", pg_catalog.max(ms) FILTER (WHERE ended),\n"
"       " SLIPWAY_SERVER_UTC("pg_catalog.min(claimed_at)") ", " SLIPWAY_SERVER_UTC("pg_catalog.max(finished_at) FILTER (WHERE ended)") "\n"
"  FROM item";

static const char item_query[] =
ITEMS "SELECT batch, project, outcome, attempt, CASE WHEN ended THEN " SLIPWAY_SERVER_UTC("finished_at") " END, CASE WHEN ended THEN ms END, message\n"
"  FROM item ORDER BY batch, item";

/* The same fault of several projects has the same text but for their names. */
static const char issue_query[] =
ITEMS "SELECT text, pg_catalog.count(*), pg_catalog.array_to_string((pg_catalog.array_agg(project ORDER BY project))[1:5], ', ')\n"
"       || CASE WHEN pg_catalog.count(*) > 5 THEN ', ...' ELSE '' END\n"
"  FROM (SELECT i.project,\n"
"               pg_catalog.replace(pg_catalog.replace(pg_catalog.split_part(i.message, E'\\n', 1),\n"
"                       '\"' || i.project || '\"', 'PROJECT'), '\"' || coalesce(c.role, i.project) || '\"', 'ROLE') AS text\n"
"          FROM item i\n"
"          LEFT JOIN slipway.project_credential c ON c.project = i.project\n"
"         WHERE i.outcome IN ('failed', 'rolled_back') AND i.message IS NOT NULL) m\n"
" GROUP BY text ORDER BY pg_catalog.count(*) DESC, text";

static const char day_query[] =
ITEMS "SELECT pg_catalog.to_char(finished_at AT TIME ZONE INTERVAL '0', 'YYYY-MM-DD'), " COUNTS "\n"
"  FROM item WHERE ended GROUP BY 1 ORDER BY 1";

enum
{
	FACTS, ITEM_LIST, ISSUES, DAYS
};

static long
read_count(const PGresult *result, int row, int column)
{
	return (long) slipway_server_number(result, row, column, 0);
}

/* From that column on, in the order of COUNTS. */
static SlipwayBatchCounts
read_counts(const PGresult *result, int row, int column)
{
	return (SlipwayBatchCounts) {
		.items = read_count(result, row, column),
		.waiting = read_count(result, row, column + 1),
		.running = read_count(result, row, column + 2),
		.interrupted = read_count(result, row, column + 3),
		.succeeded = read_count(result, row, column + 4),
		.failed = read_count(result, row, column + 5),
		.rolled_back = read_count(result, row, column + 6),
		.skipped = read_count(result, row, column + 7),
	};
}

static void
read_facts(SlipwayBatchReport *report)
{
	const PGresult *result = report->results[FACTS];

	report->counts = read_counts(result, 0, 0);
	report->median = slipway_server_number(result, 0, 8, -1);
	report->percentile_95 = slipway_server_number(result, 0, 9, -1);
	report->longest = slipway_server_number(result, 0, 10, -1);
	report->began_at = slipway_server_text(result, 0, 11);
	report->ended_at = slipway_server_text(result, 0, 12);
}

static void
read_items(SlipwayBatchReport *report)
{
	const PGresult *result = report->results[ITEM_LIST];

	report->item_count = (size_t) PQntuples(result);
	report->items = slipway_memory_new((report->item_count + 1) * sizeof(SlipwayReportItem));
	for (size_t i = 0; i < report->item_count; i++)
		report->items[i] = (SlipwayReportItem) {
			.batch = PQgetvalue(result, (int) i, 0),
			.project = PQgetvalue(result, (int) i, 1),
			.outcome = PQgetvalue(result, (int) i, 2),
			.attempt = PQgetvalue(result, (int) i, 3),
			.finished_at = slipway_server_text(result, (int) i, 4),
			.duration = slipway_server_number(result, (int) i, 5, -1),
			.message = slipway_server_text(result, (int) i, 6),
		};
}

static void
read_issues(SlipwayBatchReport *report)
{
	const PGresult *result = report->results[ISSUES];

	report->issue_count = (size_t) PQntuples(result);
	report->issues = slipway_memory_new((report->issue_count + 1) * sizeof(SlipwayReportIssue));
	for (size_t i = 0; i < report->issue_count; i++)
		report->issues[i] = (SlipwayReportIssue) {
			.text = PQgetvalue(result, (int) i, 0),
			.count = read_count(result, (int) i, 1),
			.projects = slipway_server_text(result, (int) i, 2),
		};
}

static void
read_days(SlipwayBatchReport *report)
{
	const PGresult *result = report->results[DAYS];

	report->day_count = (size_t) PQntuples(result);
	report->days = slipway_memory_new((report->day_count + 1) * sizeof(SlipwayReportDay));
	for (size_t i = 0; i < report->day_count; i++)
		report->days[i] = (SlipwayReportDay) {
			.day = PQgetvalue(result, (int) i, 0),
			.counts = read_counts(result, (int) i, 1),
		};
}

/* Of the same moment. */
static void
read_all(PGconn *conn, const char *const values[3], SlipwayBatchReport *report)
{
	static const char *const queries[] = {fact_query, item_query, issue_query, day_query};

	PQclear(slipway_server_query(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL));
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		report->results[i] = slipway_server_query(conn, queries[i], 3, values);
	PQclear(slipway_server_query(conn, "COMMIT", 0, NULL));
	report->database = PQdb(conn);
	read_facts(report);
	read_items(report);
	read_issues(report);
	read_days(report);
}

void
slipway_batch_report_read(PGconn *conn, const SlipwayBatch *batch, SlipwayBatchReport *report)
{
	const char *const values[] = {batch->number, NULL, NULL};
	char	   *title = slipway_batch_title(batch);

	*report = (SlipwayBatchReport) {.title = slipway_memory_format("batch %s", title)};
	read_all(conn, values, report);
	free(title);
}

void
slipway_batch_report_read_nothing(PGconn *conn, const char *name, SlipwayBatchReport *report)
{
	const char *const values[] = {"-1", NULL, NULL};

	*report = (SlipwayBatchReport) {.title = slipway_memory_format("test of schedule %s", name)};
	read_all(conn, values, report);
}

/* Is there such a day, and such a time? */
static bool
exists(const char *text)
{
	struct tm	time = {.tm_mday = 1};
	struct tm	same;

	if (sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &time.tm_year, &time.tm_mon, &time.tm_mday, &time.tm_hour, &time.tm_min, &time.tm_sec) < 3)
		return false;
	if (time.tm_year < 1)
		return false;
	time.tm_year -= 1900;
	time.tm_mon -= 1;
	same = time;
	return timegm(&same) != -1 && same.tm_mon == time.tm_mon && same.tm_mday == time.tm_mday && same.tm_hour == time.tm_hour &&
		same.tm_min == time.tm_min && same.tm_sec == time.tm_sec;
}

/* "2026-11-22", or with a time behind a T or a blank. */
static bool
is_time(const char *text)
{
	static const char pattern[] = "dddd-dd-dd dd:dd:dd";
	size_t		length = strlen(text);

	if (length != 10 && length != 16 && length != 19)
		return false;
	for (size_t i = 0; i < length; i++)
		if (pattern[i] == 'd' ? !isdigit((unsigned char) text[i]) : pattern[i] != text[i] && !(i == 10 && text[i] == 'T'))
			return false;
	return exists(text);
}

/* FROM..TO; the caller frees both. */
static void
split_period(const char *period, char **from, char **to)
{
	const char *dots = strstr(period, "..");

	*from = dots != NULL ? slipway_memory_copy_bytes(period, (size_t) (dots - period)) : slipway_memory_copy("");
	*to = slipway_memory_copy(dots != NULL ? dots + 2 : "");
	if (!is_time(*from) || !is_time(*to))
		slipway_die(SLIPWAY_EXIT_USAGE, "It is daily, weekly, or two dates: 2026-11-01..2026-11-07.", "\"%s\" is no period", period);
}

void
slipway_batch_report_read_period(PGconn *conn, const char *period, SlipwayBatchReport *report)
{
	bool		is_named = strcmp(period, "daily") == 0 || strcmp(period, "weekly") == 0;
	const char *limits[3];
	char	   *from = NULL;
	char	   *to = NULL;
	PGresult   *result;

	if (!is_named)
		split_period(period, &from, &to);
	limits[0] = is_named ? (period[0] == 'd' ? "1 day" : "7 days") : from;
	limits[1] = to;
	limits[2] = to != NULL && strlen(to) == 10 ? "1 day" : "0";
	if (is_named)
		result = slipway_server_query(conn, "SELECT " LIMIT("pg_catalog.now() - $1::pg_catalog.interval") ", " LIMIT("pg_catalog.now()") ", false",
									  1, limits);
	else
		result = slipway_server_query(conn, "SELECT " LIMIT("f AT TIME ZONE INTERVAL '0'") ", " LIMIT("t AT TIME ZONE INTERVAL '0'") ", f >= t\n"
									  "  FROM (SELECT $1::pg_catalog.timestamp, $2::pg_catalog.timestamp + $3::pg_catalog.interval) p(f, t)", 3, limits);
	if (PQgetvalue(result, 0, 2)[0] == 't')
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "period \"%s\" ends before it begins", period);
	*report = (SlipwayBatchReport) {
		.title = is_named ? slipway_memory_format("the last %s", period[0] == 'd' ? "24 hours" : "7 days") : slipway_memory_copy(period),
	};
	read_all(conn, (const char *const[]) {NULL, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1)}, report);
	PQclear(result);
	free(from);
	free(to);
}

void
slipway_batch_report_release(SlipwayBatchReport *report)
{
	for (size_t i = 0; i < sizeof(report->results) / sizeof(report->results[0]); i++)
		PQclear(report->results[i]);
	free(report->title);
	free(report->items);
	free(report->issues);
	free(report->days);
	*report = (SlipwayBatchReport) {.title = NULL};
}

static double
share(long part, const SlipwayBatchCounts *counts)
{
	long		ended = counts->succeeded + counts->failed + counts->rolled_back;

	return ended > 0 ? 100.0 * (double) part / (double) ended : -1;
}

double
slipway_batch_report_success_rate(const SlipwayBatchReport *report)
{
	return share(report->counts.succeeded, &report->counts);
}

double
slipway_batch_report_rollback_rate(const SlipwayBatchReport *report)
{
	return share(report->counts.rolled_back, &report->counts);
}

char *
slipway_batch_report_share(double percent)
{
	return percent < 0 ? slipway_memory_copy("-") : slipway_memory_format("%.1f %%", percent);
}

char *
slipway_batch_report_duration(double milliseconds)
{
	return milliseconds < 0 ? slipway_memory_copy("-") : slipway_output_duration(milliseconds);
}

char *
slipway_batch_report_line(const SlipwayBatchReport *report)
{
	char	   *counts = slipway_batch_describe(&report->counts);
	char	   *line = slipway_memory_format("%s on %s: %s", report->title, report->database, counts);

	free(counts);
	return line;
}
