/*
 * upload.c
 *	  slipway.add_script(), add_manifest() and add_migration().
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

static void
require_uploader(const char *project)
{
	slipway_privilege_require(SLIPWAY_UPLOADER, project);
	slipway_project_ensure_default(project);
	(void) slipway_project_load(project);
}

/* Stores a body in its normal form unless it is there; sets its hash. */
static void
store_script(const char *body, uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPT_ADD, 3, {BYTEAOID, TEXTOID, TEXTOID}};
	SlipwayArgs args = {0};
	char	   *normal = slipway_script_normalise(body);

	slipway_hash_text(normal, hash);
	slipway_arg_hash(&args, hash);
	slipway_arg_text(&args, normal);
	slipway_arg_text(&args, GetUserNameFromId(GetSessionUserId(), false));
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

PG_FUNCTION_INFO_V1(slipway_add_script);

Datum
slipway_add_script(PG_FUNCTION_ARGS)
{
	uint8		hash[SLIPWAY_HASH_LEN];

	require_uploader(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	store_script(text_to_cstring(PG_GETARG_TEXT_PP(0)), hash);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(hash)));
}

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
store_manifest(const char *project, const SlipwayManifest *manifest)
{
	static SlipwayQuery add_members = {SLIPWAY_QUERY_MIGRATION_ADD, 5,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID}};
	static SlipwayQuery add_manifest = {SLIPWAY_QUERY_MANIFEST_ADD, 8,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAOID, TEXTOID, TEXTOID}};
	static SlipwayQuery set_newest = {SLIPWAY_QUERY_MANIFEST_NEWEST, 2, {TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};
	SlipwayArgs newest_args = {0};

	slipway_arg_text(&args, project);
	add_member_arrays(&args, manifest);
	slipway_arg_text(&newest_args, project);
	slipway_arg_hash(&newest_args, manifest->hash);
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
	slipway_query(&set_newest, &newest_args, 0);
	slipway_spi_end();
}

PG_FUNCTION_INFO_V1(slipway_add_manifest);

Datum
slipway_add_manifest(PG_FUNCTION_ARGS)
{
	static SlipwayQuery missing = {SLIPWAY_QUERY_SCRIPTS_MISSING, 2, {TEXTOID, BYTEAOID}};
	char	   *body = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlipwayManifest *manifest;
	SlipwayArgs args = {0};
	uint64		rows;

	require_uploader(project);
	manifest = slipway_manifest_parse(body);
	store_manifest(project, manifest);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_spi_begin();
	rows = slipway_query(&missing, &args, 0);
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull = false;
		Datum		hash = CStringGetTextDatum(slipway_row_text(i, 1));

		tuplestore_putvalues(result->setResult, result->setDesc, &hash, &isnull);
	}
	slipway_spi_end();
	return (Datum) 0;
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
	store_script(text_to_cstring(PG_GETARG_TEXT_PP(arg)), hash);
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
	require_uploader(project);
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
