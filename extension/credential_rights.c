/*
 * credential_rights.c
 *	  What the role of a project may do, and what it shall.
 *
 * Rights are compared as rows of names, and not as lists of the server (aclitem): what is granted, what is shown
 * and what is kept in a table, to be put back in another session or another cluster, is the same then.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "credential_rights.h"
#include "lock.h"
#include "query.h"

static const char *const presets[] = {"read-only", "read-write", "owner"};

bool
slipway_rights_is_preset(const char *preset)
{
	for (int i = 0; i < lengthof(presets); i++)
		if (strcmp(preset, presets[i]) == 0)
			return true;
	return false;
}

List *
slipway_rights_query(SlipwayQuery *query, SlipwayArgs *args)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *list = NIL;
	uint64		rows;

	slipway_spi_begin();
	rows = slipway_query(query, args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		SlipwayRightRow *row = palloc(sizeof(SlipwayRightRow));

		row->kind = slipway_row_text(i, 1);
		row->object = slipway_row_text(i, 2);
		row->privilege = slipway_row_text(i, 3);
		row->state = slipway_row_text(i, 4);
		row->grantor = SPI_tuptable->tupdesc->natts > 4 ? slipway_row_text(i, 5) : NULL;
		list = lappend(list, row);
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return list;
}

List *
slipway_rights_compare(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"WITH own AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n"
		"given AS (" SLIPWAY_QUERY_CREDENTIAL_GIVEN "),\n"
		"listed AS (" SLIPWAY_QUERY_CREDENTIAL_LISTED "),\n"
		"actual AS (" SLIPWAY_QUERY_CREDENTIAL_ACTUAL "),\n"
		"intended AS (" SLIPWAY_QUERY_CREDENTIAL_INTENDED ")\n"
		SLIPWAY_QUERY_CREDENTIAL_COMPARE, 3, {TEXTOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, credential->project->name);
	slipway_arg_text(&args, credential->preset);
	return slipway_rights_query(&query, &args);
}

List *
slipway_rights_public(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_PUBLIC, 1, {TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, credential->project->name);
	return slipway_rights_query(&query, &args);
}

void
slipway_rights_require_schema(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_SCHEMAS, 1, {TEXTOID}};
	SlipwayArgs args = {0};
	StringInfoData missing;
	bool		found = false;
	uint64		rows;

	initStringInfo(&missing);
	slipway_arg_text(&args, credential->project->name);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		char	   *why_not = slipway_row_text(i, 2);

		found |= why_not == NULL;
		if (why_not)
			appendStringInfo(&missing, "%sSchema \"%s\" %s.", missing.len > 0 ? "\n" : "", slipway_row_text(i, 1),
							 why_not);
	}
	slipway_spi_end();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("project \"%s\" has no schema to give rights in", credential->project->name),
				 missing.len > 0 ? errdetail("%s", missing.data) : 0,
				 errhint("Give it schemas of its own with slipway.create_project().")));
}

static bool
is_default(const SlipwayRightRow *row)
{
	return strncmp(row->object, "FOR ROLE ", 9) == 0;
}

/* Of memberships and attributes nothing is ever granted or revoked here. */
static bool
is_grantable(const SlipwayRightRow *row)
{
	return strcmp(row->kind, "ROLE") != 0;
}

static char *
make_statement(SlipwayRightVerb verb, const SlipwayRightRow *row, const char *privileges, const char *role)
{
	const char *words = verb == SLIPWAY_GRANT ? "GRANT" : "REVOKE";
	const char *preposition = verb == SLIPWAY_GRANT ? "TO" : "FROM";
	const char *option = strcmp(row->state, "grantable") == 0 ? " WITH GRANT OPTION" : "";

	if (is_default(row))
		return psprintf("ALTER DEFAULT PRIVILEGES %s %s %s ON %s %s %s%s", row->object, words, privileges,
						row->kind, preposition, quote_identifier(role), option);
	return psprintf("%s %s ON %s %s %s %s%s", words, privileges, row->kind, row->object, preposition,
					quote_identifier(role), option);
}

static bool
goes_with(const SlipwayRightRow *row, const SlipwayRightRow *next)
{
	return strcmp(next->kind, row->kind) == 0 && strcmp(next->object, row->object) == 0 &&
		strcmp(next->state, row->state) == 0 &&
		(row->grantor == NULL || strcmp(next->grantor, row->grantor) == 0);
}

/* A statement, and as whom it is to be run. */
typedef struct Statement
{
	char	   *text;
	const char *role;			/* NULL: the caller */
} Statement;

/* One statement for all rights on an object: rows of the same one follow each other. */
static List *
make_statements(SlipwayRightVerb verb, const List *rows, const char *role)
{
	List	   *statements = NIL;
	StringInfoData privileges;

	initStringInfo(&privileges);
	for (int i = 0; i < list_length(rows); i++)
	{
		const SlipwayRightRow *row = list_nth(rows, i);
		Statement  *statement;

		appendStringInfo(&privileges, "%s%s", privileges.len > 0 ? ", " : "", row->privilege);
		if (i + 1 < list_length(rows) && goes_with(row, list_nth(rows, i + 1)))
			continue;
		statement = palloc(sizeof(Statement));
		statement->text = make_statement(verb, row, privileges.data, role);
		statement->role = row->grantor;
		statements = lappend(statements, statement);
		resetStringInfo(&privileges);
	}
	return statements;
}

static List *
select_state(const List *rows, const char *state)
{
	List	   *selected = NIL;
	ListCell   *cell;

	foreach(cell, rows)
	{
		SlipwayRightRow *row = lfirst(cell);

		if (strcmp(row->state, state) == 0 && is_grantable(row))
			selected = lappend(selected, row);
	}
	return selected;
}

static bool
touches_database(const List *rows)
{
	ListCell   *cell;

	foreach(cell, rows)
		if (strcmp(((const SlipwayRightRow *) lfirst(cell))->kind, "DATABASE") == 0)
			return true;
	return false;
}

/* Of a right that somebody else has granted, REVOKE would find nothing to take. */
static Oid
find_actor(const Statement *statement)
{
	Oid			grantor = statement->role ? get_role_oid(statement->role, false) : GetUserId();

	if (!has_privs_of_role(GetUserId(), grantor))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("you cannot take back what role \"%s\" has granted", statement->role),
				 errdetail("%s", statement->text)));
	return grantor;
}

void
slipway_rights_change(SlipwayRightVerb verb, const List *rows, const char *role)
{
	List	   *statements = make_statements(verb, rows, role);
	ListCell   *cell;

	if (touches_database(rows))
		slipway_lock_database();
	foreach(cell, statements)
	{
		const Statement *statement = lfirst(cell);

		slipway_spi_begin_as(find_actor(statement));
		if (SPI_execute(statement->text, false, 0) < 0)
			elog(ERROR, "could not run \"%s\"", statement->text);
		slipway_spi_end();
	}
	CommandCounterIncrement();
}

static List *
select_missing(const SlipwayCredential *credential)
{
	return select_state(slipway_rights_compare(credential), "missing");
}

List *
slipway_rights_statements(const SlipwayCredential *credential)
{
	List	   *texts = NIL;
	ListCell   *cell;

	foreach(cell, make_statements(SLIPWAY_GRANT, select_missing(credential), credential->role))
		texts = lappend(texts, ((const Statement *) lfirst(cell))->text);
	return texts;
}

void
slipway_rights_require_done(SlipwayRightVerb verb, const List *left, const SlipwayCredential *credential)
{
	List	   *statements = make_statements(verb, left, credential->role);

	if (statements == NIL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 verb == SLIPWAY_GRANT ?
			 errmsg("you cannot give role \"%s\" the rights of preset \"%s\"", credential->role, credential->preset) :
			 errmsg("you cannot take from role \"%s\" the rights of preset \"%s\"", credential->role, credential->preset),
			 errdetail("%d statements had no effect, the first: %s", list_length(statements),
					   ((const Statement *) linitial(statements))->text)));
}

void
slipway_rights_grant(const SlipwayCredential *credential)
{
	slipway_rights_change(SLIPWAY_GRANT, select_missing(credential), credential->role);
	/* Who may not grant a right is told so by an error or, at times, by a warning. */
	slipway_rights_require_done(SLIPWAY_GRANT, select_missing(credential), credential);
}

void
slipway_rights_revoke_all(const char *role)
{
	static SlipwayQuery query = {"WITH given AS (" SLIPWAY_QUERY_CREDENTIAL_GIVEN "),\n"
		"listed AS (" SLIPWAY_QUERY_CREDENTIAL_LISTED "),\n"
		"granted AS (" SLIPWAY_QUERY_CREDENTIAL_GRANTED ")\n"
		"SELECT kind, object, privilege, 'granted', grantor FROM granted ORDER BY 1, 2, 5, 3", 1, {TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, role);
	slipway_rights_change(SLIPWAY_REVOKE, slipway_rights_query(&query, &args), role);
}
