/*
 * credential_validate.c
 *	  Is all well with the credential of a project? Looks at everything, and logs in.
 */
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buffer.h"
#include "clock.h"
#include "credential_work.h"
#include "http.h"
#include "memory.h"
#include "secret_buffer.h"
#include "server.h"

#define PAUSE_MS 250

/* What is found wrong: a line each. */
typedef struct Findings
{
	SlipwayBuffer lines;
	size_t		count;
} Findings;

static void
find(Findings *findings, const char *format,...)
			__attribute__((format(printf, 2, 3)));

static void
find(Findings *findings, const char *format,...)
{
	va_list		arguments;
	char	   *text;

	va_start(arguments, format);
	text = slipway_memory_format_list(format, arguments);
	va_end(arguments);
	if (findings->count++ > 0)
		slipway_buffer_add_char(&findings->lines, '\n');
	slipway_buffer_add(&findings->lines, text);
	free(text);
}

/* Says of a check that it has found nothing. */
static void
say_good(const SlipwayCredentialWork *work, const Findings *findings, size_t before, const char *what)
{
	if (findings->count == before)
		slipway_credential_work_say(work, "ok: %s", what);
}

static bool
check_secret(SlipwayCredentialWork *work, Findings *findings, char **password)
{
	size_t		before = findings->count;
	char	   *why;

	if (!slipway_credential_secret_in_force(work, work->role, password, &why))
		return false;
	if (why != NULL)
		find(findings, "secret: %s%s", slipway_secret_store_prefix(work->store), why);
	free(why);
	say_good(work, findings, before, "the store has role and password");
	return true;
}

/* What the server finds, but for sessions and for that the last step has failed: that is being found out. */
static bool
check_role(SlipwayCredentialWork *work, Findings *findings)
{
	const char *const values[] = {work->project};
	size_t		before = findings->count;
	PGresult   *result = slipway_credential_work_ask(
		work, "SELECT finding, object, detail FROM slipway.check_credential($1)"
		" WHERE finding OPERATOR(pg_catalog.<>) 'previous role' AND (finding OPERATOR(pg_catalog.<>) 'status' OR object OPERATOR(pg_catalog.<>) 'failed')",
		1, values);

	if (result == NULL)
		return false;
	for (int row = 0; row < PQntuples(result); row++)
		find(findings, "%s: %s: %s", PQgetvalue(result, row, 0), PQgetvalue(result, row, 1), PQgetvalue(result, row, 2));
	PQclear(result);
	say_good(work, findings, before, "the role has exactly its rights");
	return true;
}

/* Which schemas of the project, and of others, the role can use, asked as that role. */
static void
check_schemas(SlipwayCredentialWork *work, PGconn *conn, const char *own, const char *others, Findings *findings)
{
	static const char sql[] =
		"SELECT 'own', s FROM pg_catalog.unnest($1::pg_catalog.text[]) s"
		" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname OPERATOR(pg_catalog.=) s"
		" AND pg_catalog.has_schema_privilege(oid, 'USAGE'))"
		" UNION ALL SELECT 'other', nspname::pg_catalog.text FROM pg_catalog.pg_namespace"
		" WHERE nspname::pg_catalog.text OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[])"
		" AND pg_catalog.has_schema_privilege(oid, 'USAGE')";
	const char *const values[] = {own, others};
	size_t		before = findings->count;
	PGresult   *result = PQexecParams(conn, sql, 2, NULL, values, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		find(findings, "schemas: %s", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) != NULL
			 ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : "the connection was lost");
	else
		for (int row = 0; row < PQntuples(result); row++)
			find(findings, strcmp(PQgetvalue(result, row, 0), "own") == 0 ? "schemas: the role does not see schema \"%s\""
				 : "schemas: the role sees schema \"%s\" of another project", PQgetvalue(result, row, 1));
	PQclear(result);
	say_good(work, findings, before, "it sees the project's schemas and no others'");
}

/* Schemas that several projects have are of none of them. */
static bool
check_session(SlipwayCredentialWork *work, PGconn *conn, Findings *findings)
{
	static const char sql[] =
		"SELECT pg_catalog.array_agg(s) FILTER (WHERE a.own AND NOT a.other), pg_catalog.array_agg(s) FILTER (WHERE NOT a.own)"
		" FROM (SELECT s, pg_catalog.bool_or(p.project OPERATOR(pg_catalog.=) $1) AS own,"
		" pg_catalog.bool_or(p.project OPERATOR(pg_catalog.<>) $1) AS other"
		" FROM slipway.registered_project p, pg_catalog.unnest(p.schemas) s GROUP BY s) a";
	const char *const values[] = {work->project};
	PGresult   *result = slipway_credential_work_ask(work, sql, 1, values);

	if (result == NULL)
		return false;
	check_schemas(work, conn, PQgetisnull(result, 0, 0) ? "{}" : PQgetvalue(result, 0, 0),
				  PQgetisnull(result, 0, 1) ? "{}" : PQgetvalue(result, 0, 1), findings);
	PQclear(result);
	return true;
}

static bool
check_login(SlipwayCredentialWork *work, const char *password, Findings *findings)
{
	char	   *fault;
	PGconn	   *conn;
	bool		good;

	if (password == NULL)
		return true;
	conn = slipway_credential_login(work, work->role, password, &fault);
	if (conn == NULL)
	{
		find(findings, "login: %s", fault);
		free(fault);
		return work->end->message == NULL;
	}
	if (PQconnectionUsedPassword(conn) != 0)
		slipway_credential_work_say(work, "ok: logged in as \"%s\"", work->role);
	else
		slipway_credential_work_say(work, "logged in as \"%s\", but the server has not asked for the password: see pg_hba.conf", work->role);
	good = check_session(work, conn, findings);
	PQfinish(conn);
	return good;
}

/* Sessions of the previous role; they may end within the time of grace. */
static bool
check_sessions(SlipwayCredentialWork *work, Findings *findings)
{
	const char *const values[] = {work->project};
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	double		until = slipway_clock_now() + work->terms->grace;
	size_t		before = findings->count;
	bool		said = false;
	PGresult   *result;

	for (;;)
	{
		result = slipway_credential_work_ask(work, "SELECT pid, role, application_name, evidence FROM slipway.credential_sessions($1)"
											 " ORDER BY pid", 1, values);
		if (result == NULL)
			return false;
		if (PQntuples(result) == 0 || slipway_clock_now() >= until)
			break;
		if (!said)
			slipway_credential_work_say(work, "waiting for %d %s of role \"%s\" to end", PQntuples(result),
										PQntuples(result) == 1 ? "session" : "sessions", PQgetvalue(result, 0, 1));
		said = true;
		PQclear(result);
		if (!slipway_credential_work_goes_on(work))
			return false;
		(void) nanosleep(&pause, NULL);
	}
	for (int row = 0; row < PQntuples(result); row++)
		find(findings, "previous role: pid %s is a session of \"%s\" that serves the project: application \"%s\", known by its %s",
			 PQgetvalue(result, row, 0), PQgetvalue(result, row, 1), PQgetvalue(result, row, 2), PQgetvalue(result, row, 3));
	PQclear(result);
	say_good(work, findings, before, "no session of the previous role serves the project");
	return true;
}

/* Asks again until the time is over: an application may be about to begin with its new role. */
static bool
check_url(SlipwayCredentialWork *work, SlipwayHttpClient *client, const char *url, Findings *findings)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	double		until = slipway_clock_now() + work->terms->health_timeout;
	char	   *shown = slipway_http_hide_path(url);
	bool		good = true;

	for (;;)
	{
		SlipwayHttpCall call = {.method = "GET",.url = url};
		char	   *answer;

		slipway_http_perform(client, &call, 1);
		if (call.status >= 200 && call.status < 300)
		{
			slipway_http_release(&call);
			slipway_credential_work_say(work, "ok: %s answers", shown);
			break;
		}
		answer = call.status != 0 ? slipway_memory_format("it answers with %ld", call.status)
			: slipway_memory_copy(call.fault != NULL ? call.fault : "no answer");
		slipway_http_release(&call);
		good = slipway_credential_work_goes_on(work);
		if (slipway_clock_now() >= until || !good)
		{
			find(findings, "health: %s: %s", shown, answer);
			free(answer);
			break;
		}
		free(answer);
		(void) nanosleep(&pause, NULL);
	}
	free(shown);
	return good;
}

static bool
check_health(SlipwayCredentialWork *work, Findings *findings)
{
	const SlipwayOptionList *urls = work->terms->health_urls;
	SlipwayHttpSettings settings = {.timeout = (long) work->terms->health_timeout + 1};
	SlipwayHttpClient *client;
	const char *why;
	bool		good = true;

	if (urls == NULL || urls->count == 0)
		return true;
	why = slipway_http_load();
	client = why == NULL ? slipway_http_open(&settings) : NULL;
	if (client == NULL)
	{
		find(findings, "health: %s", why != NULL ? why : "out of memory");
		return true;
	}
	for (size_t i = 0; i < urls->count && good; i++)
	{
		char	   *url = slipway_credential_terms_url(urls->values[i], work->project);

		good = check_url(work, client, url, findings);
		free(url);
	}
	slipway_http_close(client);
	return good;
}

static bool
check_all(SlipwayCredentialWork *work, Findings *findings)
{
	char	   *password = NULL;
	bool		good = check_secret(work, findings, &password) && check_role(work, findings) && check_login(work, password, findings) &&
		check_sessions(work, findings) && check_health(work, findings);

	slipway_secret_free(password);
	return good;
}

bool
slipway_credential_work_validate(SlipwayCredentialWork *work)
{
	const char *const values[] = {work->project};
	Findings	findings = {.count = 0};
	bool		good = check_all(work, &findings);
	char	   *lines = slipway_buffer_take(&findings.lines);

	if (good && findings.count > 0)
	{
		good = slipway_credential_work_fail(work, SLIPWAY_EXIT_INVALID, NULL, "%zu %s found", findings.count,
											findings.count == 1 ? "fault was" : "faults were");
		work->end->detail = slipway_memory_copy(lines);
	}
	free(lines);
	return good && slipway_credential_work_do(work, "SELECT slipway.validate_credential($1)", 1, values);
}
