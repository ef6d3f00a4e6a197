/*
 * caller_session.c
 *	  What the session of a caller has prepared, which could change what scripts mean.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "approval.h"
#include "caller_session.h"
#include "compat.h"
#include "leftover.h"
#include "privilege.h"

/*
 * As they are unless somebody has set them; a script can still set them for itself. Under others the text is other SQL, triggers
 * do not fire, assertions are not looked at, or searches do not find all.
 */
static const struct
{
	const char *name;
	const char *value;
}			needed[] = {
	{"standard_conforming_strings", "on"}, {"transform_null_equals", "off"}, {"array_nulls", "on"},
	{"session_replication_role", "origin"}, {"plpgsql.check_asserts", "on"}, {"gin_fuzzy_search_limit", "0"}
};

static const char *
reason(const SlipwayRun *run)
{
	return run->project->owner ? psprintf("Scripts of project \"%s\" run as role \"%s\", and what they do is not for their caller to change.",
										  run->project->name, run->project->owner)
		: psprintf("Scripts of project \"%s\" run as they were approved.", run->project->name);
}

/* Whoever owns a schema can take the right to create objects there from himself, for a while. */
static bool
is_trusted(const SlipwayRun *run, Oid owner)
{
	return superuser_arg(owner) || owner == ROLE_PG_DATABASE_OWNER || has_privs_of_role(owner, run->owner);
}

/*
 * A schema in which the caller, or who has lent him his, could have put something for the scripts to find. chosen: by him. Of those that
 * are not, anybody who may make schemas can have made the one for "$user".
 */
static void
check_schema(const SlipwayRun *run, const char *name, bool chosen)
{
	bool		user = strcmp(name, "$user") == 0;
	Oid			schema = chosen || user ? get_namespace_oid(user ? run->project->owner : name, true) : InvalidOid;
	bool		writable = OidIsValid(schema) && chosen && slipway_schema_is_writable(schema, GetSessionUserId());
	Oid			owner = OidIsValid(schema) ? slipway_owner_of_schema(schema) : InvalidOid;

	if (!OidIsValid(schema) || (!writable && is_trusted(run, owner)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 writable ? errmsg("the search_path has schema \"%s\", in which role \"%s\" may create objects", get_namespace_name(schema),
							   GetUserNameFromId(GetSessionUserId(), false)) :
			 errmsg("the search_path has schema \"%s\", which belongs to role \"%s\"", get_namespace_name(schema),
					GetUserNameFromId(owner, false)),
			 errdetail("%s Objects in it could be found in place of others of the same name.", reason(run)),
			 errhint("Give the project schemas of its own, with slipway.create_project().")));
}

/* Is it what the server has for everybody, or whoever owns the database? */
static bool
is_default_path(const char *path)
{
	int			n;
	struct config_generic **settings = slipway_guc_variables(&n);
	bool		is_set = true;

	if (strcmp(path, "\"$user\", public") == 0)
		return true;
	for (int i = 0; i < n; i++)
		if (strcmp(settings[i]->name, "search_path") == 0)
			is_set = settings[i]->source > PGC_S_DATABASE;
	return !is_set && strcmp(path, GetConfigOption("search_path", false, false)) == 0;
}

static void
check_path(const SlipwayRun *run)
{
	const char *path = run->project->search_path ? run->project->search_path : GetConfigOption("search_path", false, false);
	bool		chosen = !run->project->has_schemas && !is_default_path(path);
	List	   *names;
	ListCell   *cell;

	if (!SplitIdentifierString(pstrdup(path), ',', &names))
		return;
	foreach(cell, names)
		check_schema(run, lfirst(cell), chosen);
}

/* Who may act as the owner role anyway gains nothing by it. */
bool
slipway_caller_session_borrows(const SlipwayRun *run)
{
	return run->project->owner && !has_privs_of_role(GetSessionUserId(), run->owner);
}

static void
check_settings(const SlipwayRun *run)
{
	for (int i = 0; i < lengthof(needed); i++)
	{
		/* One of a library that is not loaded is not there unless somebody has set it. */
		const char *value = GetConfigOption(needed[i].name, true, false);

		if (value && strcmp(value, needed[i].value) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("setting \"%s\" must be \"%s\"", needed[i].name, needed[i].value),
					 errdetail("%s Under another one the same text does something else.", reason(run)),
					 errhint("SET %s = %s.", needed[i].name, needed[i].value)));
	}
}

void
slipway_caller_session_check(const SlipwayRun *run)
{
	if (!slipway_caller_session_borrows(run) && !slipway_approval_applies(run))
		return;
	if (slipway_leftover_had_temporary())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the session has temporary objects"),
				 errdetail("%s They would be found in place of others of the same name.", reason(run)),
				 errhint("Use a new session, or DISCARD TEMP.")));
	if (slipway_caller_session_borrows(run))
		check_path(run);
	check_settings(run);
}
