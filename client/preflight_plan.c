/*
 * preflight_plan.c
 *	  Checks before a deploy: what is to be done, and what is in its way.
 */
#include <stdlib.h>

#include "memory.h"
#include "preflight.h"
#include "server.h"

/* From when on a transaction is long, ms. */
#define LONG_TRANSACTION_MS 60000

/* From when on its locks are in the way: as lock_timeout is by default. */
#define LONG_LOCK "interval '2 s'"

static void
check_migrations(SlipwayPreflight *preflight)
{
	SlipwayStateList *list = slipway_server_compare(preflight->conn, preflight->manifest, preflight->project);
	size_t		counts[SLIPWAY_STATE_COUNT] = {0};
	size_t		pending;
	size_t		wrong;

	for (size_t i = 0; i < list->count; i++)
		counts[list->states[i].kind]++;
	pending = counts[SLIPWAY_STATE_PENDING] + counts[SLIPWAY_STATE_FAILED];
	wrong = counts[SLIPWAY_STATE_CHANGED] + counts[SLIPWAY_STATE_MISSING] + counts[SLIPWAY_STATE_OUT_OF_ORDER] +
		counts[SLIPWAY_STATE_ROLLED_BACK_PART];
	if (wrong > 0)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_FAILED,
							   "\"slipway status\" names them, \"slipway validate\" says what to do.",
							   "%zu changed, %zu missing, %zu out of order, %zu rolled back in part",
							   counts[SLIPWAY_STATE_CHANGED], counts[SLIPWAY_STATE_MISSING],
							   counts[SLIPWAY_STATE_OUT_OF_ORDER], counts[SLIPWAY_STATE_ROLLED_BACK_PART]);
	else if (counts[SLIPWAY_STATE_FAILED] > 0)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_WARNING, "\"slipway log\" has the error.",
							   "%zu applied, %zu pending, of which %zu failed when it was tried last",
							   counts[SLIPWAY_STATE_APPLIED], pending, counts[SLIPWAY_STATE_FAILED]);
	else
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_OK, NULL, "%zu applied, %zu pending",
							   counts[SLIPWAY_STATE_APPLIED], pending);
	slipway_server_free_states(list);
}

/* A row for each thing that is in the way, described in its first column. */
static void
check_none(SlipwayPreflight *preflight, const char *check, const PGresult *result, const char *hint,
		   const char *found, const char *none)
{
	char	   *list = slipway_preflight_list(result, 0);

	if (PQntuples(result) > 0)
		slipway_preflight_note(preflight, check, SLIPWAY_OUTCOME_WARNING, hint, "%s: %s", found, list);
	else
		slipway_preflight_note(preflight, check, SLIPWAY_OUTCOME_OK, NULL, "%s", none);
	free(list);
}

static void
check_activity(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT pg_catalog.format('pid %s (%s%s), %s s', pid, usename,"
	"           CASE WHEN application_name <> '' THEN ', ' || application_name ELSE '' END,"
	"           extract(epoch FROM pg_catalog.now() - xact_start)::integer)"
	"  FROM pg_catalog.pg_stat_activity"
	" WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()"
	"   AND backend_type = 'client backend' AND xact_start < pg_catalog.now() - $1::double precision * interval '1 ms'"
	" UNION ALL "
	"SELECT pg_catalog.format('prepared transaction %s (%s), %s s', gid, owner,"
	"           extract(epoch FROM pg_catalog.now() - prepared)::integer)"
	"  FROM pg_catalog.pg_prepared_xacts"
	" WHERE database = pg_catalog.current_database() AND prepared < pg_catalog.now() - $1::double precision * interval '1 ms'";
	double		limit = slipway_option_duration(preflight->arguments, SLIPWAY_OPTION_LONG_TRANSACTION,
												LONG_TRANSACTION_MS);
	char	   *milliseconds = slipway_memory_format("%.0f", limit);
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "activity", sql, milliseconds, NULL);

	free(milliseconds);
	if (result == NULL)
		return;
	check_none(preflight, "activity", result,
			   "CREATE INDEX CONCURRENTLY waits for them, and what they have locked, stays locked.",
			   "long transactions", "no long transactions");
	PQclear(result);
}

static void
check_locks(SlipwayPreflight *preflight, const char *schemas)
{
	static const char sql[] =
	"SELECT DISTINCT pg_catalog.format('%s by pid %s (%s)', l.relation::pg_catalog.regclass, a.pid, a.usename)"
	"  FROM pg_catalog.pg_locks l"
	"  JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'm', 'v', 'f')"
	"  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ANY ($1::text[])"
	"  JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.pid <> pg_catalog.pg_backend_pid()"
	" WHERE l.locktype = 'relation' AND l.granted"
	"   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"
	"   AND a.xact_start < pg_catalog.clock_timestamp() - " LONG_LOCK;
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "locks", sql, schemas, NULL);

	if (result == NULL)
		return;
	check_none(preflight, "locks", result,
			   "A migration that alters them waits, and is tried again after lock_timeout.",
			   "locked for more than 2 s", "nobody holds a table of the project for long");
	PQclear(result);
}

static void
check_indexes(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT i.indexrelid::pg_catalog.regclass"
	"  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'"
	" WHERE NOT i.indisvalid"
	"   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)"
	" ORDER BY 1";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "indexes", sql, NULL, NULL);

	if (result == NULL)
		return;
	check_none(preflight, "indexes", result, "REINDEX INDEX CONCURRENTLY, or DROP INDEX CONCURRENTLY.",
			   "INVALID, kept up but never used", "no INVALID index");
	PQclear(result);
}

void
slipway_preflight_plan(SlipwayPreflight *preflight)
{
	char	   *schemas;

	if (preflight->manifest == NULL)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_SKIPPED, "Name it with --dir.", "there is no folder");
	else if (preflight->is_registered)
		check_migrations(preflight);
	schemas = slipway_preflight_schemas(preflight);
	check_activity(preflight);
	check_locks(preflight, schemas);
	check_indexes(preflight);
	free(schemas);
}
