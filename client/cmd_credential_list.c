/*
 * cmd_credential_list.c
 *	  slipway credential list, slipway credential estimate
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "credential_terms.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "rows.h"
#include "server.h"

#define WHERE \
	" WHERE ($1::pg_catalog.text IS NULL OR c.status OPERATOR(pg_catalog.=) $1)" \
	" AND ($2::pg_catalog.text IS NULL OR c.made_at IS NULL)" \
	" AND ($3::pg_catalog.timestamptz IS NULL OR c.created_at OPERATOR(pg_catalog.<) $3::pg_catalog.timestamptz)"

/* A word that is no date is a mistake of the command line. */
static void
check_date(PGconn *conn, const char *date)
{
	PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, "SELECT $1::pg_catalog.timestamptz", 1, NULL, &date, NULL, NULL, 0));

	if (PQresultStatus(result) == PGRES_FATAL_ERROR && PQstatus(conn) == CONNECTION_OK)
		slipway_die(SLIPWAY_EXIT_USAGE, "It is one like 2026-11-01 or \"2026-11-01 12:00\".", "--created-before: \"%s\" is no date", date);
	PQclear(result);
}

SlipwayExitCode
slipway_cmd_credential_list(const SlipwayArguments *arguments)
{
	static const char plain[] =
		"SELECT c.project, c.status, c.role, c.preset, c.previous_role, " SLIPWAY_SERVER_UTC_ISO("c.created_at") " AS created_at, "
		SLIPWAY_SERVER_UTC_ISO("c.validated_at") " AS validated_at, c.reference"
		" FROM slipway.project_credential c" WHERE " ORDER BY c.project";
	static const char detailed[] =
		"SELECT c.project, c.status, c.role, r.risk, r.sessions, " SLIPWAY_SERVER_UTC_ISO("r.seen_at") " AS seen_at, r.custom_grants,"
		" r.policies, r.owned, r.size_bytes, r.writes, c.preset, c.previous_role, c.connection_limit, c.adopted, "
		SLIPWAY_SERVER_UTC_ISO("c.created_at") " AS created_at, " SLIPWAY_SERVER_UTC_ISO("c.generated_at") " AS generated_at, "
		SLIPWAY_SERVER_UTC_ISO("c.made_at") " AS made_at, " SLIPWAY_SERVER_UTC_ISO("c.updated_at") " AS updated_at, "
		SLIPWAY_SERVER_UTC_ISO("c.validated_at") " AS validated_at, c.changed_by, c.reference"
		" FROM slipway.project_credential c CROSS JOIN LATERAL slipway.credential_risk(c.project) r" WHERE " ORDER BY c.project";
	SlipwayRowsFormat format = slipway_rows_format(arguments);
	const char *date = slipway_option_text(arguments, SLIPWAY_OPTION_CREATED_BEFORE);
	const char *const values[] = {
		slipway_option_text(arguments, SLIPWAY_OPTION_STATUS),
		slipway_option_flag(arguments, SLIPWAY_OPTION_MISSING) ? "t" : NULL, date
	};
	PGconn	   *conn = slipway_credential_connect(arguments);
	PGresult   *result;

	if (date != NULL)
		check_date(conn, date);
	result = slipway_server_query(conn, slipway_option_flag(arguments, SLIPWAY_OPTION_DETAILED) ? detailed : plain, 3, values);
	slipway_rows_print(result, format, "credential");
	if (PQntuples(result) == 0)
		slipway_output_say("no project is like that");
	PQclear(result);
	return SLIPWAY_EXIT_DONE;
}

/* What is known of how long it takes: a whole move, as batches have measured it, else the sum of the steps. */
static double
find_seconds(const PGresult *result)
{
	double		sum = 0;

	for (int row = 0; row < PQntuples(result); row++)
	{
		double		seconds = slipway_server_number(result, row, 3, -1);

		if (strcmp(PQgetvalue(result, row, 1), "all") == 0 && seconds >= 0)
			return seconds;
		if (strcmp(PQgetvalue(result, row, 1), "all") != 0 && seconds >= 0)
			sum += seconds;
	}
	return sum;
}

static void
say_estimate(const PGresult *result)
{
	long		roles = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	double		seconds = find_seconds(result);
	long		most = strtol(PQgetvalue(result, 0, 4), NULL, 10);
	long		used = strtol(PQgetvalue(result, 0, 5), NULL, 10);
	char	   *each = slipway_output_duration(seconds * 1000);
	char	   *all = slipway_output_duration(seconds * 1000 * (double) roles);

	slipway_output_say("%ld %s to make", roles, roles == 1 ? "role is" : "roles are");
	if (seconds > 0)
		slipway_output_say("each takes %s, all one after the other %s", each, all);
	else
		slipway_output_say("how long one takes was not measured yet");
	slipway_output_say("connections: %ld of %ld are used, the limits of the roles allow %s", used, most, PQgetvalue(result, 0, 6));
	if (strtol(PQgetvalue(result, 0, 6), NULL, 10) > most)
		slipway_output_warn(NULL, "the limits of the roles allow more connections than the server has");
	free(each);
	free(all);
}

SlipwayExitCode
slipway_cmd_credential_estimate(const SlipwayArguments *arguments)
{
	SlipwayRowsFormat format = slipway_rows_format(arguments);
	PGconn	   *conn = slipway_credential_connect(arguments);
	PGresult   *result = slipway_server_query(conn, "SELECT roles, step, measured, seconds, connections_max, connections_used,"
											  " connections_planned FROM slipway.credential_estimate()", 0, NULL);

	slipway_rows_print(result, format, "credential_estimate");
	if (PQntuples(result) > 0)
		say_estimate(result);
	PQclear(result);
	return SLIPWAY_EXIT_DONE;
}
