/*
 * preflight_application.c
 *	  Checks before a deploy: the application's connection, that its role is
 *	  restricted, and what it gets under load.
 */
#include <stdlib.h>
#include <string.h>

#include "application.h"
#include "connection.h"
#include "load.h"
#include "memory.h"
#include "output.h"
#include "preflight.h"
#include "server.h"

#define DEFAULT_DURATION_MS 5000
#define DEFAULT_ACQUIRE_LIMIT_MS 50
#define DEFAULT_QUERY_LIMIT_MS 100

/* What may be worse than the baseline, and what is too little to count, ms. */
#define WORSE 1.5
#define NOTHING_MS 1.0

/* Connects. Sets *role, which the caller frees, to whom the server sees: a pooler may have its own idea of that. */
static PGconn *
check_connection(SlipwayPreflight *preflight, SlipwayTarget *target, char **role)
{
	char	   *fault = NULL;
	PGconn	   *conn = slipway_connection_attempt(preflight->arguments, target, &fault);
	PGresult   *result = NULL;

	*role = NULL;
	if (conn == NULL)
		slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_FAILED, NULL, "could not connect (%s): %s",
							   target->source, fault);
	else
		result = slipway_preflight_ask(preflight, conn, "application", "SELECT current_user, pg_catalog.current_database()",
									   NULL, NULL);
	free(fault);
	if (result == NULL)
		return NULL;
	*role = slipway_memory_copy(PQgetvalue(result, 0, 0));
	slipway_preflight_note(preflight, "application", SLIPWAY_OUTCOME_OK, NULL,
						   "connected to database \"%s\" as role \"%s\"", PQgetvalue(result, 0, 1), *role);
	PQclear(result);
	return conn;
}

/*
 * What the catalogs say against its role, and against those that it can become, inherited or not; what a
 * superuser could become is of no interest.
 */
static void
check_role(SlipwayPreflight *preflight, PGconn *conn, const char *role)
{
	static const char sql[] =
	"WITH becoming AS (SELECT r.*, r.rolname = current_user AS itself FROM pg_catalog.pg_roles r"
	"   WHERE r.rolname = current_user OR (pg_catalog.pg_has_role(r.oid, 'MEMBER')"
	"         AND NOT (SELECT s.rolsuper FROM pg_catalog.pg_roles s WHERE s.rolname = current_user))),"
	/* of which there is no more to say */
	" superuser AS (SELECT * FROM becoming WHERE rolsuper), acting AS (SELECT * FROM becoming WHERE NOT rolsuper),"
	" namespace AS (SELECT * FROM pg_catalog.pg_namespace WHERE nspname = ANY ($1::text[])),"
	" relation AS (SELECT c.* FROM pg_catalog.pg_class c JOIN namespace n ON n.oid = c.relnamespace"
	"   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')),"
	" fact AS ("
	"SELECT a.rolname, a.itself, f.text, 1 AS rank FROM acting a,"
	" LATERAL (VALUES (a.rolcreaterole, 'may create roles'),"
	"                 (a.rolcreatedb, 'may create databases'), (a.rolbypassrls, 'bypasses row-level security'),"
	"                 (a.rolreplication, 'may replicate'),"
	"                 (a.rolname = 'pg_execute_server_program', 'runs programs on the server'),"
	"                 (a.rolname = 'pg_write_server_files', 'writes files of the server'),"
	"                 (pg_catalog.has_database_privilege(a.oid, pg_catalog.current_database(), 'CREATE'), 'may create schemas'))"
	"   f(found, text) WHERE f.found"
	" UNION ALL "
	"SELECT a.rolname, a.itself, 'is a superuser', 0 FROM superuser a"
	" UNION ALL "
	"SELECT a.rolname, a.itself, pg_catalog.format('may create objects in schema %I', n.nspname), 2"
	"  FROM acting a, namespace n WHERE pg_catalog.has_schema_privilege(a.oid, n.oid, 'CREATE')"
	" UNION ALL "
	"SELECT a.rolname, a.itself, pg_catalog.format('owns %s relations, as %s', count(*), min(c.oid::pg_catalog.regclass::text)), 3"
	"  FROM acting a JOIN relation c ON c.relowner = a.oid GROUP BY a.rolname, a.itself"
	" UNION ALL "
	"SELECT a.rolname, a.itself, pg_catalog.format('may write slipway.%I', c.relname), 4"
	"  FROM acting a, pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'slipway'"
	" WHERE c.relkind = 'r' AND (pg_catalog.has_table_privilege(a.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
	"                            OR pg_catalog.has_any_column_privilege(a.oid, c.oid, 'INSERT, UPDATE')))"
	/* what it may do without becoming another one is said once */
	"SELECT s.text FROM (SELECT DISTINCT ON (f.text) f.itself, f.rank,"
	"   CASE WHEN f.itself THEN f.text ELSE pg_catalog.format('may act as %I, which %s', f.rolname, f.text) END AS text"
	"   FROM fact f ORDER BY f.text, f.itself DESC) s ORDER BY s.itself DESC, s.rank, s.text";
	PGresult   *result = slipway_preflight_ask(preflight, conn, "restricted", sql, slipway_preflight_schemas(preflight), NULL);
	char	   *list;

	if (result == NULL)
		return;
	list = slipway_preflight_list(result, 0);
	if (PQntuples(result) > 0)
		slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_FAILED,
							   "Migrations are for another role; the application needs rights on rows only.",
							   "role \"%s\" %s", role, list);
	free(list);
	PQclear(result);
}

/* Who may deploy may do so with whatever the scripts run as. */
static void
check_kinds(SlipwayPreflight *preflight, PGconn *conn, const char *role)
{
	static const char sql[] =
	"SELECT k FROM pg_catalog.unnest('{uploader,approver,deployer,admin}'::text[]) k WHERE slipway._may(k, $1)";
	const char *const values[] = {preflight->project};
	PGresult   *result;
	char	   *list;

	if (!preflight->is_registered)
		return;
	result = slipway_server_answer(conn, PQexecParams(conn, sql, 1, NULL, values, NULL, NULL, 0));
	list = slipway_preflight_list(result, 0);
	/* a role without any right may not even ask */
	if (PQntuples(result) > 0)
		slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_FAILED,
							   "The application needs to be a reader at most.",
							   "role \"%s\" has rights in project \"%s\": %s", role, preflight->project, list);
	free(list);
	PQclear(result);
}

typedef enum Verdict
{
	VERDICT_REFUSED,			/* for want of rights */
	VERDICT_DONE,
	VERDICT_UNKNOWN				/* it failed, but for another reason */
} Verdict;

/* Tries a statement in a transaction that is rolled back. Sets *fault, which the caller frees, if that is unknown. */
static Verdict
try_statement(PGconn *conn, const char *sql, char **fault)
{
	PGresult   *result = slipway_server_answer(conn, PQexec(conn, "BEGIN READ WRITE; SET LOCAL lock_timeout = '2s'"));
	const char *sqlstate;
	Verdict		verdict = VERDICT_UNKNOWN;

	if (PQresultStatus(result) == PGRES_COMMAND_OK)
	{
		PQclear(result);
		result = slipway_server_answer(conn, PQexec(conn, sql));
	}
	sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		verdict = VERDICT_DONE;
	else if (sqlstate != NULL && strcmp(sqlstate, "42501") == 0)
		verdict = VERDICT_REFUSED;
	else if (*fault == NULL)
		*fault = slipway_memory_copy(sqlstate != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
									 : "the connection was lost");
	PQclear(result);
	if (PQtransactionStatus(conn) != PQTRANS_IDLE)
		PQclear(slipway_server_answer(conn, PQexec(conn, "ROLLBACK")));
	return verdict;
}

/* Really tries what it must not be able to do. */
static void
try_forbidden(SlipwayPreflight *preflight, PGconn *conn, const char *role)
{
	static const char sql[] =
	"SELECT pg_catalog.format('CREATE TABLE in schema %I', s),"
	"       pg_catalog.format('CREATE TABLE %I.slipway_check_%s ()', s, pg_catalog.pg_backend_pid())"
	"  FROM pg_catalog.unnest($1::text[]) s JOIN pg_catalog.pg_namespace n ON n.nspname = s"
	" UNION ALL "
	"SELECT pg_catalog.format('DELETE FROM slipway.%I', c.relname),"
	"       pg_catalog.format('DELETE FROM slipway.%I WHERE false', c.relname)"
	"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'slipway'"
	" WHERE c.relkind = 'r'";
	PGresult   *tries = slipway_preflight_ask(preflight, conn, "restricted", sql, slipway_preflight_schemas(preflight), NULL);
	int			counts[3] = {0};
	char	   *fault = NULL;

	for (int row = 0; row < PQntuples(tries); row++)
	{
		Verdict		verdict = try_statement(conn, PQgetvalue(tries, row, 1), &fault);

		counts[verdict]++;
		if (verdict == VERDICT_DONE)
			slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_FAILED,
								   "Revoke what it does not need; PUBLIC may have it.",
								   "%s by role \"%s\" was not refused (and rolled back)",
								   PQgetvalue(tries, row, 0), role);
	}
	if (counts[VERDICT_UNKNOWN] > 0)
		slipway_preflight_note(preflight, "restricted", PQstatus(conn) == CONNECTION_BAD ? SLIPWAY_OUTCOME_FAILED : SLIPWAY_OUTCOME_SKIPPED,
							   NULL, "%d of %d things that role \"%s\" must not do could not be tried: %s",
							   counts[VERDICT_UNKNOWN], PQntuples(tries), role, fault);
	else if (tries != NULL && counts[VERDICT_DONE] == 0)
		slipway_preflight_note(preflight, "restricted", SLIPWAY_OUTCOME_OK, NULL,
							   "role \"%s\" was refused in all of %d tries of what it must not do",
							   role, counts[VERDICT_REFUSED]);
	free(fault);
	PQclear(tries);
}

static void
check_restricted(SlipwayPreflight *preflight, PGconn *conn, const char *role)
{
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	check_role(preflight, conn, role);
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		check_kinds(preflight, conn, role);
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		try_forbidden(preflight, conn, role);
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
compare_baseline(SlipwayPreflight *preflight, const SlipwayLoad *load)
{
	const SlipwayLoad *then = preflight->baseline;
	int			before = preflight->counts[SLIPWAY_OUTCOME_FAILED];

	if (then->connections != load->connections)
	{
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_FAILED, "Use the same --load, or a new baseline.",
							   "the baseline is of %d connections, not %d", then->connections, load->connections);
		return;
	}
	compare_one(preflight, "p50 of connections", load->acquire.p50, then->acquire.p50);
	compare_one(preflight, "p95 of connections", load->acquire.p95, then->acquire.p95);
	compare_one(preflight, "p99 of connections", load->acquire.p99, then->acquire.p99);
	compare_one(preflight, "p50 of queries", load->query.p50, then->query.p50);
	compare_one(preflight, "p95 of queries", load->query.p95, then->query.p95);
	compare_one(preflight, "p99 of queries", load->query.p99, then->query.p99);
	if (preflight->counts[SLIPWAY_OUTCOME_FAILED] == before)
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_OK, NULL, "no figure is more than 50 %% worse");
}

/* Figures mean something only if there were connections, and a baseline only if all were had. */
static void
judge_load(SlipwayPreflight *preflight, const SlipwayLoad *load)
{
	const SlipwayArguments *arguments = preflight->arguments;
	const char *save = slipway_option_text(arguments, SLIPWAY_OPTION_SAVE_BASELINE);

	if (load->count > 0)
	{
		judge_percentiles(preflight, "acquire", "to get a connection", &load->acquire,
						  slipway_option_duration(arguments, SLIPWAY_OPTION_ACQUIRE_LIMIT, DEFAULT_ACQUIRE_LIMIT_MS));
		judge_percentiles(preflight, "query", "a query on it", &load->query,
						  slipway_option_duration(arguments, SLIPWAY_OPTION_QUERY_LIMIT, DEFAULT_QUERY_LIMIT_MS));
		if (preflight->baseline != NULL)
			compare_baseline(preflight, load);
	}
	if (save != NULL && load->failures > 0)
		slipway_preflight_note(preflight, "baseline", SLIPWAY_OUTCOME_SKIPPED, NULL,
							   "not saved, as connections failed");
	else if (save != NULL)
		slipway_load_save(load, save);
}

static void
check_load(SlipwayPreflight *preflight, const SlipwayTarget *target)
{
	const SlipwayArguments *arguments = preflight->arguments;
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
	judge_load(preflight, &load);
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
	char	   *role;

	if (!find_target(preflight, &target))
		return;
	/* what exec takes from the application is no help here either; nobody else connects any more */
	slipway_application_forget_admin(preflight->arguments);
	conn = check_connection(preflight, &target, &role);
	if (conn != NULL)
	{
		check_restricted(preflight, conn, role);
		slipway_preflight_tenants(preflight, conn);
		/* it is not to be one more than the load is asked to have */
		slipway_connection_close(conn);
		check_load(preflight, &target);
	}
	free(role);
	slipway_target_release(&target);
}
