/*
 * preflight_plan.c
 *	  Checks before a deploy: what is to be done, and what is in its way.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "memory.h"
#include "preflight.h"
#include "server.h"

/* From when on a transaction is long, ms. */
#define LONG_TRANSACTION_MS 60000

/* From when on its locks are in the way: as lock_timeout is by default. */
#define LONG_LOCK "interval '2 s'"

/* Would migrate refuse to run with it? As slipway_check_run() sees it. */
static bool
is_wrong(const SlipwayState *state, const char *out_of_order)
{
	switch (state->kind)
	{
		case SLIPWAY_STATE_CHANGED:
		case SLIPWAY_STATE_ROLLED_BACK_PART:
			return true;
		case SLIPWAY_STATE_MISSING:
			return !state->repeatable;
		case SLIPWAY_STATE_OUT_OF_ORDER:
			return strcmp(out_of_order, "refuse") == 0;
		default:
			return false;
	}
}

/* Of what is pending, if the project requires it. */
static void
check_approval(SlipwayPreflight *preflight, const SlipwayStateList *list)
{
	size_t		counts[2] = {0};

	for (size_t i = 0; i < list->count; i++)
		if (list->states[i].approval != NULL)
			counts[strcmp(list->states[i].approval, "missing") == 0]++;
	if (counts[1] > 0)
		slipway_preflight_note(preflight, "approval", SLIPWAY_OUTCOME_FAILED,
							   "\"slipway pending-approval\" lists them once they are uploaded.",
							   "%zu of %zu pending %s not approved", counts[1], counts[0] + counts[1],
							   counts[1] == 1 ? "is" : "are");
	else if (counts[0] > 0)
		slipway_preflight_note(preflight, "approval", SLIPWAY_OUTCOME_OK, NULL, "all that is pending is approved");
}

static void
check_migrations(SlipwayPreflight *preflight)
{
	SlipwayStateList *list = slipway_server_compare(preflight->conn, preflight->manifest, preflight->project);
	const char *policy = slipway_check_policy(preflight->arguments);
	size_t		counts[SLIPWAY_STATE_COUNT] = {0};
	size_t		wrong[SLIPWAY_STATE_COUNT] = {0};
	size_t		pending;
	bool		good = true;

	for (size_t i = 0; i < list->count; i++)
	{
		const SlipwayState *state = &list->states[i];
		bool		is_bad = is_wrong(state, policy != NULL ? policy : list->out_of_order);

		counts[state->kind]++;
		wrong[state->kind] += is_bad;
		good &= !is_bad;
	}
	pending = counts[SLIPWAY_STATE_PENDING] + counts[SLIPWAY_STATE_FAILED] + counts[SLIPWAY_STATE_OUT_OF_ORDER];
	if (!good)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_FAILED,
							   "\"slipway status\" names them, \"slipway validate\" says what to do.",
							   "%zu changed, %zu missing, %zu out of order, %zu rolled back in part",
							   wrong[SLIPWAY_STATE_CHANGED], wrong[SLIPWAY_STATE_MISSING],
							   wrong[SLIPWAY_STATE_OUT_OF_ORDER], wrong[SLIPWAY_STATE_ROLLED_BACK_PART]);
	else if (counts[SLIPWAY_STATE_FAILED] > 0)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_WARNING, "\"slipway log\" has the error.",
							   "%zu applied, %zu pending, of which %zu failed when it was tried last",
							   counts[SLIPWAY_STATE_APPLIED], pending, counts[SLIPWAY_STATE_FAILED]);
	else
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_OK, NULL, "%zu applied, %zu pending",
							   counts[SLIPWAY_STATE_APPLIED], pending);
	check_approval(preflight, list);
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

/* In how many transactions are sessions of others, of which the role may not see more? */
static int
count_hidden(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT pg_catalog.count(DISTINCT l.pid) FROM pg_catalog.pg_locks l"
	"  JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid AND a.backend_type IS NULL"
	" WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = pg_catalog.current_database()";
	PGresult   *result;
	int			count;

	if (slipway_preflight_sees_sessions(preflight))
		return 0;
	result = slipway_server_answer(preflight->conn, PQexec(preflight->conn, sql));
	count = PQntuples(result) == 1 ? atoi(PQgetvalue(result, 0, 0)) : 0;
	PQclear(result);
	return count;
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
	int			hidden = result != NULL && PQntuples(result) == 0 ? count_hidden(preflight) : 0;

	free(milliseconds);
	if (result == NULL)
		return;
	if (hidden > 0)
		slipway_preflight_note(preflight, "activity", SLIPWAY_OUTCOME_SKIPPED, SLIPWAY_PREFLIGHT_SEE_SESSIONS,
							   hidden == 1 ? "the role may not see how long %d transaction of others has lasted"
							   : "the role may not see how long %d transactions of others have lasted", hidden);
	else
		check_none(preflight, "activity", result,
				   "CREATE INDEX CONCURRENTLY waits for them, and what they have locked, stays locked.",
				   "long transactions", "no long transactions");
	PQclear(result);
}

/* Where the server does not show since when a transaction has lasted, its locks count all the same. */
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
	"   AND (a.xact_start < pg_catalog.clock_timestamp() - " LONG_LOCK " OR a.backend_type IS NULL)";
	PGresult   *result = slipway_preflight_ask(preflight, preflight->conn, "locks", sql, schemas, NULL);

	if (result == NULL)
		return;
	check_none(preflight, "locks", result,
			   "A migration that alters them waits, and is tried again after lock_timeout.",
			   slipway_preflight_sees_sessions(preflight) ? "locked for more than 2 s"
			   : "locked, nobody but pg_monitor may see for how long", "nobody holds a table of the project for long");
	PQclear(result);
}

/* Who builds an index is visible to all, but not which one: it is of a table that this one has locked. */
static void
check_indexes(SlipwayPreflight *preflight)
{
	static const char sql[] =
	"SELECT i.indexrelid::pg_catalog.regclass"
	"  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'"
	" WHERE NOT i.indisvalid"
	"   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_locks l ON l.pid = p.pid"
	"                    WHERE p.datname = pg_catalog.current_database() AND l.locktype = 'relation' AND l.granted"
	"                      AND l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock')"
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
	if (preflight->manifest == NULL)
		slipway_preflight_note(preflight, "migrations", SLIPWAY_OUTCOME_SKIPPED, "Name it with --dir.", "there is no folder");
	else if (preflight->is_registered)
		check_migrations(preflight);
	check_activity(preflight);
	check_locks(preflight, slipway_preflight_schemas(preflight));
	check_indexes(preflight);
}
