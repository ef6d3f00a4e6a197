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
#include "utils/builtins.h"
#include "utils/json.h"

#include "credential_rights.h"
#include "lock.h"
#include "query.h"
#include "spi.h"

static const char *const presets[] = {"read-only", "read-write", "owner"};

bool
slipway_rights_is_preset(const char *preset)
{
	for (int i = 0; i < lengthof(presets); i++)
		if (strcmp(preset, presets[i]) == 0)
			return true;
	return false;
}

/* Copies what a query has found into the caller's memory. Inside its scope. */
static List *
read_rows(uint64 rows, bool with_state, MemoryContext caller)
{
	List	   *list = NIL;

	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);
		SlipwayRightRow *row = palloc(sizeof(SlipwayRightRow));

		row->kind = slipway_row_text(i, 1);
		row->object = slipway_row_text(i, 2);
		row->privilege = slipway_row_text(i, 3);
		row->state = with_state ? slipway_row_text(i, 4) : "granted";
		list = lappend(list, row);
		MemoryContextSwitchTo(spi);
	}
	return list;
}

List *
slipway_rights_compare(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"WITH own AS (" SLIPWAY_QUERY_CREDENTIAL_OWN "),\n"
		"actual AS (" SLIPWAY_QUERY_CREDENTIAL_ACTUAL "),\n"
		"intended AS (" SLIPWAY_QUERY_CREDENTIAL_INTENDED ")\n"
		SLIPWAY_QUERY_CREDENTIAL_COMPARE, 3, {TEXTOID, TEXTOID, TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *rows;

	slipway_arg_text(&args, credential->role);
	slipway_arg_text(&args, credential->project->name);
	slipway_arg_text(&args, credential->preset);
	slipway_spi_begin();
	rows = read_rows(slipway_query(&query, &args, 0), true, caller);
	slipway_spi_end();
	return rows;
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
make_statement(bool grant, const SlipwayRightRow *row, const char *privileges, const char *role)
{
	const char *verb = grant ? "GRANT" : "REVOKE";
	const char *preposition = grant ? "TO" : "FROM";

	if (is_default(row))
		return psprintf("ALTER DEFAULT PRIVILEGES %s %s %s ON %s %s %s", row->object, verb, privileges,
						row->kind, preposition, quote_identifier(role));
	return psprintf("%s %s ON %s %s %s %s", verb, privileges, row->kind, row->object, preposition,
					quote_identifier(role));
}

/* One statement for all rights on an object: rows of the same one follow each other. */
static List *
make_statements(bool grant, const List *rows, const char *role)
{
	List	   *statements = NIL;
	StringInfoData privileges;

	initStringInfo(&privileges);
	for (int i = 0; i < list_length(rows); i++)
	{
		const SlipwayRightRow *row = list_nth(rows, i);
		const SlipwayRightRow *next = i + 1 < list_length(rows) ? list_nth(rows, i + 1) : NULL;

		appendStringInfo(&privileges, "%s%s", privileges.len > 0 ? ", " : "", row->privilege);
		if (next && strcmp(next->kind, row->kind) == 0 && strcmp(next->object, row->object) == 0)
			continue;
		statements = lappend(statements, make_statement(grant, row, privileges.data, role));
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

static void
change(bool grant, const List *rows, const char *role)
{
	List	   *statements = make_statements(grant, rows, role);
	ListCell   *cell;

	if (touches_database(rows))
		slipway_lock_database();
	slipway_spi_begin_as(GetUserId());
	foreach(cell, statements)
		if (SPI_execute(lfirst(cell), false, 0) < 0)
			elog(ERROR, "could not run \"%s\"", (char *) lfirst(cell));
	slipway_spi_end();
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
	return make_statements(true, select_missing(credential), credential->role);
}

void
slipway_rights_grant(const SlipwayCredential *credential)
{
	List	   *left;

	change(true, select_missing(credential), credential->role);
	/* Who may not grant a right is told so by an error or, at times, by a warning. */
	left = slipway_rights_statements(credential);
	if (left != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("you cannot give role \"%s\" the rights of preset \"%s\"", credential->role,
						credential->preset),
				 errdetail("%d statements had no effect, the first: %s", list_length(left),
						   (char *) linitial(left))));
}

/* A right as one text. */
static char *
name_right(const SlipwayRightRow *row)
{
	return psprintf("%s ON %s %s", row->privilege, row->kind, row->object);
}

char *
slipway_rights_granted(const SlipwayCredential *credential)
{
	List	   *rows = select_state(slipway_rights_compare(credential), "granted");
	StringInfoData json;
	ListCell   *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach(cell, rows)
	{
		if (json.len > 1)
			appendStringInfoChar(&json, ',');
		escape_json(&json, name_right(lfirst(cell)));
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/* The rights that an adopted role had before, as texts. */
static List *
read_before(const SlipwayCredential *credential)
{
	static SlipwayQuery query = {"SELECT r.value FROM jsonb_array_elements_text($1::jsonb -> 'rights') r", 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *rights = NIL;
	uint64		rows;

	slipway_arg_text(&args, credential->before);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		rights = lappend(rights, makeString(slipway_row_text(i, 1)));
		MemoryContextSwitchTo(spi);
	}
	slipway_spi_end();
	return rights;
}

void
slipway_rights_revoke(const SlipwayCredential *credential)
{
	List	   *rows = select_state(slipway_rights_compare(credential), "granted");
	List	   *before = read_before(credential);
	List	   *given = NIL;
	ListCell   *cell;

	foreach(cell, rows)
		if (!list_member(before, makeString(name_right(lfirst(cell)))))
			given = lappend(given, lfirst(cell));
	change(false, given, credential->role);
}

void
slipway_rights_revoke_all(const char *role)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_CREDENTIAL_ACTUAL " ORDER BY 1, 2, 3", 1, {TEXTOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	List	   *rows;

	slipway_arg_text(&args, role);
	slipway_spi_begin();
	rows = read_rows(slipway_query(&query, &args, 0), false, caller);
	slipway_spi_end();
	change(false, rows, role);
}
