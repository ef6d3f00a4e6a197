/*
 * credential_mapping.c
 *	  A table of the user's own that is told what became of a credential.
 *
 * Values go through JSON, both ways: so they come as whatever type a column has, and what stood there can be kept.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "credential_mapping.h"
#include "error_code.h"
#include "query.h"
#include "spi.h"

/* A mapping taken apart. */
typedef struct Mapping
{
	char	   *table;			/* in full, quoted */
	char	   *wrong;			/* NULL: it is a good one */
} Mapping;

/* One value of a JSON document, by a query with one or two parameters. */
static char *
ask(SlipwayQuery *query, const char *first, const char *second)
{
	SlipwayArgs args = {0};
	char	   *answer;

	slipway_arg_text(&args, first);
	if (query->nargs > 1)
		slipway_arg_text(&args, second);
	slipway_spi_begin();
	answer = slipway_query(query, &args, 1) > 0 ? slipway_row_text(0, 1) : NULL;
	slipway_spi_end();
	return answer;
}

/* The table that the caller means by a name; InvalidOid if it means none. */
static Oid
find_table(const char *json)
{
	static SlipwayQuery query = {"SELECT $1::jsonb ->> 'table'", 1, {TEXTOID}};
	char	   *name = ask(&query, json, NULL);
	List	   *parts;
	List	   *names = NIL;
	ListCell   *cell;

	if (name == NULL || !SplitIdentifierString(name, '.', &parts) || parts == NIL || list_length(parts) > 2)
		return InvalidOid;
	foreach(cell, parts)
		names = lappend(names, makeString(lfirst(cell)));
	return RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, true);
}

static Mapping
read_mapping(const char *json)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_MAPPING, 2, {TEXTOID, REGCLASSOID}};
	SlipwayArgs args = {0};
	Mapping		mapping;
	Oid			table = find_table(json);

	slipway_arg_text(&args, json);
	slipway_arg_datum(&args, ObjectIdGetDatum(table), !OidIsValid(table));
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	mapping.wrong = slipway_row_text(0, 1);
	mapping.table = slipway_row_text(0, 2);
	slipway_spi_end();
	return mapping;
}

static void
require_good(const Mapping *mapping)
{
	if (mapping->wrong)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_CREDENTIAL),
				 errmsg("this is no mapping to a table"),
				 errdetail("%s", mapping->wrong)));
}

char *
slipway_mapping_check(const char *json)
{
	static SlipwayQuery query = {"SELECT jsonb_set($1::jsonb, '{table}', to_jsonb($2))::text", 2, {TEXTOID, TEXTOID}};
	Mapping		mapping;

	if (json == NULL)
		return NULL;
	mapping = read_mapping(json);
	require_good(&mapping);
	return ask(&query, json, mapping.table);
}

/* Runs a statement with parameters of type text as the caller, whose triggers may do what they do elsewhere. */
static char *
run_as_caller(const char *sql, const char *const *values, int n, uint64 *rows)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		datums[2];
	char	   *answer = NULL;
	int			rc;

	for (int i = 0; i < n; i++)
		datums[i] = CStringGetTextDatum(values[i]);
	slipway_spi_begin_caller();
	rc = SPI_execute_with_args(sql, n, types, datums, NULL, false, 0);
	if (rc < 0)
		elog(ERROR, "could not run \"%s\"", sql);
	*rows = SPI_processed;
	if (rc == SPI_OK_SELECT && SPI_processed == 1)
		answer = slipway_row_text(0, 1);
	slipway_spi_end();
	return answer;
}

/* "a" = r."a", "b" = r."b"; or, for a row in JSON, 'a', t."a", 'b', t."b" */
static char *
list_columns(const char *values, bool assignments)
{
	static SlipwayQuery assign = {"SELECT string_agg(format('%1$I = r.%1$I', key), ', ') FROM jsonb_object_keys($1::jsonb) key", 1, {TEXTOID}};
	static SlipwayQuery build = {"SELECT string_agg(format('%1$L, t.%1$I', key), ', ') FROM jsonb_object_keys($1::jsonb) key", 1, {TEXTOID}};

	return ask(assignments ? &assign : &build, values, NULL);
}

static char *
key_column(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"SELECT quote_ident($1::jsonb ->> 'project')", 1, {TEXTOID}};

	return ask(&query, credential->mapping, NULL);
}

static void
require_one(const SlipwayCredential *credential, const char *table, uint64 rows)
{
	if (rows != 1)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_CREDENTIAL),
				 errmsg("table %s has " UINT64_FORMAT " rows of project \"%s\"", table, rows,
						credential->project->name),
				 errdetail("The mapping of the credential needs just one.")));
}

static void
write_values(const SlipwayCredential *credential, const char *table, const char *values)
{
	const char *arguments[] = {credential->project->name, values};
	uint64		rows;

	(void) run_as_caller(psprintf("UPDATE %s t SET %s FROM pg_catalog.jsonb_populate_record(NULL::%s, $2::pg_catalog.jsonb) r "
								  "WHERE t.%s::pg_catalog.text OPERATOR(pg_catalog.=) $1",
								  table, list_columns(values, true), table, key_column(credential)),
						 arguments, 2, &rows);
	require_one(credential, table, rows);
}

static char *
make_values(const SlipwayCredential *credential, const char *status)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_MAPPING_VALUES, 4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	char	   *values;

	slipway_arg_text(&args, credential->mapping);
	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, status);
	slipway_arg_text(&args, credential->reference);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	values = slipway_row_text(0, 1);
	slipway_spi_end();
	return values;
}

char *
slipway_mapping_write(const SlipwayCredential *credential, const char *status)
{
	Mapping		mapping = read_mapping(credential->mapping);
	const char *values;
	char	   *before;
	uint64		rows;

	require_good(&mapping);
	values = make_values(credential, status);
	before = run_as_caller(psprintf("SELECT pg_catalog.jsonb_build_object(%s)::pg_catalog.text FROM %s t "
									"WHERE t.%s::pg_catalog.text OPERATOR(pg_catalog.=) $1 FOR UPDATE",
									list_columns(values, false), mapping.table, key_column(credential)),
						   (const char *const *) &credential->project->name, 1, &rows);
	require_one(credential, mapping.table, rows);
	write_values(credential, mapping.table, values);
	return before;
}

char *
slipway_mapping_statement(const SlipwayCredential *credential, const char *status)
{
	static SlipwayQuery query = {"SELECT string_agg(format('%I = %L', key, value), ', ') FROM jsonb_each_text($1::jsonb)", 1, {TEXTOID}};
	Mapping		mapping = read_mapping(credential->mapping);

	require_good(&mapping);
	return psprintf("UPDATE %s SET %s WHERE %s::text = %s", mapping.table,
					ask(&query, make_values(credential, status), NULL), key_column(credential),
					quote_literal_cstr(credential->project->name));
}

void
slipway_mapping_restore(const SlipwayCredential *credential)
{
	Mapping		mapping = read_mapping(credential->mapping);

	require_good(&mapping);
	write_values(credential, mapping.table, credential->mapped);
}
