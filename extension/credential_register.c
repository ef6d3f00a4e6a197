/*
 * credential_register.c
 *	  slipway.register_credential() and register_credentials(): which role a project is to have.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/plancache.h"

#include "actor.h"
#include "compat.h"
#include "credential.h"
#include "credential_mapping.h"
#include "credential_rights.h"
#include "credential_role.h"
#include "decision.h"
#include "error_code.h"
#include "guard.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

/* What is said of one. NULL: nothing. */
typedef struct Wish
{
	char	   *project;
	char	   *role;
	char	   *preset;
	char	   *previous_role;
	char	   *application;
	char	   *mapping;		/* JSON, checked */
	char	   *schemas;		/* of a project that is new: a text[] or names with commas between them */
	int			connection_limit;
} Wish;

static _Noreturn void
refuse(const Wish *wish, const char *why)
{
	ereport(ERROR,
			(errcode(SLIPWAY_INVALID_CREDENTIAL),
			 errmsg("the credential of project \"%s\" cannot be registered", wish->project),
			 errdetail("%s", why)));
	pg_unreachable();
}

/* A role that another project has got would be one and the same for both. */
static void
refuse_taken(const Wish *wish)
{
	static SlipwayQuery query = {"SELECT project FROM slipway.credential WHERE role = $1 AND project <> $2", 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	char	   *other = NULL;

	slipway_arg_text(&args, wish->role);
	slipway_arg_text(&args, wish->project);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		other = slipway_row_text(0, 1);
	slipway_spi_end();
	if (other)
		refuse(wish, psprintf("Role \"%s\" is that of project \"%s\".", wish->role, other));
}

/* An escape with nothing behind it would be an error, but only where a session's name comes so far. */
static bool
ends_in_escape(const char *pattern)
{
	bool		escape = false;

	for (; *pattern; pattern++)
		escape = *pattern == '\\' && !escape;
	return escape;
}

static void
check_wish(const Wish *wish)
{
	slipway_credential_check_role_name(wish->role);
	if (!slipway_rights_is_preset(wish->preset))
		refuse(wish, psprintf("There is no preset \"%s\": there are read-only, read-write and owner.", wish->preset));
	if (wish->connection_limit < -1)
		refuse(wish, psprintf("%d is no limit of connections; -1 means none.", wish->connection_limit));
	if (wish->application && ends_in_escape(wish->application))
		refuse(wish, "The pattern of application_name ends in a backslash.");
	if (wish->previous_role && strcmp(wish->previous_role, wish->role) == 0)
		refuse(wish, psprintf("Role \"%s\" cannot take its own place.", wish->role));
	if (wish->previous_role)
		(void) get_role_oid(wish->previous_role, false);
	refuse_taken(wish);
}

/* "registered", "changed" or "unchanged". */
static char *
put_row(const Wish *wish)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_PUT, 8,
	{TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	char	   *outcome;

	slipway_arg_text(&args, wish->project);
	slipway_arg_text(&args, wish->role);
	slipway_arg_text(&args, wish->preset);
	slipway_arg_text(&args, wish->previous_role);
	slipway_arg_datum(&args, Int32GetDatum(wish->connection_limit), false);
	slipway_arg_text(&args, wish->application);
	slipway_arg_text(&args, wish->mapping);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_spi_begin();
	outcome = slipway_query(&query, &args, 1) > 0 ? slipway_row_text(0, 1) : pstrdup("unchanged");
	slipway_spi_end();
	return outcome;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Is it what is registered already? */
static bool
is_fulfilled(const Wish *wish, const SlipwayCredential *credential)
{
	return strcmp(wish->role, credential->role) == 0 && strcmp(wish->preset, credential->preset) == 0 &&
		is_same(wish->previous_role, credential->previous_role) &&
		is_same(wish->application, credential->application) &&
		is_same(wish->mapping, credential->mapping) &&
		wish->connection_limit == credential->connection_limit;
}

static char *
fulfil(const Wish *wish)
{
	SlipwayProject *project = slipway_decision_begin("slipway.register_credential()", wish->project);
	SlipwayCredential *credential;
	char	   *outcome;

	check_wish(wish);
	credential = slipway_credential_find(project);
	if (credential && is_fulfilled(wish, credential))
		return "unchanged";
	if (credential && credential->made)
		slipway_credential_refuse(credential, "cannot be changed any more: its role is made",
								  "Undo that first with slipway.rollback_credential().");
	outcome = put_row(wish);
	credential = slipway_credential_find(project);
	slipway_credential_record(credential, credential->status, "credential_register", NULL, NULL);
	return outcome;
}

PG_FUNCTION_INFO_V1(slipway_register_credential);

Datum
slipway_register_credential(PG_FUNCTION_ARGS)
{
	Wish		wish = {0};
	char	   *mapping = NULL;

	wish.project = slipway_decision_argument(fcinfo, 0, "project");
	slipway_privilege_require(SLIPWAY_ADMIN, wish.project);
	wish.role = slipway_credential_argument(fcinfo, 1);
	if (wish.role == NULL)
		wish.role = wish.project;
	wish.preset = slipway_decision_argument(fcinfo, 2, "preset");
	wish.previous_role = slipway_credential_argument(fcinfo, 3);
	wish.connection_limit = PG_ARGISNULL(4) ? -1 : PG_GETARG_INT32(4);
	wish.application = slipway_credential_argument(fcinfo, 5);
	if (!PG_ARGISNULL(6))
		mapping = JsonbToCString(NULL, &PG_GETARG_JSONB_P(6)->root, VARSIZE(PG_GETARG_JSONB_P(6)));
	wish.mapping = slipway_mapping_check(mapping);
	PG_RETURN_TEXT_P(cstring_to_text(fulfil(&wish)));
}

/*
 * Many at once.
 */

enum
{
	COLUMN_PROJECT, COLUMN_ROLE, COLUMN_PRESET, COLUMN_PREVIOUS_ROLE, COLUMN_CONNECTION_LIMIT, COLUMN_APPLICATION,
	COLUMN_SCHEMAS, COLUMNS
};

static const char *const columns[COLUMNS] = {
	"project", "role", "preset", "previous_role", "connection_limit", "application", "schemas"
};

/* What the options say of all rows. */
typedef struct Common
{
	char	   *names[COLUMNS]; /* of columns of the query */
	char	   *values[COLUMNS];	/* for those that it lacks, or that are NULL */
	char	   *prefix;
	char	   *mapping;
	int			place[COLUMNS]; /* in the query's result, from 1; 0: it has none */
} Common;

static char *
option(const char *options, const char *key)
{
	static SlipwayQuery query = {"SELECT CASE WHEN jsonb_typeof($1::jsonb #> string_to_array($2, '.')) = 'object' "
		"THEN ($1::jsonb #> string_to_array($2, '.'))::text ELSE $1::jsonb #>> string_to_array($2, '.') END", 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	char	   *value;

	slipway_arg_text(&args, options);
	slipway_arg_text(&args, key);
	slipway_spi_begin();
	(void) slipway_query(&query, &args, 1);
	value = slipway_row_text(0, 1);
	slipway_spi_end();
	return value;
}

static void
refuse_unknown_options(const char *options)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_OPTIONS, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	char	   *wrong = NULL;

	slipway_arg_text(&args, options);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		wrong = slipway_row_text(0, 1);
	slipway_spi_end();
	if (wrong)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid options of slipway.register_credentials()"),
				 errdetail("%s", wrong)));
}

static Common
read_options(Jsonb *jsonb)
{
	char	   *options = JsonbToCString(NULL, &jsonb->root, VARSIZE(jsonb));
	Common		common = {{0}};

	refuse_unknown_options(options);
	for (int i = 0; i < COLUMNS; i++)
	{
		char	   *name = option(options, psprintf("columns.%s", columns[i]));

		common.names[i] = name ? name : pstrdup(columns[i]);
		common.values[i] = option(options, columns[i]);
	}
	common.prefix = option(options, "prefix");
	common.mapping = slipway_mapping_check(option(options, "mapping"));
	return common;
}

/* Inside the scope of the query. */
static void
find_columns(Common *common, TupleDesc desc)
{
	for (int i = 0; i < COLUMNS; i++)
	{
		int			place = SPI_fnumber(desc, common->names[i]);

		common->place[i] = place > 0 ? place : 0;
		if (place <= 0 && (i == COLUMN_PROJECT || strcmp(common->names[i], columns[i]) != 0))
			ereport(ERROR,
					(errcode(SLIPWAY_INVALID_CREDENTIAL),
					 errmsg("the query has no column \"%s\"", common->names[i])));
	}
}

static char *
value_of(const Common *common, uint64 row, int column)
{
	char	   *value = common->place[column] ? slipway_row_text(row, common->place[column]) : NULL;

	if (value && *value == '\0')
		value = NULL;
	return value || common->values[column] == NULL ? value : common->values[column];
}

static int
read_limit(const char *value, const Wish *wish)
{
	char	   *end;
	long		limit;

	if (value == NULL)
		return -1;
	limit = strtol(value, &end, 10);
	if (*end != '\0' || limit < -1 || limit > INT_MAX)
		refuse(wish, psprintf("\"%s\" is no limit of connections; -1 means none.", value));
	return limit;
}

/* Inside the scope of the query; what it makes is the caller's. */
static Wish *
read_row(const Common *common, uint64 row)
{
	Wish	   *wish = palloc0(sizeof(Wish));

	wish->project = value_of(common, row, COLUMN_PROJECT);
	if (wish->project == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_CREDENTIAL),
				 errmsg("row " UINT64_FORMAT " of the query has no project", row + 1)));
	wish->role = value_of(common, row, COLUMN_ROLE);
	if (wish->role == NULL)
		wish->role = psprintf("%s%s", common->prefix ? common->prefix : "", wish->project);
	wish->preset = value_of(common, row, COLUMN_PRESET);
	if (wish->preset == NULL)
		wish->preset = pstrdup("read-write");
	wish->previous_role = value_of(common, row, COLUMN_PREVIOUS_ROLE);
	wish->application = value_of(common, row, COLUMN_APPLICATION);
	wish->schemas = value_of(common, row, COLUMN_SCHEMAS);
	wish->connection_limit = read_limit(value_of(common, row, COLUMN_CONNECTION_LIMIT), wish);
	wish->mapping = common->mapping;
	return wish;
}

static _Noreturn void
refuse_query(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the query must be one statement that returns rows and changes nothing")));
	pg_unreachable();
}

static uint64
run_query(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	const CachedPlanSource *source;
	const Query *query;

	if (plan == NULL || !SPI_is_cursor_plan(plan))
		refuse_query();
	source = linitial(SPI_plan_get_plan_sources(plan));
	query = linitial_node(Query, source->query_list);
	if (query->commandType != CMD_SELECT || query->hasModifyingCTE ||
		SPI_execute_plan(plan, NULL, NULL, true, 0) != SPI_OK_SELECT)
		refuse_query();
	return SPI_processed;
}

static List *
read_wishes(const char *sql, Common *common)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *wishes = NIL;
	uint64		rows;

	slipway_spi_begin_caller();
	rows = run_query(sql);
	find_columns(common, SPI_tuptable->tupdesc);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		wishes = lappend(wishes, read_row(common, i));
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return wishes;
}

static int
compare_projects(const ListCell *a, const ListCell *b)
{
	return strcmp(((const Wish *) lfirst(a))->project, ((const Wish *) lfirst(b))->project);
}

/* In one order, so that two callers do not wait for each other crosswise. */
static void
sort_wishes(List *wishes)
{
	list_sort(wishes, compare_projects);
	for (int i = 1; i < list_length(wishes); i++)
	{
		const Wish *wish = list_nth(wishes, i);

		if (strcmp(wish->project, ((const Wish *) list_nth(wishes, i - 1))->project) == 0)
			refuse(wish, "The query names the project more than once.");
	}
}

/* A project that does not exist is made, if its schemas are known. */
static void
make_project(const Wish *wish)
{
	static SlipwayQuery find = {"SELECT FROM slipway.project WHERE name = $1", 1, {TEXTOID}};
	static SlipwayQuery split = {"SELECT CASE WHEN $1 LIKE '{%' THEN $1::text[] ELSE regexp_split_to_array($1, ' *, *') END", 1, {TEXTOID}};
	SlipwayArgs find_args = {0};
	SlipwayArgs split_args = {0};
	Datum		schemas;
	bool		isnull;

	slipway_arg_text(&find_args, wish->project);
	slipway_arg_text(&split_args, wish->schemas);
	slipway_spi_begin();
	if (wish->schemas == NULL || slipway_query(&find, &find_args, 1) > 0)
	{
		slipway_spi_end();
		return;
	}
	(void) slipway_query(&split, &split_args, 1);
	schemas = SPI_datumTransfer(slipway_row_datum(0, 1, &isnull), false, -1);
	slipway_spi_end();
	/* only now: what is unpacked before is SPI's, and goes with it */
	slipway_project_create(wish->project, DatumGetArrayTypeP(schemas), NULL);
}

PG_FUNCTION_INFO_V1(slipway_register_credentials);

Datum
slipway_register_credentials(PG_FUNCTION_ARGS)
{
	char	   *sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Common		common;
	List	   *wishes;
	ListCell   *cell;

	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call slipway.register_credentials()")));
	InitMaterializedSRF(fcinfo, 0);
	common = read_options(PG_GETARG_JSONB_P(1));
	wishes = read_wishes(sql, &common);
	sort_wishes(wishes);
	foreach(cell, wishes)
	{
		const Wish *wish = lfirst(cell);
		Datum		values[3];
		bool		nulls[3] = {false};

		make_project(wish);
		values[0] = CStringGetTextDatum(wish->project);
		values[1] = CStringGetTextDatum(wish->role);
		values[2] = CStringGetTextDatum(fulfil(wish));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
