/*
 * activity.c
 *	  What a backend is doing.
 */
#include "activity.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conninfo.h"
#include "memory.h"
#include "server.h"

#define PERIOD_MS 1000

typedef enum Stage
{
	STAGE_CONNECT,
	STAGE_ASK,
	STAGE_ANSWER,
	STAGE_OVER					/* it did not work out */
} Stage;

struct SlipwayActivity
{
	PGconn	   *conn;
	Stage		stage;
	PostgresPollingStatusType wants;	/* while it connects */
	double		asked_at;
	char	   *pid;
	char	   *text;
	json_t	   *blockers;
};

/* Parameters that must be the first connection's own, not those that led to it. */
static const char *
find_own_value(PGconn *conn, const char *keyword, const char *value)
{
	if (strcmp(keyword, "host") == 0)
		return PQhost(conn);
	/* without it the name would be looked up again, and that waits */
	if (strcmp(keyword, "hostaddr") == 0)
		return PQhostaddr(conn);
	if (strcmp(keyword, "port") == 0)
		return PQport(conn);
	if (strcmp(keyword, "dbname") == 0)
		return PQdb(conn);
	if (strcmp(keyword, "user") == 0)
		return PQuser(conn);
	if (strcmp(keyword, "password") == 0)
		return PQpass(conn);
	/* found already, with all that it says */
	if (strcmp(keyword, "service") == 0)
		return NULL;
	return value;
}

static PGconn *
start_connection(PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	PGconn	   *own = NULL;
	const char **keywords;
	const char **values;
	size_t		count = 0;

	if (options == NULL)
		return NULL;
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
		count++;
	keywords = slipway_memory_new((count + 1) * sizeof(char *));
	values = slipway_memory_new((count + 1) * sizeof(char *));
	count = 0;
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		const char *value = find_own_value(conn, option->keyword, option->val);

		if (value == NULL || *value == '\0')
			continue;
		keywords[count] = option->keyword;
		values[count++] = value;
	}
	own = PQconnectStartParams(keywords, values, 0);
	slipway_conninfo_free(options);
	free(keywords);
	free(values);
	return own;
}

/* Nobody wants to read what this connection has to say. */
static void
ignore_notice(void *context, const char *message)
{
	(void) context;
	(void) message;
}

SlipwayActivity *
slipway_activity_new(PGconn *conn, int pid)
{
	SlipwayActivity *activity = slipway_memory_new(sizeof(SlipwayActivity));

	activity->conn = start_connection(conn);
	activity->wants = PGRES_POLLING_WRITING;
	activity->stage = activity->conn != NULL && PQstatus(activity->conn) != CONNECTION_BAD
		? STAGE_CONNECT : STAGE_OVER;
	activity->asked_at = -PERIOD_MS;
	activity->pid = slipway_memory_format("%d", pid);
	if (activity->conn != NULL)
		(void) PQsetNoticeProcessor(activity->conn, ignore_notice, NULL);
	return activity;
}

void
slipway_activity_free(SlipwayActivity *activity)
{
	if (activity == NULL)
		return;
	PQfinish(activity->conn);
	free(activity->pid);
	free(activity->text);
	json_decref(activity->blockers);
	free(activity);
}

/* Can the socket be read from or written to, as is wanted, right now? */
static bool
is_ready(const SlipwayActivity *activity, short events)
{
	struct pollfd socket = {.fd = PQsocket(activity->conn), .events = events};

	return socket.fd >= 0 && poll(&socket, 1, 0) > 0;
}

static Stage
connect_further(SlipwayActivity *activity)
{
	if (!is_ready(activity, activity->wants == PGRES_POLLING_READING ? POLLIN : POLLOUT))
		return STAGE_CONNECT;
	activity->wants = PQconnectPoll(activity->conn);
	switch (activity->wants)
	{
		case PGRES_POLLING_OK:
			return STAGE_ASK;
		case PGRES_POLLING_FAILED:
			return STAGE_OVER;
		default:
			return STAGE_CONNECT;
	}
}

static void
forget(SlipwayActivity *activity)
{
	free(activity->text);
	json_decref(activity->blockers);
	activity->text = NULL;
	activity->blockers = NULL;
}

static Stage
ask(SlipwayActivity *activity)
{
	static const char sql[] =
		"SELECT CASE WHEN wait_event_type = 'Lock' THEN 'waits for a lock: ' ELSE '' END"
		" || coalesce(k.phase || coalesce(' ' || k.percent::pg_catalog.text || '%', '') || ': ', '')"
		" || pg_catalog.left(query, 500), w.blockers"
		" FROM pg_catalog.pg_stat_activity"
		" LEFT JOIN LATERAL slipway._wait(CASE WHEN wait_event_type = 'Lock' THEN pid END) w ON true"
		" LEFT JOIN LATERAL (SELECT * FROM slipway._work(pid) LIMIT 1) k ON true"
		" WHERE pid = $1::int AND state = 'active' AND query <> '<insufficient privilege>'";
	const char *const values[] = {activity->pid};
	double		now = slipway_clock_now();

	if (now - activity->asked_at < PERIOD_MS)
		return STAGE_ASK;
	/* nobody looked for a while, so it is about something else */
	if (now - activity->asked_at > 2 * PERIOD_MS)
		forget(activity);
	activity->asked_at = now;
	if (PQsendQueryParams(activity->conn, sql, 1, NULL, values, NULL, NULL, 0) == 0)
		return STAGE_OVER;
	return STAGE_ANSWER;
}

static Stage
take_answer(SlipwayActivity *activity)
{
	PGresult   *result;
	bool		over;

	if (PQconsumeInput(activity->conn) == 0)
		return STAGE_OVER;
	while (!PQisBusy(activity->conn))
	{
		result = PQgetResult(activity->conn);
		if (result == NULL)
			return STAGE_ASK;
		forget(activity);
		if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0 && PQnfields(result) > 1)
		{
			activity->text = slipway_memory_copy(PQgetvalue(result, 0, 0));
			activity->blockers = json_loads(PQgetvalue(result, 0, 1), 0, NULL);
		}
		over = slipway_server_is_copy(result);
		PQclear(result);
		if (over)
			return STAGE_OVER;
	}
	return STAGE_ANSWER;
}

const char *
slipway_activity_look(SlipwayActivity *activity)
{
	switch (activity->stage)
	{
		case STAGE_CONNECT:
			activity->stage = connect_further(activity);
			break;
		case STAGE_ASK:
			activity->stage = ask(activity);
			break;
		case STAGE_ANSWER:
			activity->stage = take_answer(activity);
			break;
		case STAGE_OVER:
			forget(activity);
			break;
	}
	return activity->text;
}

const json_t *
slipway_activity_blockers(const SlipwayActivity *activity)
{
	return activity->blockers;
}
