/*
 * credential_schedule.c
 *	  Schedules of batches of credentials: when, how many, for how long.
 *
 * Nobody here carries them out: that is for what the user has for it, told by the client what to do.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "actor.h"
#include "credential.h"
#include "cron.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

/* A name of Kubernetes, with room for what it puts behind it. */
#define MAX_NAME 40
#define MAX_TIMES 1000

/* What a client has processes for at a time. */
#define MAX_PARALLEL 64
#define MAX_DURATION_USECS (7 * USECS_PER_DAY)

/* What set_schedule() is given. */
typedef struct Schedule
{
	char	   *name;
	char	   *cron;
	char	   *time_zone;
	char	   *email;
	SlipwayCron parsed;
} Schedule;

static void
begin(const char *function)
{
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call %s", function)));
	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
}

/* It becomes part of names of files and of objects of Kubernetes. */
static void
check_name(const char *name)
{
	size_t		length = strlen(name);

	if (length <= MAX_NAME && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length &&
		name[0] != '-' && name[length - 1] != '-')
		return;
	ereport(ERROR,
			(errcode(SLIPWAY_INVALID_NAME),
			 errmsg("invalid name of a schedule: \"%s\"", name),
			 errhint("It consists of lower-case letters, digits and, between them, hyphens, at most %d in all.", MAX_NAME)));
}

static void
check_count(FunctionCallInfo fcinfo, int arg, const char *what)
{
	if (PG_ARGISNULL(arg) || PG_GETARG_INT32(arg) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a schedule must be at least 1", what)));
}

static void
check_parallel(FunctionCallInfo fcinfo, int arg)
{
	check_count(fcinfo, arg, "the number of workers");
	if (PG_GETARG_INT32(arg) > MAX_PARALLEL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the number of workers of a schedule must be at most %d", MAX_PARALLEL)));
}

static void
check_duration(FunctionCallInfo fcinfo, int arg)
{
	Interval   *duration;

	if (PG_ARGISNULL(arg))
		return;
	duration = PG_GETARG_INTERVAL_P(arg);
	/* each part is looked at before they are added, which could overflow */
	if (duration->month != 0 || duration->day < 0 || duration->day > 7 || duration->time < 0 || duration->time > MAX_DURATION_USECS ||
		duration->day * USECS_PER_DAY + duration->time > MAX_DURATION_USECS ||
		(duration->day == 0 && duration->time < USECS_PER_SEC))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the longest duration of a schedule is from a second to a week")));
}

static void
check_email(const char *email)
{
	bool		good = true;

	/* each address stands in a header of a message */
	for (const char *at = email; good && *at; at++)
		good = *at > ' ' && *at < 0x7f && !strchr("<>()\"\\;:", *at);
	if (good && strchr(email, '@'))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no address of electronic mail", email),
			 errhint("Several have a comma between them, and no blank.")));
}

/* Those that every program on this system knows; PostgreSQL itself takes others too. Inside a scope. */
static void
check_zone(const char *zone)
{
	static SlipwayQuery query = {"SELECT FROM pg_timezone_names WHERE name = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, zone);
	if (slipway_query(&query, &args, 1) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone \"%s\"", zone),
				 errhint("See pg_timezone_names; it looks like Europe/Vienna.")));
}

static void
add_calendar(SlipwayArgs *args, const Schedule *schedule)
{
	char	   *lines[2];
	Datum		values[2];
	int			count = slipway_cron_write_calendar(&schedule->parsed, lines);

	for (int i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(psprintf("%s %s", lines[i], schedule->time_zone));
	slipway_arg_array(args, values, NULL, count, TEXTOID);
}

/* Inside a scope. */
static const char *
store(FunctionCallInfo fcinfo, const Schedule *schedule)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCHEDULE_SET, 12,
		{TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID, INT4OID, INT4OID, INTERVALOID, INT4OID, BOOLOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, schedule->name);
	slipway_arg_text(&args, schedule->cron);
	slipway_arg_text(&args, slipway_cron_write(&schedule->parsed));
	add_calendar(&args, schedule);
	slipway_arg_text(&args, schedule->time_zone);
	slipway_arg_datum(&args, PG_GETARG_DATUM(3), false);
	slipway_arg_datum(&args, PG_GETARG_DATUM(4), false);
	slipway_arg_datum(&args, PG_GETARG_DATUM(5), PG_ARGISNULL(5));
	slipway_arg_datum(&args, PG_GETARG_DATUM(6), PG_ARGISNULL(6));
	slipway_arg_datum(&args, BoolGetDatum(!PG_ARGISNULL(7) && PG_GETARG_BOOL(7)), false);
	slipway_arg_text(&args, schedule->email);
	slipway_arg_text(&args, slipway_actor_name());
	return slipway_query(&query, &args, 0) > 0 ? slipway_row_text(0, 1) : "unchanged";
}

PG_FUNCTION_INFO_V1(slipway_set_schedule);

Datum
slipway_set_schedule(PG_FUNCTION_ARGS)
{
	Schedule	schedule = {
		.name = slipway_decision_argument(fcinfo, 0, "the name of a schedule"),
		.cron = slipway_decision_argument(fcinfo, 1, "the time of a schedule"),
		.time_zone = slipway_decision_argument(fcinfo, 2, "the time zone of a schedule"),
		.email = slipway_credential_argument(fcinfo, 8),
	};
	const char *outcome;

	begin("slipway.set_schedule()");
	check_name(schedule.name);
	slipway_cron_parse(schedule.cron, &schedule.parsed);
	check_count(fcinfo, 3, "size");
	check_parallel(fcinfo, 4);
	check_duration(fcinfo, 5);
	if (!PG_ARGISNULL(6))
		check_count(fcinfo, 6, "the number of failures");
	if (schedule.email)
		check_email(schedule.email);
	slipway_spi_begin();
	check_zone(schedule.time_zone);
	outcome = store(fcinfo, &schedule);
	slipway_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(outcome));
}

PG_FUNCTION_INFO_V1(slipway_drop_schedule);

Datum
slipway_drop_schedule(PG_FUNCTION_ARGS)
{
	static SlipwayQuery query = {"DELETE FROM slipway.credential_schedule WHERE name = $1", 1, {TEXTOID}};
	SlipwayArgs args = {0};
	bool		dropped;

	begin("slipway.drop_schedule()");
	slipway_arg_text(&args, slipway_decision_argument(fcinfo, 0, "the name of a schedule"));
	slipway_spi_begin();
	dropped = slipway_query(&query, &args, 0) > 0;
	slipway_spi_end();
	PG_RETURN_BOOL(dropped);
}

PG_FUNCTION_INFO_V1(slipway_schedule_times);

Datum
slipway_schedule_times(PG_FUNCTION_ARGS)
{
	char	   *zone_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	int			count = PG_GETARG_INT32(2);
	TimestampTz time = PG_GETARG_TIMESTAMPTZ(3);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlipwayCron cron;
	pg_tz	   *zone;

	slipway_cron_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)), &cron);
	zone = pg_tzset(zone_name);
	if (zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone \"%s\"", zone_name),
				 errhint("See pg_timezone_names; it looks like Europe/Vienna.")));
	if (count < 0 || count > MAX_TIMES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d is no number of times to be told", count),
				 errhint("It is at most %d.", MAX_TIMES)));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < count; i++)
	{
		Datum		value;
		bool		isnull = false;

		time = slipway_cron_next(&cron, time, zone);
		value = TimestampTzGetDatum(time);
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}
