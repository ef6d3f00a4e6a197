/*
 * schedule.c
 *	  Schedules of batches, as the server has them.
 */
#include "schedule.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"
#include "server.h"

#define QUERY \
	"SELECT s.name, s.cron, s.plain_cron, s.calendar[1], s.calendar[2], s.time_zone, s.size, s.parallel,\n" \
	"       pg_catalog.date_part('epoch', s.max_duration) OPERATOR(pg_catalog.*) 1000, s.max_failures, s.dry_run, s.email,\n" \
	"       (SELECT pg_catalog.max(b.batch) FROM slipway.batch b WHERE b.options OPERATOR(pg_catalog.->>) 'schedule' = s.name)\n" \
	"  FROM slipway.schedule s\n"

static SlipwaySchedule
read_row(const PGresult *result, int row)
{
	return (SlipwaySchedule) {
		.name = PQgetvalue(result, row, 0),
		.cron = PQgetvalue(result, row, 1),
		.plain_cron = slipway_server_text(result, row, 2),
		.calendar = {slipway_server_text(result, row, 3), slipway_server_text(result, row, 4)},
		.time_zone = PQgetvalue(result, row, 5),
		.size = (int) slipway_server_number(result, row, 6, 1),
		.parallel = (int) slipway_server_number(result, row, 7, 1),
		.max_duration = slipway_server_number(result, row, 8, 0),
		.max_failures = (int) slipway_server_number(result, row, 9, 0),
		.dry_run = PQgetvalue(result, row, 10)[0] == 't',
		.email = slipway_server_text(result, row, 11),
		.last_batch = slipway_server_text(result, row, 12),
	};
}

void
slipway_schedule_read(PGconn *conn, const char *name, SlipwaySchedule *schedule)
{
	const char *const values[] = {name};
	PGresult   *result = slipway_server_query(conn, QUERY " WHERE s.name = $1", 1, values);

	if (PQntuples(result) == 0)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway credential schedule list\".", "there is no schedule \"%s\"", name);
	*schedule = read_row(result, 0);
	schedule->result = result;
}

void
slipway_schedule_release(SlipwaySchedule *schedule)
{
	PQclear(schedule->result);
	*schedule = (SlipwaySchedule) {.result = NULL};
}

SlipwaySchedule *
slipway_schedule_list(PGconn *conn, size_t *count)
{
	PGresult   *result = slipway_server_query(conn, QUERY " ORDER BY s.name", 0, NULL);
	SlipwaySchedule *list;

	*count = (size_t) PQntuples(result);
	list = slipway_memory_new((*count + 1) * sizeof(SlipwaySchedule));
	for (size_t i = 0; i < *count; i++)
		list[i] = read_row(result, (int) i);
	list[0].result = result;
	return list;
}
