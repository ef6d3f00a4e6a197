/*
 * upload.c
 *	  Manifests that a deploy brings: add_manifest(), find_manifest() and
 *	  add_migration().
 *
 * What is uploaded never changes and is kept by its hash, so uploading it
 * again does nothing, and deployers that do so at the same time agree.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "error_code.h"
#include "lock.h"
#include "plan.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"
#include "store_script.h"

/* Names, up, down and verify hashes of a manifest's members, as arrays. */
static void
add_member_arrays(SlipwayArgs *args, const SlipwayManifest *manifest)
{
	Datum	   *names = palloc0(Max(manifest->n, 1) * sizeof(Datum));
	const uint8 **hashes[3];

	for (int c = 0; c < lengthof(hashes); c++)
		hashes[c] = palloc0(Max(manifest->n, 1) * sizeof(uint8 *));
	for (int i = 0; i < manifest->n; i++)
	{
		const SlipwayMember *member = &manifest->members[i];

		names[i] = CStringGetTextDatum(member->name);
		hashes[0][i] = member->up;
		hashes[1][i] = member->has_down ? member->down : NULL;
		hashes[2][i] = member->has_verify ? member->verify : NULL;
	}
	slipway_arg_array(args, names, NULL, manifest->n, TEXTOID);
	for (int c = 0; c < lengthof(hashes); c++)
		slipway_arg_hashes(args, hashes[c], manifest->n);
}

/* Inside a scope: is a manifest of that hash stored? */
static bool
manifest_stored(const char *project, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST, 2, {TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_text(&args, slipway_hash_hex(hash));
	return slipway_query(&query, &args, 1) > 0;
}

static void
set_newest(const char *project, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_NEWEST, 2, {TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

/* Stores a manifest unless it is there, and makes it the newest. */
static void
store_manifest(const char *project, const SlipwayManifest *manifest)
{
	static SlipwayQuery add_members = {SLIPWAY_QUERY_MIGRATION_ADD, 5,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID}};
	static SlipwayQuery add_manifest = {SLIPWAY_QUERY_MANIFEST_ADD, 8,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	add_member_arrays(&args, manifest);
	slipway_spi_begin();
	if (!manifest_stored(project, manifest->hash))
	{
		slipway_lock_newest(slipway_project_lock_key(project));
		slipway_query(&add_members, &args, 0);
		slipway_arg_hash(&args, manifest->hash);
		slipway_arg_text(&args, slipway_order_name(manifest->order));
		slipway_arg_text(&args, GetUserNameFromId(GetSessionUserId(), false));
		slipway_query(&add_manifest, &args, 0);
		if (!manifest_stored(project, manifest->hash))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the same manifest was uploaded at the same time"),
					 errhint("Upload it again, in isolation level read committed.")));
	}
	slipway_spi_end();
	set_newest(project, manifest->hash);
}

/* Hashes, in hex, of the scripts of a stored manifest that are not; sets *n. */
static char **
list_missing(const char *project, const uint8 *hash, int *n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPTS_MISSING, 2, {TEXTOID, BYTEAOID}};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayArgs args = {0};
	char	  **missing;

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	*n = slipway_query(&query, &args, 0);
	missing = MemoryContextAlloc(caller, Max(*n, 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
		missing[i] = slipway_row_text(i, 1);
	slipway_spi_end();
	return missing;
}

PG_FUNCTION_INFO_V1(slipway_add_manifest);

Datum
slipway_add_manifest(PG_FUNCTION_ARGS)
{
	char	   *body = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlipwayManifest *manifest;
	char	  **missing;
	int			n;

	slipway_store_prepare(project);
	manifest = slipway_manifest_parse(body);
	store_manifest(project, manifest);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	missing = list_missing(project, manifest->hash, &n);
	for (int i = 0; i < n; i++)
	{
		bool		isnull = false;
		Datum		hash = CStringGetTextDatum(missing[i]);

		tuplestore_putvalues(result->setResult, result->setDesc, &hash, &isnull);
	}
	return (Datum) 0;
}

/* What slipway.find_manifest() finds. */
typedef struct FoundManifest
{
	bool		stored;
	bool		newest;
	bool		settled;
	char	   *head;			/* hash of the newest history entry, or NULL */
} FoundManifest;

static FoundManifest
find_manifest(const char *project, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_FIND, 2, {TEXTOID, BYTEAOID}};
	FoundManifest found = {0};
	SlipwayArgs args = {0};
	bool		exists;

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	exists = slipway_query(&query, &args, 1) > 0;
	if (exists)
	{
		found.stored = slipway_row_bool(0, 1);
		found.newest = slipway_row_bool(0, 2);
		found.settled = slipway_row_bool(0, 3);
		found.head = slipway_row_text(0, 4);
	}
	slipway_spi_end();
	/* Project "default" is made by the first upload. */
	if (!exists && strcmp(project, "default") != 0)
		(void) slipway_project_load(project);
	return found;
}

PG_FUNCTION_INFO_V1(slipway_find_manifest);

Datum
slipway_find_manifest(PG_FUNCTION_ARGS)
{
	char	   *hex = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	uint8		hash[SLIPWAY_HASH_LEN];
	char	  **missing = NULL;
	int			n = 0;
	FoundManifest found;
	TupleDesc	descriptor;
	Datum		values[4];
	bool		nulls[4] = {false};

	slipway_privilege_require(SLIPWAY_READER, project);
	slipway_manifest_parse_hash(hex, hash);
	found = find_manifest(project, hash);
	if (found.stored && !found.newest && slipway_privilege_has(SLIPWAY_UPLOADER, project))
		set_newest(project, hash);
	if (found.stored && !found.settled)
		missing = list_missing(project, hash, &n);
	values[0] = BoolGetDatum(found.stored);
	values[1] = BoolGetDatum(found.settled);
	nulls[2] = found.head == NULL;
	values[2] = found.head ? CStringGetTextDatum(found.head) : (Datum) 0;
	values[3] = PointerGetDatum(slipway_store_text_array(missing, n));
	(void) get_call_result_type(fcinfo, NULL, &descriptor);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}

static void
append_member(StringInfo text, const SlipwayMember *member)
{
	appendStringInfo(text, "%s %s %s versioned %s\n", slipway_hash_hex(member->up),
					 member->has_down ? slipway_hash_hex(member->down) : "-",
					 member->has_verify ? slipway_hash_hex(member->verify) : "-",
					 member->name);
}

/*
 * A name that was applied may come again with the same up script only; else
 * every later deploy would fail validation.
 */
static void
check_not_applied_otherwise(const char *project, SlipwayManifest *manifest, const SlipwayMember *added)
{
	SlipwayPlan *plan = slipway_plan_make(project, manifest);

	for (int i = 0; i < plan->n; i++)
	{
		SlipwayStep step = plan->steps[i];

		if (!step.applied || strcmp(step.name, added->name) != 0 ||
			memcmp(step.applied_hash, added->up, SLIPWAY_HASH_LEN) == 0)
			continue;
		step.member = (SlipwayMember *) added;
		step.state = SLIPWAY_CHANGED;
		slipway_step_check(&step, false);
	}
}

/*
 * Text of a manifest with one more member, put where its order says, or in
 * place of the one of that name.
 */
static char *
manifest_text_with(const SlipwayManifest *manifest, const SlipwayMember *added)
{
	StringInfoData text;
	bool		done = false;

	initStringInfo(&text);
	appendStringInfo(&text, "slipway-manifest 1 order=%s\n", slipway_order_name(manifest->order));
	for (int i = 0; i < manifest->n; i++)
	{
		const SlipwayMember *member = &manifest->members[i];

		int			order = slipway_name_compare(manifest->order, added->name, member->name);

		if (!done && order <= 0)
		{
			append_member(&text, added);
			done = true;
		}
		if (order != 0)
			append_member(&text, member);
	}
	if (!done)
		append_member(&text, added);
	return text.data;
}

static bool
store_optional_script(FunctionCallInfo fcinfo, int arg, uint8 *hash)
{
	if (PG_ARGISNULL(arg))
		return false;
	slipway_store_script(text_to_cstring(PG_GETARG_TEXT_PP(arg)), hash);
	return true;
}

PG_FUNCTION_INFO_V1(slipway_add_migration);

Datum
slipway_add_migration(PG_FUNCTION_ARGS)
{
	SlipwayMember member = {0};
	SlipwayManifest *manifest;
	char	   *project;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("name, up script and project of a migration must not be null")));
	member.name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	project = text_to_cstring(PG_GETARG_TEXT_PP(4));
	slipway_check_name("migration", member.name);
	slipway_store_prepare(project);
	slipway_lock_newest(slipway_project_lock_key(project));
	(void) store_optional_script(fcinfo, 1, member.up);
	member.has_down = store_optional_script(fcinfo, 2, member.down);
	member.has_verify = store_optional_script(fcinfo, 3, member.verify);
	manifest = slipway_manifest_load(project, NULL);
	check_not_applied_otherwise(project, manifest, &member);
	manifest = slipway_manifest_parse(manifest_text_with(manifest, &member));
	store_manifest(project, manifest);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(manifest->hash)));
}
