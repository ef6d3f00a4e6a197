/*
 * credential_mapping.c
 *	  A table of the user's own that is told what became of a credential.
 *
 * Values go through JSON, both ways: so they come as whatever type a column has, and what stood there can be kept.
 *
 * What a table brings along, triggers above all, runs with the rights of whoever writes to it. Who registers a mapping
 * and who makes the steps may be two: so nobody is led to run what somebody else has written as himself.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
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
	Oid			owner;			/* of the table */
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
	bool		isnull;

	slipway_arg_text(&args, json);
	slipway_arg_datum(&args, ObjectIdGetDatum(table), !OidIsValid(table));
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	mapping.wrong = slipway_row_text(0, 1);
	mapping.table = slipway_row_text(0, 2);
	mapping.owner = DatumGetObjectId(slipway_row_datum(0, 3, &isnull));
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

/* Else somebody with more rights could be made to write where the one who registers it may not. */
static void
require_rights(const char *json, const Mapping *mapping)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_MAPPING_RIGHTS, 3, {TEXTOID, TEXTOID, OIDOID}};
	SlipwayArgs args = {0};
	char	   *column = NULL;

	slipway_arg_text(&args, json);
	slipway_arg_text(&args, mapping->table);
	slipway_arg_datum(&args, ObjectIdGetDatum(GetUserId()), false);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		column = slipway_row_text(0, 1);
	slipway_spi_end();
	if (column)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", mapping->table),
				 errdetail("Who registers a mapping must be able to read and write its columns; this is not so with \"%s\".", column)));
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
	require_rights(json, &mapping);
	return ask(&query, json, mapping.table);
}

/*
 * As the caller, if the owner of the table has the caller's rights anyway; as the owner, if the caller has the
 * owner's.
 */
static void
begin_writing(const Mapping *mapping)
{
	if (has_privs_of_role(mapping->owner, GetUserId()))
		slipway_spi_begin_caller();
	else if (has_privs_of_role(GetUserId(), mapping->owner))
		slipway_spi_begin_restricted(mapping->owner);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("you are not a member of role \"%s\", the owner of table %s",
						GetUserNameFromId(mapping->owner, false), mapping->table),
				 errdetail("Triggers of that table would run with your rights.")));
}

/* Runs a statement with parameters of type text on the table. */
static char *
run(const Mapping *mapping, const char *sql, const char *const *values, int n, uint64 *rows)
{
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		datums[2];
	char	   *answer = NULL;
	int			rc;

	for (int i = 0; i < n; i++)
		datums[i] = CStringGetTextDatum(values[i]);
	begin_writing(mapping);
	rc = SPI_execute_with_args(sql, n, types, datums, NULL, false, 0);
	if (rc < 0)
		elog(ERROR, "could not run \"%s\"", sql);
	*rows = SPI_processed;
	if (rc == SPI_OK_SELECT && SPI_processed == 1)
		answer = slipway_row_text(0, 1);
	slipway_spi_end();
	return answer;
}

/* "a", "b" of the row in JSON, by a format of one of them. */
static char *
list_columns(const char *values, const char *format)
{
	static SlipwayQuery query = {"SELECT string_agg(format($2, key), ', ') FROM jsonb_object_keys($1::jsonb) key", 2, {TEXTOID, TEXTOID}};

	return ask(&query, values, format);
}

static char *
key_column(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"SELECT quote_ident($1::jsonb ->> 'project')", 1, {TEXTOID}};

	return ask(&query, credential->mapping, NULL);
}

static _Noreturn void
refuse_rows(const SlipwayCredential *credential, const char *table, uint64 rows)
{
	ereport(ERROR,
			(errcode(SLIPWAY_INVALID_CREDENTIAL),
			 errmsg("table %s has " UINT64_FORMAT " rows of project \"%s\"", table, rows,
					credential->project->name),
			 errdetail("The mapping of the credential needs just one.")));
	pg_unreachable();
}

/* Columns that are not written keep what the row has: there may be domains which are never null. Returns the number of rows. */
static uint64
write_values(const SlipwayCredential *credential, const Mapping *mapping, const char *values)
{
	const char *arguments[] = {credential->project->name, values};
	uint64		rows;

	(void) run(mapping,
			   psprintf("UPDATE %s t SET (%s) = (SELECT %s FROM pg_catalog.jsonb_populate_record(t.*, $2::pg_catalog.jsonb) r) "
						"WHERE t.%s::pg_catalog.text OPERATOR(pg_catalog.=) $1",
						mapping->table, list_columns(values, "%I"), list_columns(values, "r.%I"), key_column(credential)),
			   arguments, 2, &rows);
	return rows;
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
	before = run(&mapping,
				 psprintf("SELECT pg_catalog.jsonb_build_object(%s)::pg_catalog.text FROM %s t "
						  "WHERE t.%s::pg_catalog.text OPERATOR(pg_catalog.=) $1 FOR UPDATE",
						  list_columns(values, "%1$L, t.%1$I"), mapping.table, key_column(credential)),
				 (const char *const *) &credential->project->name, 1, &rows);
	if (rows == 1)
		rows = write_values(credential, &mapping, values);
	if (rows != 1)
		refuse_rows(credential, mapping.table, rows);
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

static void
warn_of_loss(const SlipwayCredential *credential, const char *why)
{
	ereport(WARNING,
			(errcode(SLIPWAY_INVALID_CREDENTIAL),
			 errmsg("what your table said of project \"%s\" before cannot be put back", credential->project->name),
			 errdetail("%s", why)));
}

/* Where the table, or the project in it, has gone, there is nothing to be put right, and the role is to go all the same. */
void
slipway_mapping_restore(const SlipwayCredential *credential)
{
	Mapping		mapping = read_mapping(credential->mapping);
	uint64		rows;

	if (mapping.wrong)
	{
		warn_of_loss(credential, mapping.wrong);
		return;
	}
	rows = write_values(credential, &mapping, credential->mapped);
	if (rows == 0)
		warn_of_loss(credential, psprintf("Table %s has no row of it.", mapping.table));
	else if (rows > 1)
		refuse_rows(credential, mapping.table, rows);
}
