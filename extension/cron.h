/*
 * cron.h
 *	  Times that come again, as cron writes them: minute, hour, day of the month, month, day of the week.
 *
 * Fields are lists of numbers, names (JAN, MON), ranges and steps, as cron knows them; "@daily" and its like stand for all five.
 * If day of the month and day of the week both say something, a day that is either will do. What programs understand
 * differently is refused.
 */
#ifndef SLIPWAY_CRON_H
#define SLIPWAY_CRON_H

#include "datatype/timestamp.h"
#include "pgtime.h"

typedef struct SlipwayCron
{
	uint64		minutes;		/* bit n: it is one of them */
	uint32		hours;
	uint32		days;			/* from bit 1 */
	uint16		months;			/* from bit 1 */
	uint8		weekdays;		/* bit 0: Sunday */
	bool		any_day;		/* of the month */
	bool		any_weekday;
} SlipwayCron;

/* Takes a text apart. Raises 22023 for what is none, with the field that is wrong, and for a day that never comes. */
extern void slipway_cron_parse(const char *text, SlipwayCron *cron);

/*
 * The first time after that one, in a time zone. A time that clocks pass over, when they are put forward, is as much later; one that comes
 * twice is the second one.
 */
extern TimestampTz slipway_cron_next(const SlipwayCron *cron, TimestampTz after, pg_tz *zone);

/* The same with numbers only, which every program that knows cron reads alike. Palloc'd. */
extern char *slipway_cron_write(const SlipwayCron *cron);

/*
 * The same as systemd has it, OnCalendar=, without the time zone: one or, where either of two kinds of days will do, two. Palloc'd texts.
 */
extern int	slipway_cron_write_calendar(const SlipwayCron *cron, char *lines[2]);

#endif							/* SLIPWAY_CRON_H */
