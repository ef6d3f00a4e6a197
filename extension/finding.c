/*
 * finding.c
 *	  What is to be said about a statement of a rehearsal, and how bad it is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "finding.h"
#include "message.h"
#include "query.h"
#include "spi.h"

#define MEGABYTE (1024 * 1024)

/* From which on a table is large; is not small; is busy, in uses a second. */
#define LARGE_BYTES (INT64CONST(100) * MEGABYTE)
#define SMALL_BYTES (INT64CONST(1) * MEGABYTE)
#define BUSY 10

/* How long a pause people notice, and those who run a service mind. */
#define NOTICED_MS 50
#define MINDED_MS 1000

static const char *const severity_names[] = {
	[SLIPWAY_NOTE] = "note",
	[SLIPWAY_WARNING] = "warning",
	[SLIPWAY_DANGER] = "danger",
};

double
slipway_finding_uses(const SlipwayTouched *table)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_RELATION_USES, 1, {OIDOID}};
	SlipwayArgs args = {0};
	double		uses = -1;

	slipway_arg_datum(&args, ObjectIdGetDatum(table->table), false);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		bool		isnull;
		Datum		datum = slipway_row_datum(0, 1, &isnull);

		if (!isnull)
			uses = DatumGetFloat8(datum);
	}
	slipway_spi_end();
	return uses;
}

static char *
format_rows(double rows)
{
	if (rows >= 1e6)
		return psprintf("%.1f million rows", rows / 1e6);
	return psprintf("%.0f rows", rows);
}

char *
slipway_finding_facts(const SlipwayTouched *table, double uses)
{
	StringInfoData facts;

	initStringInfo(&facts);
	appendStringInfo(&facts, "%s (%s", table->name,
					 TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(table->size_bytes))));
	if (table->rows >= 0)
		appendStringInfo(&facts, ", %s", format_rows(table->rows));
	if (uses >= 1)
		appendStringInfo(&facts, ", about %.0f uses a second", uses);
	appendStringInfoChar(&facts, ')');
	return facts.data;
}

SlipwaySeverity
slipway_finding_severity(const SlipwayTouched *table, double uses, double ms)
{
	int64		size = table ? table->size_bytes : 0;
	bool		large = size >= LARGE_BYTES;
	bool		busy = uses >= BUSY;

	if (large || ms >= MINDED_MS || (busy && ms >= NOTICED_MS))
		return SLIPWAY_DANGER;
	if (busy || ms >= NOTICED_MS || size >= SMALL_BYTES)
		return SLIPWAY_WARNING;
	return SLIPWAY_NOTE;
}

void
slipway_finding_report(const SlipwayFinding *finding)
{
	const SlipwayObserved *about = finding->about;
	const SlipwayTouched *relation = finding->relation;
	StringInfoData json;

	slipway_event_begin(&json, "finding");
	slipway_event_text(&json, "severity", severity_names[finding->severity]);
	slipway_event_text(&json, "code", finding->code);
	slipway_event_null(&json, "migration", about->migration);
	slipway_event_null(&json, "hook", about->hook);
	slipway_event_int(&json, "line", about->line);
	slipway_event_null(&json, "relation", relation ? relation->name : NULL);
	if (relation)
		slipway_event_int(&json, "size_bytes", relation->size_bytes);
	else
		slipway_event_null(&json, "size_bytes", NULL);
	if (relation && relation->rows >= 0)
		slipway_event_int(&json, "rows", (int64) relation->rows);
	else
		slipway_event_null(&json, "rows", NULL);
	if (finding->uses_per_second >= 0)
		slipway_event_ms(&json, "uses_per_second", finding->uses_per_second);
	else
		slipway_event_null(&json, "uses_per_second", NULL);
	slipway_event_text(&json, "message", finding->message);
	slipway_event_text(&json, "advice", finding->advice);
	slipway_event_send(&json, "%s, line %d: %s: %s", about->migration ? about->migration : about->hook,
					   about->line, severity_names[finding->severity], finding->message);
}
