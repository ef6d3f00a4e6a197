/*
 * cron.c
 *	  Times that come again, as cron writes them.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "cron.h"

/* February 29 that is a given day of the week comes every 28 years, and 40 where a century has no leap year. */
#define MAX_DAYS (41 * 366)

#define FIELDS 5

typedef struct Field
{
	const char *name;
	int			least;
	int			most;
	const char *words[12];		/* from least on; or none */
} Field;

static const Field fields[FIELDS] = {
	{"minute", 0, 59, {NULL}},
	{"hour", 0, 23, {NULL}},
	{"day of the month", 1, 31, {NULL}},
	{"month", 1, 12, {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	/* 7 is Sunday too */
	{"day of the week", 0, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL}},
};

static const struct
{
	const char *name;
	const char *meaning;
}			macros[] = {
	{"@yearly", "0 0 1 1 *"},
	{"@annually", "0 0 1 1 *"},
	{"@monthly", "0 0 1 * *"},
	{"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},
	{"@midnight", "0 0 * * *"},
	{"@hourly", "0 * * * *"},
};

static _Noreturn void
refuse(const char *text, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no time as cron has it", text),
			 errdetail_internal("%s", detail),
			 errhint("It is minute, hour, day of the month, month and day of the week, as 30 2 * * MON-FRI.")));
	pg_unreachable();
}

/* Reads a number or a name; -1 for what is none. */
static int
read_value(const Field *field, const char **at)
{
	long		value = 0;
	int			digits = 0;

	for (int i = 0; i < lengthof(field->words) && field->words[i]; i++)
		if (pg_strncasecmp(*at, field->words[i], 3) == 0)
		{
			*at += 3;
			return field->least + i;
		}
	for (; **at >= '0' && **at <= '9' && digits < 4; (*at)++, digits++)
		value = value * 10 + (**at - '0');
	return digits == 0 ? -1 : (int) value;
}

/* One of a list: *, 5, 1-5, either with /2 behind it. */
static uint64
read_range(const char *text, const Field *field, const char **at)
{
	int			from = field->least;
	int			to = field->most;
	int			step = 1;
	uint64		bits = 0;

	if (**at == '*')
	{
		(*at)++;
		/* Sunday once */
		if (to == 7)
			to = 6;
	}
	else
	{
		from = to = read_value(field, at);
		if (**at == '-')
		{
			(*at)++;
			to = read_value(field, at);
		}
		else if (**at == '/')
			refuse(text, psprintf("Of the %s, a step needs * or a range in front of it.", field->name));
	}
	if (**at == '/')
	{
		(*at)++;
		step = read_value(field, at);
		if (step == 0)
			refuse(text, psprintf("Of the %s, a step of 0 leads nowhere.", field->name));
	}
	if (from < 0 || to < 0 || step < 0 || (**at != '\0' && **at != ','))
		refuse(text, psprintf("The %s cannot be read.", field->name));
	if (from < field->least || to > field->most || from > field->most)
		refuse(text, psprintf("The %s is from %d to %d.", field->name, field->least, field->most));
	if (from > to)
		refuse(text, psprintf("Of the %s, a range goes from less to more.", field->name));
	for (int value = from; value <= to; value += step)
		bits |= UINT64CONST(1) << value;
	return bits;
}

static uint64
read_field(const char *text, const Field *field, const char *at)
{
	uint64		bits = 0;

	for (;;)
	{
		bits |= read_range(text, field, &at);
		if (*at == '\0')
			return bits;
		at++;
	}
}

static uint64
all_bits(int from, int to)
{
	uint64		bits = 0;

	for (int i = from; i <= to; i++)
		bits |= UINT64CONST(1) << i;
	return bits;
}

/* What may never come: the 31st of a month that has 30 days. */
static bool
has_a_day(const SlipwayCron *cron)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (!cron->any_weekday)
		return true;
	for (int month = 1; month <= 12; month++)
		if ((cron->months & (1 << month)) && (cron->days & all_bits(1, lengths[month - 1])))
			return true;
	return false;
}

/* Cuts at white space; more than there may be is refused. */
static void
split(const char *text, char *words[FIELDS])
{
	char	   *copy = pstrdup(text);
	char	   *state = NULL;
	int			count = 0;

	for (char *word = strtok_r(copy, " \t", &state); word; word = strtok_r(NULL, " \t", &state))
	{
		if (count < FIELDS)
			words[count] = word;
		count++;
	}
	if (count != FIELDS)
		refuse(text, psprintf("There are %d fields in the place of 5.", count));
}

void
slipway_cron_parse(const char *text, SlipwayCron *cron)
{
	const char *meaning = text;
	char	   *words[FIELDS];
	uint64		bits[FIELDS];

	for (int i = 0; i < lengthof(macros); i++)
		if (pg_strcasecmp(text, macros[i].name) == 0)
			meaning = macros[i].meaning;
	if (meaning[0] == '@')
		refuse(text, "That word is not known.");
	split(meaning, words);
	for (int i = 0; i < FIELDS; i++)
		bits[i] = read_field(meaning, &fields[i], words[i]);
	cron->minutes = bits[0];
	cron->hours = bits[1];
	cron->days = bits[2];
	cron->months = bits[3];
	cron->weekdays = (bits[4] | bits[4] >> 7) & 0x7f;
	cron->any_day = bits[2] == all_bits(1, 31);
	cron->any_weekday = cron->weekdays == 0x7f;
	if (!cron->any_day && !cron->any_weekday && (words[2][0] == '*' || words[4][0] == '*'))
		refuse(text, "A step of * for days of one kind, together with days of the other kind, is not read alike by all programs.");
	if ((cron->any_day && !cron->any_weekday && words[2][0] != '*') || (cron->any_weekday && !cron->any_day && words[4][0] != '*'))
		refuse(text, "All days of one kind, together with days of the other kind, are every day: write * for both.");
	if (!has_a_day(cron))
		refuse(text, "That day never comes.");
}

static bool
is_day(const SlipwayCron *cron, int julian)
{
	int			year,
				month,
				day;
	bool		of_month,
				of_week;

	j2date(julian, &year, &month, &day);
	of_month = cron->days & (1 << day);
	of_week = cron->weekdays & (1 << j2day(julian));
	if (!(cron->months & (1 << month)))
		return false;
	return cron->any_day || cron->any_weekday ? of_month && of_week : of_month || of_week;
}

/* The first time of a day that is after that one; or DT_NOBEGIN. */
static TimestampTz
find_in_day(const SlipwayCron *cron, int julian, TimestampTz after, pg_tz *zone)
{
	for (int minute = 0; minute < 24 * 60; minute++)
	{
		struct pg_tm tm = {.tm_hour = minute / 60, .tm_min = minute % 60};
		TimestampTz result;
		int			offset;

		if (!(cron->hours & (1 << tm.tm_hour)) || !(cron->minutes & UINT64CONST(1) << tm.tm_min))
			continue;
		j2date(julian, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		offset = DetermineTimeZoneOffset(&tm, zone);
		if (tm2timestamp(&tm, 0, &offset, &result) == 0 && result > after)
			return result;
	}
	return DT_NOBEGIN;
}

TimestampTz
slipway_cron_next(const SlipwayCron *cron, TimestampTz after, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fraction;
	int			offset;
	int			today;

	if (TIMESTAMP_NOT_FINITE(after) || timestamp2tm(after, &offset, &tm, &fraction, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	today = date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
	for (int day = today; day < today + MAX_DAYS; day++)
	{
		TimestampTz found = is_day(cron, day) ? find_in_day(cron, day, after, zone) : DT_NOBEGIN;

		if (found != DT_NOBEGIN)
			return found;
	}
	elog(ERROR, "no time was found");
}

/* "1,3-5", or "*" for all of them; between is what a range is written with, and digits the least of them. */
static void
write_numbers(StringInfo text, uint64 bits, int from, int to, const char *between, int digits)
{
	bool		first = true;

	if (bits == all_bits(from, to))
	{
		appendStringInfoChar(text, '*');
		return;
	}
	for (int i = from; i <= to; i++)
	{
		int			last = i;

		if (!(bits & UINT64CONST(1) << i))
			continue;
		while (last < to && bits & UINT64CONST(1) << (last + 1))
			last++;
		/* two are no range */
		if (last == i + 1)
			last = i;
		appendStringInfo(text, "%s%0*d", first ? "" : ",", digits, i);
		if (last > i)
			appendStringInfo(text, "%s%0*d", between, digits, last);
		first = false;
		i = last;
	}
}

char *
slipway_cron_write(const SlipwayCron *cron)
{
	StringInfoData text;

	initStringInfo(&text);
	write_numbers(&text, cron->minutes, 0, 59, "-", 1);
	appendStringInfoChar(&text, ' ');
	write_numbers(&text, cron->hours, 0, 23, "-", 1);
	appendStringInfoChar(&text, ' ');
	write_numbers(&text, cron->days, 1, 31, "-", 1);
	appendStringInfoChar(&text, ' ');
	write_numbers(&text, cron->months, 1, 12, "-", 1);
	appendStringInfoChar(&text, ' ');
	write_numbers(&text, cron->weekdays, 0, 6, "-", 1);
	return text.data;
}

static char *
write_calendar(const SlipwayCron *cron, bool by_day, bool by_weekday)
{
	static const char *const names[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < 7; i++)
		if (by_weekday && cron->weekdays & (1 << i))
			appendStringInfo(&text, "%s%s", text.len > 0 ? "," : "", names[i]);
	if (text.len > 0)
		appendStringInfoChar(&text, ' ');
	appendStringInfoString(&text, "*-");
	write_numbers(&text, cron->months, 1, 12, "..", 2);
	appendStringInfoChar(&text, '-');
	write_numbers(&text, by_day ? cron->days : all_bits(1, 31), 1, 31, "..", 2);
	appendStringInfoChar(&text, ' ');
	write_numbers(&text, cron->hours, 0, 23, "..", 2);
	appendStringInfoChar(&text, ':');
	write_numbers(&text, cron->minutes, 0, 59, "..", 2);
	appendStringInfoString(&text, ":00");
	return text.data;
}

int
slipway_cron_write_calendar(const SlipwayCron *cron, char *lines[2])
{
	if (cron->any_day || cron->any_weekday)
	{
		lines[0] = write_calendar(cron, !cron->any_day, !cron->any_weekday);
		return 1;
	}
	lines[0] = write_calendar(cron, true, false);
	lines[1] = write_calendar(cron, false, true);
	return 2;
}
