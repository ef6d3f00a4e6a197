/*
 * credential_orphan.c
 *	  Roles that no project claims, and secrets that no role uses.
 */
#include "credential_orphan.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "credential_work.h"
#include "memory.h"
#include "server.h"

/* The database's name is quoted, as a / may be in it. A copy of the database, made with its server, has the same: its sets are known to both, and none takes them for its own waste. */
char *
slipway_credential_orphan_mark(PGconn *conn, const char *project, PGresult **result)
{
	static const char sql[] = "SELECT pg_catalog.format('%s/%I/%s', (SELECT system_identifier FROM pg_catalog.pg_control_system()),"
		" pg_catalog.current_database(), $1::pg_catalog.text)";
	const char *const values[] = {project};

	*result = PQexecParams(conn, sql, 1, NULL, values, NULL, NULL, 0);
	return PQresultStatus(*result) == PGRES_TUPLES_OK ? slipway_memory_copy(PQgetvalue(*result, 0, 0)) : NULL;
}

/* Was the set made by this database? */
static bool
is_ours(const SlipwayCredentialTerms *terms, const SlipwaySecretSet *set, const char *mark)
{
	SlipwaySecretLookup lookup = {.name = SLIPWAY_CREDENTIAL_MARKER};
	bool		ours;

	slipway_secret_fault_check(slipway_secret_store_set_prefix(terms->store, set->prefix));
	slipway_secret_fault_check(slipway_secret_store_fetch_staged(terms->store, set->name, &lookup, 1));
	ours = lookup.state == SLIPWAY_SECRET_FOUND && lookup.value.length >= strlen(mark) && strncmp(lookup.value.data, mark, strlen(mark)) == 0;
	slipway_secret_lookup_release(&lookup, 1);
	return ours;
}

/* The names of all sets that projects refer to. */
static json_t *
find_references(PGconn *conn)
{
	PGresult   *result = slipway_server_query(conn, "SELECT pg_catalog.right(reference, 32) FROM slipway.project_credential"
											  " WHERE reference IS NOT NULL", 0, NULL);
	json_t	   *known = json_object();

	for (int row = 0; row < PQntuples(result); row++)
		(void) json_object_set_new(known, PQgetvalue(result, row, 0), json_true());
	PQclear(result);
	return known;
}

/* The store is asked first: what is made meanwhile is referred to before it is there. */
static void
find_sets(PGconn *conn, const SlipwayCredentialTerms *terms, SlipwaySecretSetList *sets)
{
	SlipwaySecretSetList all;
	PGresult   *result;
	char	   *mark;
	json_t	   *known;

	slipway_secret_fault_check(slipway_secret_store_find_sets(terms->store, SLIPWAY_CREDENTIAL_MARKER, &all));
	mark = slipway_credential_orphan_mark(conn, "", &result);
	PQclear(slipway_server_answer(conn, result));
	known = find_references(conn);
	for (size_t i = 0; i < all.count && mark != NULL; i++)
		if (json_object_get(known, all.sets[i].name) == NULL && is_ours(terms, &all.sets[i], mark))
			slipway_secret_set_list_add(sets, all.sets[i].name, all.sets[i].prefix, strlen(all.sets[i].prefix));
	json_decref(known);
	free(mark);
	slipway_secret_set_list_release(&all);
}

void
slipway_credential_orphans_find(PGconn *conn, const SlipwayCredentialTerms *terms, SlipwayCredentialOrphans *orphans)
{
	json_t	   *names = json_array();
	char	   *text;
	const char *values[1];

	*orphans = (SlipwayCredentialOrphans) {.rows = NULL};
	if (terms->store != NULL)
		find_sets(conn, terms, &orphans->sets);
	for (size_t i = 0; i < orphans->sets.count; i++)
	{
		char	   *name = slipway_memory_format("%s...@%s", orphans->sets.sets[i].prefix, orphans->sets.sets[i].name);

		(void) json_array_append_new(names, json_string(name));
		free(name);
	}
	text = json_dumps(names, JSON_COMPACT);
	values[0] = text;
	orphans->rows = slipway_server_query(
		conn, "SELECT kind, role, project, detail FROM slipway.credential_orphans() UNION ALL"
		" SELECT 'set', NULL, NULL, v FROM pg_catalog.jsonb_array_elements_text($1::pg_catalog.jsonb) v", 1, values);
	free(text);
	json_decref(names);
}

void
slipway_credential_orphans_release(SlipwayCredentialOrphans *orphans)
{
	PQclear(orphans->rows);
	slipway_secret_set_list_release(&orphans->sets);
}

SlipwaySecretFault *
slipway_credential_orphan_remove(const SlipwayCredentialTerms *terms, const SlipwaySecretSet *set)
{
	SlipwaySecretFault *fault = slipway_secret_store_set_prefix(terms->store, set->prefix);

	return fault != NULL ? fault : slipway_secret_store_withdraw(terms->store, set->name);
}
