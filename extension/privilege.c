/*
 * privilege.c
 *	  Who may do what, and as whom bookkeeping is done.
 *
 * Two locks on one door: EXECUTE on the functions and USAGE on the schema,
 * which the server checks and which follow a role until it is dropped, and a
 * row of slipway.role_grant, which says in which project. Rows hold role
 * names, so that a dump can be restored where the role does not exist yet; a
 * renamed role loses its rights until they are granted again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "lookup.h"
#include "privilege.h"
#include "query.h"
#include "spi.h"

static const char *const right_names[] = {
	"reader", "uploader", "approver", "deployer", "admin"
};

Oid
slipway_history_relation(void)
{
	return slipway_lookup_table("history");
}

Oid
slipway_bookkeeper(void)
{
	Oid			relation = slipway_history_relation();
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

Oid
slipway_owner_of_schema(Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner;
}

Oid
slipway_schema_owner(void)
{
	return slipway_owner_of_schema(get_namespace_oid("slipway", false));
}

/* Has somebody granted the right to a role whose privileges user has? */
static bool
has_grant(Oid user, SlipwayRight right, const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_ROLE_GRANTS, 3, {TEXTOID, TEXTOID, BOOLOID}};
	SlipwayArgs args = {0};
	bool		found = false;
	uint64		rows;

	slipway_arg_text(&args, project);
	slipway_arg_text(&args, right_names[right]);
	slipway_arg_datum(&args, BoolGetDatum(right == SLIPWAY_READER), false);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows && !found; i++)
	{
		Oid			role = get_role_oid(slipway_row_text(i, 1), true);

		found = OidIsValid(role) && has_privs_of_role(user, role);
	}
	slipway_spi_end();
	return found;
}

bool
slipway_privilege_has(SlipwayRight right, const char *project)
{
	Oid			user = GetUserId();

	return superuser_arg(user) ||
		has_privs_of_role(user, slipway_bookkeeper()) ||
		has_grant(user, right, project);
}

void
slipway_privilege_require(SlipwayRight right, const char *project)
{
	const char *kind = right_names[right];

	if (slipway_privilege_has(right, project))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 project ? errmsg("role \"%s\" is not %s of project \"%s\"",
							  GetUserNameFromId(GetUserId(), false), kind, project)
			 : errmsg("role \"%s\" is not %s of all projects",
					  GetUserNameFromId(GetUserId(), false), kind),
			 errhint("Ask an administrator for SELECT slipway.grant_role(%s, '%s'%s).",
					 quote_literal_cstr(GetUserNameFromId(GetUserId(), false)), kind,
					 project ? psprintf(", %s", quote_literal_cstr(project)) : "")));
}

SlipwayRight
slipway_privilege_parse(const char *kind)
{
	for (int i = 0; i < lengthof(right_names); i++)
		if (strcmp(kind, right_names[i]) == 0)
			return (SlipwayRight) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind of right \"%s\"", kind),
			 errhint("It is one of reader, uploader, approver, deployer, admin.")));
}

PG_FUNCTION_INFO_V1(slipway_may);

Datum
slipway_may(PG_FUNCTION_ARGS)
{
	SlipwayRight right = slipway_privilege_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_BOOL(slipway_privilege_has(right, text_to_cstring(PG_GETARG_TEXT_PP(1))));
}
