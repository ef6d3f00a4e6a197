/*
 * preflight_tenant.c
 *	  Checks before a deploy: does row-level security keep tenants apart?
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "preflight.h"
#include "server.h"

/* Rows are counted up to so many. */
#define MOST_ROWS "1000"

#define BEGIN_LOOKING "BEGIN READ ONLY; SET LOCAL statement_timeout = '30s'"

/* One table that has the column. */
typedef struct Table
{
	const char *name;			/* quoted */
	const char *column;			/* quoted */
	bool		is_protected;	/* enabled, forced, and with a policy */
	const char *lacks;
} Table;

static const char find_tables[] =
/* with its schema, as the application may have another search_path */
"SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident($1),"
"       c.relrowsecurity AND c.relforcerowsecurity AND p.n > 0,"
"       CASE WHEN NOT c.relrowsecurity THEN 'row-level security is not enabled'"
"            WHEN NOT c.relforcerowsecurity THEN 'row-level security is not forced'"
"            ELSE 'there is no policy on it' END"
"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
"  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $1 AND a.attnum > 0 AND NOT a.attisdropped"
"  CROSS JOIN LATERAL (SELECT count(*) AS n FROM pg_catalog.pg_policy WHERE polrelid = c.oid) p"
" WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
"   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'slipway')"
" ORDER BY 1";

/* What the application gets of a table. */
typedef struct Sight
{
	long		rows;			/* that it sees, at most MOST_ROWS */
	char	   *fault;			/* the error that it gets instead, or NULL */
	bool		is_untold;		/* the error says nothing of what is to be seen */
	bool		is_forbidden;	/* the error is that it may not read the table */
} Sight;

/* Takes over the result of a step. */
static void
note_result(Sight *sight, PGresult *result, bool is_preparation)
{
	static const char *const classes_of_the_moment[] = {"08", "40", "53", "55", "57", "58", "XX"};
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		sight->rows = strtol(PQgetvalue(result, 0, 0), NULL, 10);
	else if (PQresultStatus(result) != PGRES_COMMAND_OK)
	{
		sight->fault = slipway_memory_copy(sqlstate != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
										   : "the connection was lost");
		sight->is_untold = is_preparation || sqlstate == NULL;
		for (size_t i = 0; i < sizeof(classes_of_the_moment) / sizeof(classes_of_the_moment[0]) && sqlstate != NULL; i++)
			sight->is_untold |= strncmp(sqlstate, classes_of_the_moment[i], 2) == 0;
		sight->is_forbidden = sqlstate != NULL && strcmp(sqlstate, "42501") == 0;
	}
	PQclear(result);
}

/* With the setting made (value NULL: unset), what it sees beyond rows of one tenant (NULL: at all). */
static Sight
look_at(PGconn *conn, const Table *table, const char *setting, const char *value, const char *others_than)
{
	char	   *sql = others_than != NULL
		? slipway_memory_format("SELECT count(*) FROM (SELECT FROM %s WHERE %s::text IS DISTINCT FROM $1 LIMIT " MOST_ROWS ") s",
								table->name, table->column)
		: slipway_memory_format("SELECT count(*) FROM (SELECT FROM %s LIMIT " MOST_ROWS ") s", table->name);
	const char *const set[] = {setting, value};
	Sight		sight = {0};

	note_result(&sight, slipway_server_answer(conn, PQexec(conn, BEGIN_LOOKING)), true);
	if (sight.fault == NULL && value != NULL)
		note_result(&sight, slipway_server_answer(conn, PQexecParams(conn, "SELECT pg_catalog.set_config($1, $2, true)", 2, NULL, set, NULL, NULL, 0)), true);
	if (sight.fault == NULL)
		note_result(&sight, slipway_server_answer(conn, PQexecParams(conn, sql, others_than != NULL ? 1 : 0, NULL, &others_than, NULL, NULL, 0)), false);
	PQclear(slipway_server_answer(conn, PQexec(conn, "ROLLBACK")));
	free(sql);
	return sight;
}

/*
 * Two tenants of a table, as the administrator sees them; false if there are none, or if that one is itself
 * kept from seeing them, which is reported and makes *good false.
 */
static bool
find_tenants(SlipwayPreflight *preflight, const Table *table, char *tenants[2], bool *good)
{
	char	   *sql = slipway_memory_format("SELECT DISTINCT %s::text FROM (SELECT %s FROM %s WHERE %s IS NOT NULL LIMIT 100000) s LIMIT 2",
											table->column, table->column, table->name, table->column);
	PGresult   *result;
	int			count;

	/* an error, and not as few rows as a policy lets it see */
	PQclear(slipway_server_answer(preflight->conn, PQexec(preflight->conn, BEGIN_LOOKING "; SET LOCAL row_security = off")));
	result = slipway_server_answer(preflight->conn, PQexec(preflight->conn, sql));
	count = PQntuples(result);
	for (int i = 0; i < count && i < 2; i++)
		tenants[i] = slipway_memory_copy(PQgetvalue(result, i, 0));
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_SKIPPED,
							   "Check as a role that may read the table and has BYPASSRLS.",
							   "%s: it is not known whose rows it has: %s", table->name,
							   message != NULL ? message : "the connection was lost");
		*good = false;
	}
	PQclear(result);
	PQclear(slipway_server_answer(preflight->conn, PQexec(preflight->conn, "ROLLBACK")));
	free(sql);
	return count > 0;
}

/*
 * No row is to be seen: with the setting made for one tenant, none of others; and none with it empty, as it is
 * in a session of a pool after another transaction has set it, or not set at all (value NULL), where an error is
 * as good as no row. False if that is not so, or could not be tried, which is reported.
 */
static bool
expect_none(SlipwayPreflight *preflight, PGconn *conn, const Table *table, const char *setting, const char *value)
{
	const char *tenant = value != NULL && *value != '\0' ? value : NULL;
	Sight		sight = look_at(conn, table, setting, value, tenant);
	const char *format = value == NULL ? "%s: without %s" : tenant == NULL ? "%s: with %s empty" : "%s: with %s set to one tenant";
	char	   *when = slipway_memory_format(format, table->name, setting);
	bool		good = true;

	if (sight.fault != NULL && sight.is_untold)
		good = false;
	else if (sight.fault != NULL)
		good = tenant == NULL || sight.is_forbidden;
	if (!good)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL, "%s, %s: %s", when,
							   sight.is_untold ? "nothing could be tried" : "it cannot be read", sight.fault);
	else if (sight.fault == NULL && sight.rows > 0)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL, "%s, %ld rows%s%s are seen", when,
							   sight.rows, sight.rows >= atol(MOST_ROWS) ? " or more" : "", tenant != NULL ? " of others" : "");
	good = good && (sight.fault != NULL || sight.rows == 0);
	free(sight.fault);
	free(when);
	return good;
}

static bool
check_protection(SlipwayPreflight *preflight, const Table *table)
{
	if (!table->is_protected)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED,
							   "ALTER TABLE ... ENABLE and FORCE ROW LEVEL SECURITY, and CREATE POLICY.",
							   "%s: %s", table->name, table->lacks);
	return table->is_protected;
}

/* Tries two tenants of a table that has so many. */
static bool
try_tenants(SlipwayPreflight *preflight, PGconn *conn, const Table *table, const char *setting, int *tried)
{
	char	   *tenants[2] = {NULL, NULL};
	bool		good = true;

	if (find_tenants(preflight, table, tenants, &good))
	{
		(*tried)++;
		for (int i = 0; i < 2 && tenants[i] != NULL; i++)
			good &= expect_none(preflight, conn, table, setting, tenants[i]);
		good &= expect_none(preflight, conn, table, setting, "");
	}
	free(tenants[0]);
	free(tenants[1]);
	return good;
}

static Table
read_table(const PGresult *tables, int row)
{
	return (Table) {
		.name = PQgetvalue(tables, row, 0),
		.column = PQgetvalue(tables, row, 1),
		.is_protected = strcmp(PQgetvalue(tables, row, 2), "t") == 0,
		.lacks = PQgetvalue(tables, row, 3),
	};
}

void
slipway_preflight_tenants(SlipwayPreflight *preflight, PGconn *application)
{
	const char *column = slipway_option_text(preflight->arguments, SLIPWAY_OPTION_TENANT_COLUMN);
	const char *setting = slipway_option_text(preflight->arguments, SLIPWAY_OPTION_TENANT_SETTING);
	PGresult   *tables;
	bool		good = true;
	int			tried = 0;

	if (column == NULL)
		return;
	tables = slipway_preflight_ask(preflight, preflight->conn, "tenants", find_tables, column, NULL);
	if (tables == NULL)
		return;
	/* All of this before the setting is made in this session: it would be empty then, and not unset. */
	for (int row = 0; row < PQntuples(tables); row++)
	{
		const Table table = read_table(tables, row);

		good &= check_protection(preflight, &table) &&
			(setting == NULL || expect_none(preflight, application, &table, setting, NULL));
	}
	for (int row = 0; row < PQntuples(tables) && setting != NULL; row++)
	{
		const Table table = read_table(tables, row);

		if (table.is_protected)
			good &= try_tenants(preflight, application, &table, setting, &tried);
	}
	if (PQntuples(tables) == 0)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL, "no table has a column \"%s\"", column);
	else if (good)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_OK, NULL,
							   "%d tables with column \"%s\" are protected, %d of them were tried", PQntuples(tables),
							   column, tried);
	PQclear(tables);
}
