/*
 * batch_select.c
 *	  Which projects are to be in a batch.
 */
#include "batch_select.h"

#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "csv_file.h"
#include "die.h"
#include "memory.h"
#include "output.h"
#include "server.h"

/* Two at a time would give the same project to two batches. */
#define LOCK "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('slipway batch', 0))"

/* Projects ($1: an array, in its order) with what is wrong with each: the place of the same one before, unknown, not registered. */
static const char check_query[] =
"SELECT u.n, u.ref, u.first, p.project IS NULL, p.role IS NULL\n"
"  FROM (SELECT r.ref, r.n, pg_catalog.min(r.n) OVER (PARTITION BY r.ref) AS first\n"
"          FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY r(ref, n)) u\n"
"  LEFT JOIN slipway.project_credential p ON p.project = u.ref\n"
" WHERE p.project IS NULL OR p.role IS NULL OR u.first < u.n\n"
" ORDER BY u.n";

enum
{
	PLACE, REFERENCE, FIRST, IS_UNKNOWN, IS_UNREGISTERED
};

#define OF_STATUS \
	"  FROM slipway.project_credential c\n" \
	" WHERE c.status = $1 AND c.role IS NOT NULL\n" \
	"   AND NOT EXISTS (SELECT FROM slipway.batch_item i WHERE i.project = c.project AND i.outcome IN ('waiting', 'running', 'interrupted'))\n"

/* Says of a line what is wrong with it. */
static char *
describe_fault(const SlipwayCsv *csv, const PGresult *result, int row)
{
	const char *reference = PQgetvalue(result, row, REFERENCE);
	long		first = atol(PQgetvalue(result, row, FIRST));

	if (first < atol(PQgetvalue(result, row, PLACE)))
		return slipway_memory_format("project \"%s\" is in line %zu already", reference, csv->records[first].line);
	if (PQgetvalue(result, row, IS_UNKNOWN)[0] == 't')
		return slipway_memory_format("there is no project \"%s\"", reference);
	return slipway_memory_format("project \"%s\" has no credential", reference);
}

/* All that is wrong is said, so that it can be put right at once. */
static void
refuse_faults(const SlipwayCsv *csv, const char *path, const PGresult *result)
{
	int			count = PQntuples(result);

	if (count == 0)
		return;
	for (int row = 0; row < count; row++)
	{
		char	   *fault = describe_fault(csv, result, row);
		size_t		line = csv->records[atol(PQgetvalue(result, row, PLACE))].line;

		if (row == count - 1)
			slipway_die(SLIPWAY_EXIT_USAGE, "A credential is registered by \"slipway credential register\". No batch was made.",
						"%s:%zu: %s", path, line, fault);
		slipway_output_warn(NULL, "%s:%zu: %s", path, line, fault);
		free(fault);
	}
}

static char *
create(PGconn *conn, const char *projects, const char *name, const char *options, const char *max_failures)
{
	const char *const values[] = {projects, name, options, max_failures};
	PGresult   *result = slipway_server_query(conn, "SELECT slipway.create_batch($1, $2, $3, $4)", 4, values);
	char	   *number = slipway_memory_copy(PQgetvalue(result, 0, 0));

	PQclear(result);
	return number;
}

/* The projects of a file, in its order, as an array. */
static char *
read_file(const char *path, SlipwayCsv **csv)
{
	const char **projects;
	char	   *array;
	size_t		column;

	*csv = slipway_csv_file_read(path);
	column = slipway_csv_file_column(*csv, path, "project_ref", "project");
	if ((*csv)->count < 2)
		slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: there is no project below the names of the columns", path,
					(*csv)->records[0].line);
	projects = slipway_memory_new((*csv)->count * sizeof(char *));
	for (size_t i = 1; i < (*csv)->count; i++)
	{
		projects[i - 1] = slipway_csv_field(&(*csv)->records[i], column);
		if (projects[i - 1][0] == '\0')
			slipway_die(SLIPWAY_EXIT_USAGE, NULL, "%s:%zu: there is no name of a project", path, (*csv)->records[i].line);
	}
	array = slipway_batch_array(projects, (*csv)->count - 1);
	free(projects);
	return array;
}

char *
slipway_batch_from_file(PGconn *conn, const char *path, const char *name, const char *options, const char *max_failures, int size)
{
	SlipwayCsv *csv;
	char	   *array = read_file(path, &csv);
	const char *const values[] = {array};
	PGresult   *faults = slipway_server_query(conn, check_query, 1, values);
	char	   *number;

	refuse_faults(csv, path, faults);
	PQclear(faults);
	if (size > 0 && (size_t) size < csv->count - 1)
	{
		char	   *limit = slipway_memory_format("%d", size);
		const char *const both[] = {array, limit};
		PGresult   *result = slipway_server_query(conn, "SELECT ($1::pg_catalog.text[])[1 : $2::pg_catalog.int4]", 2, both);

		free(array);
		array = slipway_memory_copy(PQgetvalue(result, 0, 0));
		PQclear(result);
		free(limit);
	}
	number = create(conn, array, name, options, max_failures);
	free(array);
	slipway_csv_free(csv);
	return number;
}

void
slipway_batch_select_begin(PGconn *conn)
{
	/* what others have made is to be seen once the lock is ours, whatever the default is */
	PQclear(slipway_server_query(conn, "BEGIN ISOLATION LEVEL READ COMMITTED", 0, NULL));
	PQclear(slipway_server_query(conn, LOCK, 0, NULL));
}

void
slipway_batch_select_end(PGconn *conn)
{
	PQclear(slipway_server_query(conn, "COMMIT", 0, NULL));
}

char *
slipway_batch_from_status(PGconn *conn, const char *status, const char *name, const char *options, const char *max_failures, int size)
{
	char	   *limit = size > 0 ? slipway_memory_format("%d", size) : NULL;
	const char *const values[] = {status, limit};
	PGresult   *result;
	char	   *number = NULL;

	result = slipway_server_query(conn, "SELECT pg_catalog.array_agg(s.project ORDER BY s.registered_at, s.project)\n"
								  "  FROM (SELECT c.project, c.registered_at\n" OF_STATUS
								  " ORDER BY c.registered_at, c.project LIMIT $2::pg_catalog.int8) s", 2, values);
	if (!PQgetisnull(result, 0, 0))
		number = create(conn, PQgetvalue(result, 0, 0), name, options, max_failures);
	PQclear(result);
	free(limit);
	return number;
}

PGresult *
slipway_batch_list_status(PGconn *conn, const char *status, int size)
{
	char	   *limit = slipway_memory_format("%d", size);
	const char *const values[] = {status, limit};
	PGresult   *result = slipway_server_query(conn, "SELECT c.project, c.role, c.preset\n" OF_STATUS
											  " ORDER BY c.registered_at, c.project LIMIT $2::pg_catalog.int8", 2, values);

	free(limit);
	return result;
}

void
slipway_batch_count_status(PGconn *conn, const char *status, long *count, long *unregistered)
{
	const char *const values[] = {status};
	PGresult   *result = slipway_server_query(conn, "SELECT (SELECT pg_catalog.count(*)\n" OF_STATUS "), (SELECT pg_catalog.count(*)\n"
											  "  FROM slipway.project_credential WHERE role IS NULL)", 1, values);

	*count = (long) slipway_server_number(result, 0, 0, 0);
	*unregistered = (long) slipway_server_number(result, 0, 1, 0);
	PQclear(result);
}
