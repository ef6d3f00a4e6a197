/*
 * preflight_application.c
 *	  Checks before a deploy: the application's connection, that its role is
 *	  restricted, and what it gets under load.
 */
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "load.h"
#include "memory.h"
#include "output.h"
#include "preflight.h"

#define DEFAULT_DURATION_MS 5000
#define DEFAULT_ACQUIRE_LIMIT_MS 50
#define DEFAULT_QUERY_LIMIT_MS 100

/* What may be worse than the baseline, and what is too little to count, ms. */
#define WORSE 1.5
#define NOTHING_MS 1.0

static PGconn *
check_connection(SlipwayPreflight *preflight, SlipwayTarget *target)
{
	char	   *fault = NULL;
	PGconn	   *conn = slipway_connection_attempt(preflight->arguments, target, &fault);

	if (conn == NULL)
		slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_FAILED, NULL, "could not connect (%s): %s",
							   target->source, fault);
	else
		slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_OK, NULL,
							   "connected to database \"%s\" as role \"%s\"", PQdb(conn), PQuser(conn));
	free(fault);
	return conn;
}

/* What the catalogs say against its role, a row for each. */
static void
check_role(SlipwayPreflight *preflight, PGconn *conn, const char *schemas)
{
	static const char sql[] =
	"SELECT a.text FROM pg_catalog.pg_roles r,"
	" LATERAL (VALUES (r.rolsuper, 'is a superuser'), (r.rolcreaterole, 'may create roles'),"
	"                 (r.rolcreatedb, 'may create databases'), (r.rolbypassrls, 'bypasses row-level security'),"
	"                 (r.rolreplication, 'may replicate'),"
	"                 (pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), 'may create schemas')) a(found, text)"
	" WHERE r.rolname = current_user AND a.found"
	" UNION ALL "
	"SELECT pg_catalog.format('may create objects in schema %I', n.nspname)"
	"  FROM pg_catalog.pg_namespace n"
	" WHERE n.nspname = ANY ($1::text[]) AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')"
	" UNION ALL "
	"SELECT pg_catalog.format('may act as %I, which owns tables', o.rolname)"
	"  FROM pg_catalog.pg_roles o"
	" WHERE o.rolname <> current_user AND pg_catalog.pg_has_role(o.oid, 'MEMBER') AND NOT o.rolsuper"
	"   AND EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	"                WHERE c.relowner = o.oid AND n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S'))"
	" UNION ALL "
	"SELECT pg_catalog.format('owns %s relations, as %s', count(*), min(c.oid::pg_catalog.regclass::text))"
	"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
	"  JOIN pg_catalog.pg_roles r ON r.oid = c.relowner AND r.rolname = current_user"
	" WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
	" HAVING count(*) > 0"
	" UNION ALL "
	"SELECT pg_catalog.format('may write slipway.%I', c.relname)"
	"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'slipway'"
	" WHERE c.relkind = 'r' AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')";
	PGresult   *result = slipway_preflight_ask(preflight, conn, "restricted", sql, schemas, NULL);
	char	   *list;

	if (result == NULL)
		return;
	list = slipway_preflight_list(result, 0);
	if (PQntuples(result) > 0)
		slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_FAILED,
							   "Migrations are for another role; the application needs rights on rows only.",
							   "role \"%s\" %s", PQuser(conn), list);
	free(list);
	PQclear(result);
}

static bool
is_refused(PGconn *conn, const char *sql)
{
	PGresult   *result = PQexec(conn, sql);
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	/* insufficient privilege, or there is nothing it could see */
	bool		refused = sqlstate != NULL && strcmp(sqlstate, "42501") == 0;

	PQclear(result);
	return refused;
}

/* Really tries what it must not be able to do, in transactions that are rolled back. */
static void
try_forbidden(SlipwayPreflight *preflight, PGconn *conn, const char *schemas)
{
	static const char sql[] =
	"SELECT pg_catalog.format('CREATE TABLE in schema %I', s),"
	"       pg_catalog.format('BEGIN; CREATE TABLE %I.slipway_check_%s (); ROLLBACK', s, pg_catalog.pg_backend_pid())"
	"  FROM pg_catalog.unnest($1::text[]) s JOIN pg_catalog.pg_namespace n ON n.nspname = s"
	" UNION ALL "
	"SELECT pg_catalog.format('DELETE FROM slipway.%I', c.relname),"
	"       pg_catalog.format('BEGIN; DELETE FROM slipway.%I WHERE false; ROLLBACK', c.relname)"
	"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'slipway'"
	" WHERE c.relkind = 'r'";
	PGresult   *tries = slipway_preflight_ask(preflight, conn, "restricted", sql, schemas, NULL);
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	if (tries == NULL)
		return;
	for (int row = 0; row < PQntuples(tries); row++)
	{
		if (!is_refused(conn, PQgetvalue(tries, row, 1)))
			slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_FAILED,
								   "Revoke what it does not need; PUBLIC may have it.",
								   "%s by role \"%s\" was not refused (and rolled back)",
								   PQgetvalue(tries, row, 0), PQuser(conn));
		PQclear(PQexec(conn, "ROLLBACK"));
	}
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_OK, NULL,
							   "role \"%s\" was refused in all of %d tries of what it must not do",
							   PQuser(conn), PQntuples(tries));
	PQclear(tries);
}

static void
judge_percentiles(SlipwayPreflight *preflight, const char *check, const char *what,
				  const SlipwayPercentiles *values, double limit)
{
	bool		slow = values->p95 > limit;

	slipway_preflight_note(preflight, check, slow ? SLIPWAY_OUTCOME_FAILED : SLIPWAY_OUTCOME_OK,
						   slow ? "Look at the pool's size, max_connections and the server's load." : NULL,
						   "%s: p50 %.1f ms, p95 %.1f ms, p99 %.1f ms (limit of p95: %.0f ms)", what,
						   values->p50, values->p95, values->p99, limit);
}

static void
compare_one(SlipwayPreflight *preflight, const char *name, double now, double then)
{
	if (now > then * WORSE && now - then > NOTHING_MS)
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_FAILED, NULL,
							   "%s: %.1f ms, it was %.1f ms (%+.0f %%)", name, now, then, (now / then - 1) * 100);
}

static void
compare_baseline(SlipwayPreflight *preflight, const SlipwayLoad *load, const char *path)
{
	SlipwayLoad then = slipway_load_read(path);
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	if (then.connections != load->connections)
	{
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_FAILED, "Use the same --load, or a new baseline.",
							   "\"%s\" is of %d connections, not %d", path, then.connections, load->connections);
		return;
	}
	compare_one(preflight, "p50 of connections", load->acquire.p50, then.acquire.p50);
	compare_one(preflight, "p95 of connections", load->acquire.p95, then.acquire.p95);
	compare_one(preflight, "p99 of connections", load->acquire.p99, then.acquire.p99);
	compare_one(preflight, "p50 of queries", load->query.p50, then.query.p50);
	compare_one(preflight, "p95 of queries", load->query.p95, then.query.p95);
	compare_one(preflight, "p99 of queries", load->query.p99, then.query.p99);
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_OK, NULL, "no figure is more than 50 %% worse");
}

static void
check_load(SlipwayPreflight *preflight, const SlipwayTarget *target)
{
	const SlipwayArguments *arguments = preflight->arguments;
	const char *save = slipway_option_text(arguments, SLIPWAY_OPTION_SAVE_BASELINE);
	const char *compare = slipway_option_text(arguments, SLIPWAY_OPTION_COMPARE);
	int			connections = slipway_option_integer(arguments, SLIPWAY_OPTION_LOAD, 0);
	SlipwayLoad load;

	if (connections == 0)
		return;
	load = slipway_load_run(target, connections,
							slipway_option_duration(arguments, SLIPWAY_OPTION_DURATION, DEFAULT_DURATION_MS));
	if (load.failures > 0)
		slipway_preflight_note(preflight, "load", SLIPWAY_OUTCOME_FAILED, "Raise max_connections, or use a pool.",
							   "%ld of %ld connections failed: %s", load.failures, load.failures + load.count, load.fault);
	else
		slipway_preflight_note(preflight, "load", SLIPWAY_OUTCOME_OK, NULL,
							   "%d connections at a time, %ld in all, none failed", connections, load.count);
	judge_percentiles(preflight, "acquire", "to get a connection", &load.acquire,
					  slipway_option_duration(arguments, SLIPWAY_OPTION_ACQUIRE_LIMIT, DEFAULT_ACQUIRE_LIMIT_MS));
	judge_percentiles(preflight, "query", "a query on it", &load.query,
					  slipway_option_duration(arguments, SLIPWAY_OPTION_QUERY_LIMIT, DEFAULT_QUERY_LIMIT_MS));
	if (compare != NULL)
		compare_baseline(preflight, &load, compare);
	if (save != NULL)
		slipway_load_save(&load, save);
	slipway_load_free(&load);
}

static bool
find_target(SlipwayPreflight *preflight, SlipwayTarget *target)
{
	SlipwaySecretFault *fault = slipway_target_ask(preflight->arguments, true, target);

	if (fault != NULL)
		slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_FAILED, fault->hint, "could not connect: %s",
							   fault->text);
	else if (!target->is_given)
		slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_SKIPPED,
							   "Give app_url in the section of --env, or DB_CONN_STRING.",
							   "nothing says how the application connects");
	slipway_secret_fault_free(fault);
	return fault == NULL && target->is_given;
}

void
slipway_preflight_application(SlipwayPreflight *preflight)
{
	SlipwayTarget target = {0};
	PGconn	   *conn;
	char	   *schemas;

	if (!find_target(preflight, &target))
		return;
	conn = check_connection(preflight, &target);
	if (conn != NULL)
	{
		int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

		schemas = slipway_preflight_schemas(preflight);
		check_role(preflight, conn, schemas);
		if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
			try_forbidden(preflight, conn, schemas);
		free(schemas);
		slipway_preflight_tenants(preflight, conn);
		check_load(preflight, &target);
	}
	slipway_target_release(&target);
}
