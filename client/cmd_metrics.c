/*
 * cmd_metrics.c
 *	  slipway metrics
 *
 * The text format of Prometheus, version 0.0.4: # HELP and # TYPE once for each
 * metric, and its samples in one piece.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "connection.h"
#include "die.h"
#include "output.h"
#include "secret_counter.h"
#include "server.h"

/* In labels, backslashes, quotes and line feeds are escaped. */
#define ESCAPED(text) \
	"pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(" text \
	", '\\', '\\\\'), '\"', '\\\"'), E'\\n', '\\n')"

/* The samples of a view. */
#define QUERY(view) \
	"SELECT m.name, m.type, m.help, m.project, m.labels, m.value,\n" \
	"       pg_catalog.format('database=\"%s\",project=\"%s\"%s',\n" \
	"           " ESCAPED("pg_catalog.current_database()") ",\n" \
	"           " ESCAPED("m.project") ",\n" \
	"           (SELECT pg_catalog.string_agg(pg_catalog.format(',%s=\"%s\"', l.key,\n" \
	"                   " ESCAPED("l.value") "), '' ORDER BY l.key)\n" \
	"              FROM pg_catalog.jsonb_each_text(m.labels) l))\n" \
	"  FROM " view " m\n" \
	" WHERE m.project = $1 OR $1 IS NULL\n" \
	" ORDER BY m.name COLLATE \"C\", m.project, m.labels"

enum
{
	NAME, TYPE, HELP, PROJECT, LABELS, VALUE, LABEL_TEXT
};

static void
print_text(const PGresult *result)
{
	const char *last = "";

	for (int row = 0; row < PQntuples(result); row++)
	{
		const char *name = PQgetvalue(result, row, NAME);

		if (strcmp(name, last) != 0)
			(void) printf("# HELP %s %s\n# TYPE %s %s\n", name, PQgetvalue(result, row, HELP), name,
						  PQgetvalue(result, row, TYPE));
		(void) printf("%s{%s} %s\n", name, PQgetvalue(result, row, LABEL_TEXT),
					  PQgetvalue(result, row, VALUE));
		last = name;
	}
	/* what it took to get here */
	if (slipway_secret_counter_has_any())
		slipway_secret_counter_print(stdout);
}

static void
print_json(const PGresult *result)
{
	for (int row = 0; row < PQntuples(result); row++)
	{
		json_t	   *labels = json_loads(PQgetvalue(result, row, LABELS), 0, NULL);

		slipway_output_json(json_pack("{s:s, s:s, s:o, s:o, s:f}",
									  "name", PQgetvalue(result, row, NAME),
									  "type", PQgetvalue(result, row, TYPE),
									  "project", slipway_output_json_text(PQgetvalue(result, row, PROJECT)),
									  "labels", labels != NULL ? labels : json_object(),
									  "value", slipway_server_number(result, row, VALUE, 0)));
	}
	if (slipway_secret_counter_has_any())
		slipway_output_json(slipway_secret_counter_json());
}

static void
print(const PGresult *result)
{
	if (slipway_output_is_json())
		print_json(result);
	else
		print_text(result);
}

/* To look for it waits for locks on what views refer to; while a migration holds these, the other samples are still worth having. */
static void
print_drift(PGconn *conn, const char *const *values)
{
	PGresult   *result = slipway_server_answer(conn, PQexecParams(conn, QUERY("slipway.metric_drift"), 1, NULL, values, NULL, NULL, 0));

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		print(result);
	else
		slipway_server_warn_of_drift(result);
	PQclear(result);
}

SlipwayExitCode
slipway_cmd_metrics(const SlipwayArguments *arguments)
{
	/* Without the option it is about all projects, unlike other commands. */
	const char *const values[] = {slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT)};
	PGconn	   *conn = slipway_connection_open(arguments);
	PGresult   *result = slipway_server_greet(conn, QUERY("slipway.metric"), 1, values);

	if (PQntuples(result) == 0 && values[0] != NULL)
		slipway_die(SLIPWAY_EXIT_ERROR, "See \"slipway init\".",
					"project \"%s\" does not exist, or role \"%s\" may not read it", values[0], PQuser(conn));
	print(result);
	PQclear(result);
	if (!slipway_option_flag(arguments, SLIPWAY_OPTION_NO_DRIFT))
		print_drift(conn, values);
	return SLIPWAY_EXIT_DONE;
}
