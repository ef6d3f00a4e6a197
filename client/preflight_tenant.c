/*
 * preflight_tenant.c
 *	  Checks before a deploy: does row-level security keep tenants apart?
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "preflight.h"

/* One table that has the column. */
typedef struct Table
{
	const char *name;			/* quoted */
	const char *column;			/* quoted */
	bool		is_protected;	/* enabled, forced, and with a policy */
	const char *lacks;
} Table;

static const char find_tables[] =
"SELECT c.oid::pg_catalog.regclass::text, pg_catalog.quote_ident($1),"
"       c.relrowsecurity AND c.relforcerowsecurity AND p.n > 0,"
"       CASE WHEN NOT c.relrowsecurity THEN 'row-level security is not enabled'"
"            WHEN NOT c.relforcerowsecurity THEN 'row-level security is not forced'"
"            ELSE 'there is no policy on it' END"
"  FROM pg_catalog.pg_class c"
"  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $1 AND a.attnum > 0 AND NOT a.attisdropped"
"  CROSS JOIN LATERAL (SELECT count(*) AS n FROM pg_catalog.pg_policy WHERE polrelid = c.oid) p"
" WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'"
"   AND c.relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace"
"                               WHERE nspname IN ('pg_catalog', 'information_schema', 'slipway'))"
" ORDER BY 1";

/* The only field of a query, or NULL; sets *sqlstate to that of an error, else to NULL. */
static char *
ask_one(PGconn *conn, const char *sql, const char *const values[2], char sqlstate[6])
{
	int			count = strstr(sql, "$2") != NULL ? 2 : strstr(sql, "$1") != NULL ? 1 : 0;
	PGresult   *result = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	char	   *field = NULL;

	sqlstate[0] = '\0';
	if (state != NULL)
		memcpy(sqlstate, state, 6);
	else if (PQntuples(result) > 0 && !PQgetisnull(result, 0, 0))
		field = slipway_memory_copy(PQgetvalue(result, 0, 0));
	PQclear(result);
	return field;
}

/* How many rows of a table the application sees, beyond those of one tenant (NULL: at all); -1: an error. */
static long
count_rows(PGconn *conn, const Table *table, const char *setting, const char *value, const char *others_than)
{
	char	   *sql = others_than != NULL
		? slipway_memory_format("SELECT count(*) FROM %s WHERE %s::text IS DISTINCT FROM $1", table->name, table->column)
		: slipway_memory_format("SELECT count(*) FROM %s", table->name);
	const char *const set[2] = {setting, value};
	const char *const values[2] = {others_than, NULL};
	char		sqlstate[6];
	char	   *count = NULL;

	PQclear(PQexec(conn, "BEGIN READ ONLY; SET LOCAL statement_timeout = '30s'"));
	if (value != NULL)
		free(ask_one(conn, "SELECT pg_catalog.set_config($1, $2, true)", set, sqlstate));
	count = ask_one(conn, sql, values, sqlstate);
	PQclear(PQexec(conn, "ROLLBACK"));
	free(sql);
	if (count == NULL)
		return -1;

	long		rows = strtol(count, NULL, 10);

	free(count);
	return rows;
}

/* Two tenants of a table, as the administrator sees them; false if there are none. */
static bool
find_tenants(SlipwayPreflight *preflight, const Table *table, char *tenants[2])
{
	char	   *sql = slipway_memory_format("SELECT DISTINCT %s::text FROM (SELECT %s FROM %s WHERE %s IS NOT NULL LIMIT 100000) s LIMIT 2",
											table->column, table->column, table->name, table->column);
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "tenants", sql, NULL, NULL);
	int			count = result != NULL ? PQntuples(result) : 0;

	for (int i = 0; i < count && i < 2; i++)
		tenants[i] = slipway_memory_copy(PQgetvalue(result, i, 0));
	PQclear(result);
	free(sql);
	return count > 0;
}

/*
 * With none set no row is to be seen. An error is as good as no row. False if something is wrong,
 * which is reported.
 */
static bool
check_unset(SlipwayPreflight *preflight, PGconn *conn, const Table *table, const char *setting)
{
	long		rows = count_rows(conn, table, setting, NULL, NULL);

	if (rows > 0)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL,
							   "%s: without %s, %ld rows are seen", table->name, setting, rows);
	return rows <= 0;
}

/*
 * With A set no row of B; and none with it empty, as it is in a session of a pool after another
 * transaction has set it.
 */
static bool
check_isolation(SlipwayPreflight *preflight, PGconn *conn, const Table *table, const char *setting,
				const char *tenant)
{
	long		others = count_rows(conn, table, setting, tenant, tenant);
	long		empty = count_rows(conn, table, setting, "", NULL);
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	if (others != 0)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL,
							   others < 0 ? "%s: cannot be read with %s set (%ld)"
							   : "%s: with %s set to one tenant, %ld rows of others are seen", table->name, setting, others);
	if (empty > 0)
		slipway_preflight_note(preflight, "tenants", SLIPWAY_OUTCOME_FAILED, NULL,
							   "%s: with %s empty, %ld rows are seen", table->name, setting, empty);
	return preflight->counts[SLIPWAY_OUTCOME_FAILED] == before;
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

	if (find_tenants(preflight, table, tenants))
	{
		(*tried)++;
		for (int i = 0; i < 2 && tenants[i] != NULL; i++)
			good &= check_isolation(preflight, conn, table, setting, tenants[i]);
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
			(setting == NULL || check_unset(preflight, application, &table, setting));
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
