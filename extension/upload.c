/*
 * upload.c
 *	  Manifests that a deploy brings: find_base(), find_manifest(),
 *	  add_manifest(), extend_manifest() and add_migration().
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
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "hash.h"
#include "hook.h"
#include "lock.h"
#include "missing.h"
#include "pause.h"
#include "plan.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"
#include "store_manifest.h"
#include "store_script.h"

/* So many milliseconds after it stored a manifest, a deployer may still be about to bring its scripts. */
#define UPLOAD_MS 100
#define LOOK_MS 2

static bool
may_be_uploading(TimestampTz stored_at)
{
	TimestampTz now = GetCurrentTimestamp();

	return stored_at <= now && !TimestampDifferenceExceeds(stored_at, now, UPLOAD_MS);
}

/*
 * The scripts that are missing. Deployers that start together bring the same
 * manifest: all but one find it stored, and need not bring its scripts, too, if
 * they wait a moment.
 */
static SlipwayMissing
await_missing(const SlipwayManifest *manifest, TimestampTz stored_at)
{
	SlipwayMissing missing = slipway_missing_find(manifest, false);

	while (missing.n > 0 && may_be_uploading(stored_at))
	{
		slipway_pause(LOOK_MS);
		if (slipway_missing_last_came(&missing))
			missing = slipway_missing_find(manifest, false);
	}
	return missing;
}

/* The answer to an upload: a row for each script that is missing. */
static void
return_missing(FunctionCallInfo fcinfo, const SlipwayManifest *manifest, TimestampTz stored_at)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SlipwayMissing missing = await_missing(manifest, stored_at);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < missing.n; i++)
	{
		bool		isnull = false;
		Datum		hash = CStringGetTextDatum(slipway_hash_hex(missing.hashes + SLIPWAY_HASH_LEN * i));

		tuplestore_putvalues(result->setResult, result->setDesc, &hash, &isnull);
	}
}

PG_FUNCTION_INFO_V1(slipway_add_manifest);

Datum
slipway_add_manifest(PG_FUNCTION_ARGS)
{
	char	   *body = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	SlipwayManifest *manifest;
	TimestampTz stored_at;

	slipway_store_prepare("slipway.add_manifest()", project);
	manifest = slipway_manifest_parse(body);
	stored_at = slipway_store_manifest(project, manifest, NULL);
	return_missing(fcinfo, manifest, stored_at);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(slipway_extend_manifest);

Datum
slipway_extend_manifest(PG_FUNCTION_ARGS)
{
	char	   *hex = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *lines = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(2));
	SlipwayManifestBase base;
	SlipwayManifest *manifest;
	TimestampTz stored_at;

	slipway_store_prepare("slipway.extend_manifest()", project);
	base = slipway_manifest_base(project, hex);
	if (base.n == 0)
		ereport(ERROR,
				(errcode(SLIPWAY_NOT_UPLOADED),
				 errmsg("project \"%s\" has no manifest %s that was applied whole", project, hex),
				 errhint("Upload all of the new one with slipway.add_manifest().")));
	manifest = slipway_manifest_parse_more(&base, lines);
	stored_at = slipway_store_manifest(project, manifest, &base);
	return_missing(fcinfo, manifest, stored_at);
	return (Datum) 0;
}

/* Whoever could not run it is to be told so by a run, also if it would do nothing. */
static bool
could_run(const char *project, const SlipwayManifestState *state)
{
	return slipway_privilege_has(SLIPWAY_DEPLOYER, project) &&
		(state->owner == NULL || OidIsValid(get_role_oid(state->owner, true)));
}

/* Of a manifest in a project that exists; "default" is made by the first upload. */
static SlipwayManifestState
read_state(const char *project, const uint8 *hash)
{
	SlipwayManifestState state = slipway_manifest_state(project, hash);

	if (!state.project_exists && strcmp(project, "default") != 0)
		(void) slipway_project_load(project);
	return state;
}

static Datum
make_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	descriptor;

	(void) get_call_result_type(fcinfo, NULL, &descriptor);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

/* The scripts that a stored manifest still needs. */
static SlipwayMissing
find_missing(const char *project, const char *hash)
{
	SlipwayManifest *manifest = slipway_manifest_find(project, hash);

	slipway_manifest_read(manifest, project, SLIPWAY_PART_NEW);
	return slipway_missing_find(manifest, false);
}

PG_FUNCTION_INFO_V1(slipway_find_manifest);

Datum
slipway_find_manifest(PG_FUNCTION_ARGS)
{
	char	   *hex = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(1));
	uint8		hash[SLIPWAY_HASH_LEN];
	SlipwayMissing missing = {0};
	SlipwayManifestState state;
	bool		settled;
	Datum		values[4];
	bool		nulls[4] = {false};

	slipway_privilege_require(SLIPWAY_READER, project);
	slipway_manifest_parse_hash(hex, hash);
	state = read_state(project, hash);
	settled = state.settled && could_run(project, &state);
	if (state.stored && !state.newest && slipway_privilege_has(SLIPWAY_UPLOADER, project))
		slipway_store_newest(project, hash);
	if (state.stored && !settled)
		missing = find_missing(project, hex);
	values[0] = BoolGetDatum(state.stored);
	values[1] = BoolGetDatum(settled);
	nulls[2] = state.head == NULL;
	values[2] = state.head ? CStringGetTextDatum(state.head) : (Datum) 0;
	values[3] = PointerGetDatum(slipway_missing_array(&missing));
	return make_row(fcinfo, values, nulls);
}

PG_FUNCTION_INFO_V1(slipway_find_base);

Datum
slipway_find_base(PG_FUNCTION_ARGS)
{
	char	   *project = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SlipwayManifestBase base;
	SlipwayManifestState state;
	Datum		values[5];
	bool		nulls[5] = {false};

	slipway_privilege_require(SLIPWAY_READER, project);
	base = slipway_manifest_base(project, NULL);
	state = read_state(project, base.hash);
	nulls[0] = nulls[1] = base.n == 0;
	values[0] = CStringGetTextDatum(slipway_hash_hex(base.hash));
	values[1] = Int32GetDatum(base.n);
	values[2] = BoolGetDatum(base.n > 0 && state.settled && state.newest && could_run(project, &state));
	values[3] = BoolGetDatum(slipway_privilege_has(SLIPWAY_UPLOADER, project));
	nulls[4] = state.head == NULL;
	values[4] = state.head ? CStringGetTextDatum(state.head) : (Datum) 0;
	return make_row(fcinfo, values, nulls);
}

static void
append_member(StringInfo text, const SlipwayMember *member)
{
	appendStringInfo(text, "%s %s %s %s %s\n", slipway_hash_hex(member->up),
					 member->has_down ? slipway_hash_hex(member->down) : "-",
					 member->has_verify ? slipway_hash_hex(member->verify) : "-",
					 slipway_kind_name(member->kind), member->name);
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

		if (!step.applied || added->kind != SLIPWAY_VERSIONED || strcmp(step.name, added->name) != 0 ||
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

		int			order = slipway_member_compare(manifest->order, added, member);

		if (!done && order <= 0)
		{
			append_member(&text, added);
			done = true;
		}
		if (strcmp(member->name, added->name) != 0)
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

/* As its name and its script say. */
static SlipwayKind
find_kind(const char *name, const char *script)
{
	if (slipway_hook_is_name(name))
		return SLIPWAY_HOOK;
	return slipway_directive_is_there(script, "repeatable") ? SLIPWAY_REPEATABLE : SLIPWAY_VERSIONED;
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
	slipway_store_prepare("slipway.add_migration()", project);
	slipway_lock_newest(slipway_project_lock_key(project));
	(void) store_optional_script(fcinfo, 1, member.up);
	member.kind = find_kind(member.name, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	member.has_down = store_optional_script(fcinfo, 2, member.down);
	member.has_verify = store_optional_script(fcinfo, 3, member.verify);
	manifest = slipway_manifest_load(project, NULL);
	check_not_applied_otherwise(project, manifest, &member);
	manifest = slipway_manifest_parse(manifest_text_with(manifest, &member));
	slipway_store_manifest(project, manifest, NULL);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(manifest->hash)));
}
