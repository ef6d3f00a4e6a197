/*
 * schedule.h
 *	  Schedules of batches, as the server has them, and how they are written for those who carry them out.
 */
#ifndef SLIPWAY_SCHEDULE_H
#define SLIPWAY_SCHEDULE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

#define SLIPWAY_SCHEDULE_MAX_CALENDAR 2

/* A row of slipway.schedule. Strings may be NULL. */
typedef struct SlipwaySchedule
{
	PGresult   *result;			/* owns the strings */
	const char *name;
	const char *cron;
	const char *plain_cron;
	const char *calendar[SLIPWAY_SCHEDULE_MAX_CALENDAR];	/* the second may be NULL */
	const char *time_zone;
	int			size;
	int			parallel;
	double		max_duration;	/* ms; 0: no limit */
	int			max_failures;	/* 0: no limit */
	bool		dry_run;
	const char *email;
	const char *last_batch;		/* the newest that was made for it */
} SlipwaySchedule;

/* The one of that name; if there is none the program ends. */
void		slipway_schedule_read(PGconn *conn, const char *name, SlipwaySchedule *schedule);
void		slipway_schedule_release(SlipwaySchedule *schedule);

/* All of them, by name. The first owns the strings of all. */
SlipwaySchedule *slipway_schedule_list(PGconn *conn, size_t *count);

/*
 * A CronJob, a timer with its service, or SQL for pg_cron. command is how slipway is called, up to "credential schedule run": its words, to
 * a NULL. file is the absolute path of the file of secrets that it writes to, and user whose that is; or both are NULL.
 */
void		slipway_schedule_write_kubernetes(const SlipwaySchedule *schedule, const char *const *command, SlipwayBuffer *text);
void		slipway_schedule_write_systemd(const SlipwaySchedule *schedule, const char *const *command, const char *file, const char *user,
										   SlipwayBuffer *text);
void		slipway_schedule_write_pg_cron(const SlipwaySchedule *schedule, const char *database, SlipwayBuffer *text);

#endif
