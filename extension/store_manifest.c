/*
 * store_manifest.c
 *	  Manifests that a deploy brings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "hash.h"
#include "lock.h"
#include "lookup.h"
#include "query.h"
#include "spi.h"
#include "store_manifest.h"

/* Names, up, down and verify hashes of members, as arrays. */
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

static Datum
id_array(Datum *ids, int n)
{
	return PointerGetDatum(construct_array(ids, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* As many ids as the manifest has members here, above all that there are. */
static Datum
next_ids(const char *project, int n)
{
	Datum	   *ids = palloc(Max(n, 1) * sizeof(Datum));
	SlipwayLookup row;
	int64		last;

	slipway_lookup_open(&row, "migration");
	slipway_lookup_key_text(&row, "project", project);
	last = slipway_lookup_previous(&row) ? slipway_lookup_int8(&row, "id") : 0;
	slipway_lookup_close(&row);
	for (int i = 0; i < n; i++)
		ids[i] = Int64GetDatum(last + i + 1);
	return id_array(ids, n);
}

static void
raise_concurrent(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the same manifest was uploaded at the same time"),
			 errhint("Upload it again, in isolation level read committed.")));
}

/* From the rows of a query: id and name, in the order of the manifest. */
static void
set_ids(SlipwayManifest *manifest, uint64 rows)
{
	int			at = 0;

	for (uint64 i = 0; i < rows; i++)
	{
		char	   *name = slipway_row_text(i, 2);

		while (at < manifest->n && strcmp(manifest->members[at].name, name) != 0)
			at++;
		if (at == manifest->n)
			elog(ERROR, "migration \"%s\" came out of order", name);
		manifest->members[at++].id = slipway_row_int8(i, 1);
	}
}

/* Inside a scope: stores members that are not there, and sets the ids of all that are not left out. */
static void
store_members(const char *project, SlipwayManifest *manifest)
{
	static SlipwayQuery add = {SLIPWAY_QUERY_MIGRATION_ADD, 6,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, INT8ARRAYOID}};
	static SlipwayQuery find = {SLIPWAY_QUERY_MIGRATION_FIND, 5,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID}};
	SlipwayArgs args = {0};
	SlipwayArgs add_args;
	uint64		rows;

	if (manifest->n == 0)
		return;
	slipway_arg_text(&args, project);
	add_member_arrays(&args, manifest);
	add_args = args;
	slipway_arg_datum(&add_args, next_ids(project, manifest->n), false);
	rows = slipway_query(&add, &add_args, 0);
	set_ids(manifest, rows);
	if (rows == manifest->n)
		return;
	rows = slipway_query(&find, &args, 0);
	set_ids(manifest, rows);
	for (int i = 0; i < manifest->n; i++)
		if (manifest->members[i].id == 0)
			raise_concurrent();
}

/* Inside a scope: the row of a manifest whose members have their ids, unless it is there. */
static void
insert_manifest(const char *project, const SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_ADD, 6,
	{TEXTOID, BYTEAOID, TEXTOID, INT8ARRAYOID, TEXTOID, BYTEAOID}};
	Datum	   *ids = palloc(Max(manifest->n, 1) * sizeof(Datum));
	SlipwayArgs args = {0};

	for (int i = 0; i < manifest->n; i++)
		ids[i] = Int64GetDatum(manifest->members[i].id);
	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_arg_text(&args, slipway_order_name(manifest->order));
	slipway_arg_datum(&args, id_array(ids, manifest->n), false);
	slipway_arg_text(&args, GetUserNameFromId(GetSessionUserId(), false));
	slipway_arg_hash(&args, base ? base->hash : NULL);
	if (slipway_query(&query, &args, 0) == 0 && !slipway_manifest_exists(project, manifest->hash))
		raise_concurrent();
}

void
slipway_store_newest(const char *project, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_NEWEST, 2, {TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	slipway_query(&query, &args, 0);
	slipway_spi_end();
}

void
slipway_store_manifest(const char *project, SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	bool		stored;

	slipway_spi_begin();
	stored = slipway_manifest_exists(project, manifest->hash);
	if (!stored)
	{
		slipway_lock_newest(slipway_project_lock_key(project));
		/* Deployers that start together bring the same one. */
		stored = slipway_manifest_exists(project, manifest->hash);
	}
	if (!stored)
	{
		store_members(project, manifest);
		insert_manifest(project, manifest, base);
	}
	slipway_spi_end();
	if (stored)
		slipway_store_newest(project, manifest->hash);
}
