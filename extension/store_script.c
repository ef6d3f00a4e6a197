/*
 * store_script.c
 *	  slipway.add_script(), add_scripts() and add_script_part().
 *
 * What is uploaded never changes and is kept by its hash, so uploading it
 * again does nothing, and deployers that do so at the same time agree.
 */
#include "postgres.h"

#include "access/toast_internals.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "actor.h"
#include "approval.h"
#include "body.h"
#include "error_code.h"
#include "guard.h"
#include "hash.h"
#include "lookup.h"
#include "memory.h"
#include "normal_form.h"
#include "parts.h"
#include "privilege.h"
#include "project.h"
#include "query.h"
#include "spi.h"
#include "store_script.h"

/* Who brings something is not to approve it, so nobody is to bring it in the name of another one. */
static void
require_uploader(const char *function)
{
	if (slipway_guard_active())
		ereport(ERROR,
				(errcode(SLIPWAY_PROTECTED),
				 errmsg("a migration cannot call %s for a project that requires approval", function)));
	slipway_actor_require_self(function);
}

void
slipway_store_prepare(const char *function, const char *project)
{
	PreventCommandDuringRecovery(function);
	slipway_privilege_require(SLIPWAY_UPLOADER, project);
	slipway_actor_require_will(function);
	slipway_project_require(project);
	if (slipway_approval_required(project))
		require_uploader(function);
}

/*
 * What the server would make of a large body when it is stored, made here: the row
 * that it then makes is built of that, and not of another copy of the text.
 */
static Datum
compress(const text *body)
{
	SlipwayLookup script;
	char		method;
	Datum		compressed;

	slipway_lookup_open(&script, "script");
	method = slipway_lookup_compression(&script, "body");
	slipway_lookup_close(&script);
	compressed = toast_compress_datum(PointerGetDatum(body), method);
	return DatumGetPointer(compressed) != NULL ? compressed : PointerGetDatum(body);
}

/* Stores a text datum in its normal form, of which the hash is given. */
static void
store_normal(Datum normal, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPT_ADD, 3, {BYTEAOID, TEXTOID, TEXTOID}, .generic = true};
	SlipwayArgs args = {0};

	slipway_arg_hash(&args, hash);
	slipway_arg_datum(&args, normal, false);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

void
slipway_store_script(const char *body, uint8 *hash)
{
	char	   *normal = pstrdup(body);

	slipway_normal_form(normal);
	slipway_hash_text(normal, hash);
	store_normal(CStringGetTextDatum(normal), hash);
}

/* Stores bodies, which are text datums; their hashes are palloc'd, by index. */
static uint8 **
store_scripts(Datum *bodies, int n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPTS_ADD, 3, {BYTEAARRAYOID, TEXTARRAYOID, TEXTOID},
	.generic = true};
	Datum	   *normals = palloc(Max(n, 1) * sizeof(Datum));
	uint8	  **hashes = palloc(Max(n, 1) * sizeof(uint8 *));
	SlipwayArgs args = {0};

	for (int i = 0; i < n; i++)
	{
		char	   *normal = TextDatumGetCString(bodies[i]);

		slipway_normal_form(normal);
		hashes[i] = palloc(SLIPWAY_HASH_LEN);
		slipway_hash_text(normal, hashes[i]);
		normals[i] = CStringGetTextDatum(normal);
	}
	slipway_arg_hashes(&args, (const uint8 *const *) hashes, n);
	slipway_arg_array(&args, normals, NULL, n, TEXTOID);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
	return hashes;
}

PG_FUNCTION_INFO_V1(slipway_add_script);

Datum
slipway_add_script(PG_FUNCTION_ARGS)
{
	uint8		hash[SLIPWAY_HASH_LEN];

	slipway_store_prepare("slipway.add_script()", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	slipway_store_script(text_to_cstring(PG_GETARG_TEXT_PP(0)), hash);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(hash)));
}

PG_FUNCTION_INFO_V1(slipway_add_scripts);

Datum
slipway_add_scripts(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *bodies;
	uint8	  **hashes;
	char	  **texts;
	int			n;

	slipway_store_prepare("slipway.add_scripts()", text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the body of a script must not be null")));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &bodies, NULL, &n);
	hashes = store_scripts(bodies, n);
	texts = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		texts[i] = slipway_hash_hex(hashes[i]);
	PG_RETURN_ARRAYTYPE_P(slipway_hash_array(texts, n));
}

PG_FUNCTION_INFO_V1(slipway_add_script_part);

Datum
slipway_add_script_part(PG_FUNCTION_ARGS)
{
	int64		offset = PG_GETARG_INT64(1);
	bool		last = PG_GETARG_BOOL(2);
	text	   *body;
	uint8		hash[SLIPWAY_HASH_LEN];

	if (offset == 0)
		slipway_store_prepare("slipway.add_script_part()", text_to_cstring(PG_GETARG_TEXT_PP(3)));
	slipway_parts_add(PG_GETARG_BYTEA_PP(0), offset, last);
	if (!last)
		PG_RETURN_NULL();
	body = slipway_parts_take(hash);
	slipway_memory_prepare(VARSIZE(body));
	store_normal(compress(body), hash);
	slipway_body_remember(body, hash);
	PG_RETURN_TEXT_P(cstring_to_text(slipway_hash_hex(hash)));
}
