/*
 * decision.c
 *	  What somebody says by hand of migrations, with the scripts of a folder in view.
 */
#include "decision.h"

#include "die.h"
#include "server.h"

void
slipway_decision_check(PGconn *conn, const SlipwayManifest *manifest, const char *project, const char *migration)
{
	/* what was put back by hand is as it was once applied, whatever the folder has */
	static const char sql[] =
		"SELECT l.manifest_hash IS DISTINCT FROM pg_catalog.decode($3, 'hex') AND NOT EXISTS ("
		"  SELECT FROM slipway.log e WHERE e.project = $1 AND e.migration = $2 AND e.entry < l.entry AND e.manifest_hash = l.manifest_hash)"
		"  FROM slipway.log l WHERE l.project = $1 AND l.migration = $2 ORDER BY l.entry DESC LIMIT 1";
	const char *const values[] = {project, migration, manifest->hash};
	PGresult   *result = slipway_server_query(conn, sql, 3, values);

	if (*PQgetvalue(result, 0, 0) != 'f')
		slipway_die(SLIPWAY_EXIT_ERROR, "Run it again.",
					"somebody else has uploaded other scripts to project %s just now; nothing was changed", project);
	PQclear(result);
}
