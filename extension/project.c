/*
 * project.c
 *	  Projects: a line of migrations with its own history, lock and settings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "actor.h"
#include "compat.h"
#include "error_code.h"
#include "hash.h"
#include "lookup.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "script.h"
#include "spi.h"

/* An index entry must fit a third of a page, and a row shows names in full. */
#define NAME_MAX_BYTES 1024

void
slipway_check_name(const char *kind, const char *name)
{
	const char *wrong = NULL;

	if (name[0] == '\0')
		wrong = "It is empty.";
	else if (strlen(name) > NAME_MAX_BYTES)
		wrong = psprintf("It has %zu bytes, the limit is %d.", strlen(name), NAME_MAX_BYTES);
	else
		for (const char *p = name; *p; p++)
			if ((unsigned char) *p < 0x20 || *p == 0x7f)
				wrong = "It contains a control character.";
	if (wrong)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_NAME),
				 errmsg("invalid name of a %s", kind),
				 errdetail("%s", wrong)));
}

int64
slipway_project_lock_key(const char *name)
{
	uint8		hash[SLIPWAY_HASH_LEN];
	uint64		key = 0;

	slipway_hash_text(psprintf("pg_slipway project %s", name), hash);
	for (int i = 0; i < 8; i++)
		key = key << 8 | hash[i];
	return (int64) key;
}

PG_FUNCTION_INFO_V1(slipway_lock_key);

Datum
slipway_lock_key(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(slipway_project_lock_key(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

/* A list of schemas as for SET search_path; NULL for an empty one. */
static char *
make_search_path(ArrayType *schemas)
{
	StringInfoData path;
	Datum	   *names;
	int			n;

	deconstruct_array(schemas, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &n);
	initStringInfo(&path);
	for (int i = 0; i < n; i++)
		appendStringInfo(&path, "%s%s", i > 0 ? ", " : "", quote_identifier(TextDatumGetCString(names[i])));
	return n > 0 ? path.data : NULL;
}

/* The project of that name, or NULL. */
static SlipwayProject *
find_project(const char *name)
{
	SlipwayProject *project = NULL;
	SlipwayLookup row;

	slipway_lookup_open(&row, "project");
	slipway_lookup_key_text(&row, "name", name);
	if (slipway_lookup_previous(&row))
	{
		bool		isnull;
		Datum		schemas = slipway_lookup_datum(&row, "schemas", &isnull);

		project = palloc0(sizeof(SlipwayProject));
		project->name = pstrdup(name);
		project->lock_key = slipway_project_lock_key(name);
		project->search_path = isnull ? NULL : make_search_path(DatumGetArrayTypeP(schemas));
		project->has_schemas = project->search_path != NULL;
		project->owner = slipway_lookup_text(&row, "owner");
	}
	slipway_lookup_close(&row);
	return project;
}

SlipwayProject *
slipway_project_load(const char *name)
{
	SlipwayProject *project = find_project(name);

	if (project == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_UNKNOWN_PROJECT),
				 errmsg("project \"%s\" does not exist", name),
				 errhint("Register it with slipway.create_project() or \"slipway init\".")));
	return project;
}

void
slipway_project_offer_search_path(SlipwayProject *project, char *search_path)
{
	if (search_path == NULL)
		return;
	/* Only looks whether it could be set. */
	(void) set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET,
							 false, 0, false);
	if (project->search_path == NULL)
		project->search_path = search_path;
}

static void
store_project(const char *name, Datum schemas, bool schemas_null, const char *owner, bool keep)
{
	static SlipwayQuery insert = {SLIPWAY_QUERY_PROJECT_ADD, 4, {TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID}};
	static SlipwayQuery upsert = {SLIPWAY_QUERY_PROJECT_SET, 4, {TEXTOID, TEXTARRAYOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, name);
	slipway_arg_datum(&args, schemas, schemas_null);
	slipway_arg_text(&args, owner);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_spi_begin();
	slipway_query(keep ? &insert : &upsert, &args, 0);
	slipway_spi_end();
}

void
slipway_project_require(const char *name)
{
	if (find_project(name) != NULL)
		return;
	if (strcmp(name, "default") == 0)
		store_project(name, (Datum) 0, true, NULL, true);
	(void) slipway_project_load(name);
}

static void
check_schemas(ArrayType *schemas)
{
	bool		good = ARR_NDIM(schemas) <= 1 && !array_contains_nulls(schemas);
	Datum	   *names;
	int			n = 0;

	if (good)
		deconstruct_array(schemas, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, &n);
	for (int i = 0; i < n; i++)
		good &= VARSIZE_ANY_EXHDR(DatumGetPointer(names[i])) > 0;
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("schemas of a project must be a list of names")));
}

void
slipway_project_check_owner(const char *project, Oid role)
{
	const char *reason = NULL;

	if (superuser_arg(role))
		reason = "It is a superuser: whoever deploys would be one too.";
	else if (has_privs_of_role(role, slipway_bookkeeper()))
		reason = "It has the rights of the owner of the tracking tables: its scripts could forge the history.";
	if (reason)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" cannot be the owner role of project \"%s\"",
						GetUserNameFromId(role, false), project),
				 errdetail("%s", reason),
				 errhint("Give the project another owner with slipway.create_project().")));
}

void
slipway_project_create(const char *name, ArrayType *schemas, const char *owner)
{
	slipway_check_name("project", name);
	slipway_privilege_require(SLIPWAY_ADMIN, NULL);
	if (owner && owner[0])
	{
		Oid			role = get_role_oid(owner, false);

		/* Deployers act as this role: only who could become it may offer it. */
		if (!slipway_may_become(GetUserId(), role))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("you are not a member of role \"%s\"", owner),
					 errhint("Who makes a role the owner of a project must be able to SET ROLE to it.")));
		slipway_project_check_owner(name, role);
	}
	if (schemas)
		check_schemas(schemas);
	store_project(name, PointerGetDatum(schemas), schemas == NULL, owner, false);
}

PG_FUNCTION_INFO_V1(slipway_create_project);

Datum
slipway_create_project(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the name of a project must not be null")));
	slipway_project_create(text_to_cstring(PG_GETARG_TEXT_PP(0)),
						   PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1),
						   PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
	PG_RETURN_VOID();
}
