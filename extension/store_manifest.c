/*
 * store_manifest.c
 *	  Manifests that a deploy brings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "actor.h"
#include "hash.h"
#include "lock.h"
#include "lookup.h"
#include "query.h"
#include "spi.h"
#include "store_manifest.h"

static Datum
id_array(Datum *ids, int n)
{
	return PointerGetDatum(construct_array(ids, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Names, kinds, up, down and verify hashes and ids of members, as arrays. */
static void
add_member_arrays(SlipwayArgs *args, SlipwayMember *const *members, int n)
{
	Datum	   *names = palloc(n * sizeof(Datum));
	Datum	   *kinds = palloc(n * sizeof(Datum));
	Datum	   *ids = palloc(n * sizeof(Datum));
	const uint8 **hashes[3];

	for (int c = 0; c < lengthof(hashes); c++)
		hashes[c] = palloc(n * sizeof(uint8 *));
	for (int i = 0; i < n; i++)
	{
		const SlipwayMember *member = members[i];

		names[i] = CStringGetTextDatum(member->name);
		kinds[i] = CStringGetTextDatum(slipway_kind_name(member->kind));
		ids[i] = Int64GetDatum(member->id);
		hashes[0][i] = member->up;
		hashes[1][i] = member->has_down ? member->down : NULL;
		hashes[2][i] = member->has_verify ? member->verify : NULL;
	}
	slipway_arg_array(args, names, NULL, n, TEXTOID);
	slipway_arg_array(args, kinds, NULL, n, TEXTOID);
	for (int c = 0; c < lengthof(hashes); c++)
		slipway_arg_hashes(args, hashes[c], n);
	slipway_arg_datum(args, id_array(ids, n), false);
}

/* Is the hash of the row's column this one, or NULL if there is none? */
static bool
has_hash(const SlipwayLookup *row, const char *column, bool wanted, const uint8 *hash)
{
	uint8		actual[SLIPWAY_HASH_LEN];

	if (!slipway_lookup_hash(row, column, actual))
		return !wanted;
	return wanted && memcmp(actual, hash, SLIPWAY_HASH_LEN) == 0;
}

/* The id of a member that is stored, or 0. */
static int64
find_member(SlipwayLookup *row, const char *project, const SlipwayMember *member)
{
	slipway_lookup_again(row);
	slipway_lookup_key_text(row, "project", project);
	slipway_lookup_key_text(row, "name", member->name);
	while (slipway_lookup_previous(row))
		if (strcmp(slipway_lookup_text(row, "kind"), slipway_kind_name(member->kind)) == 0 &&
			has_hash(row, "up_hash", true, member->up) &&
			has_hash(row, "down_hash", member->has_down, member->down) &&
			has_hash(row, "verify_hash", member->has_verify, member->verify))
			return slipway_lookup_int8(row, "id");
	return 0;
}

static bool
is_of_base(const char *project, const SlipwayManifestBase *base, int64 id)
{
	Datum	   *ids = palloc(base->n * sizeof(Datum));
	bool		found = false;

	slipway_manifest_read_ids(project, base, ids);
	for (int i = 0; i < base->n && !found; i++)
		found = DatumGetInt64(ids[i]) == id;
	pfree(ids);
	return found;
}

/*
 * A name has one history, whatever its kind. Of the same kind, a member of the
 * base would not stand before this one.
 */
static void
refuse_name_of_base(SlipwayLookup *row, const char *project, const SlipwayManifestBase *base, const SlipwayMember *member)
{
	slipway_lookup_again(row);
	slipway_lookup_key_text(row, "project", project);
	slipway_lookup_key_text(row, "name", member->name);
	while (slipway_lookup_previous(row))
		if (strcmp(slipway_lookup_text(row, "kind"), slipway_kind_name(member->kind)) != 0 &&
			is_of_base(project, base, slipway_lookup_int8(row, "id")))
			slipway_manifest_refuse_twice(member->name);
}

/* Inside a scope: sets the ids of all members, and stores those that are not there. */
static void
store_members(const char *project, SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MIGRATION_ADD, 8,
	{TEXTOID, TEXTARRAYOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, INT8ARRAYOID, TEXTOID}};
	SlipwayMember **added = palloc(Max(manifest->n, 1) * sizeof(SlipwayMember *));
	int64		last = slipway_lookup_last("migration", project, "id");
	int			n = 0;
	SlipwayLookup row;
	SlipwayArgs args = {0};

	slipway_lookup_open_by(&row, "migration", "migration_key");
	for (int i = 0; i < manifest->n; i++)
	{
		SlipwayMember *member = &manifest->members[i];

		if (base)
			refuse_name_of_base(&row, project, base, member);
		member->id = find_member(&row, project, member);
		if (member->id > 0)
			continue;
		member->id = ++last;
		added[n++] = member;
	}
	slipway_lookup_close(&row);
	if (n == 0)
		return;
	slipway_arg_text(&args, project);
	add_member_arrays(&args, added, n);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_query(&query, &args, 0);
}

/* Ids of all members: those of its base, then those that are here. */
static Datum
list_ids(const char *project, const SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	Datum	   *ids = palloc(Max(manifest->base + manifest->n, 1) * sizeof(Datum));

	if (base)
		slipway_manifest_read_ids(project, base, ids);
	for (int i = 0; i < manifest->n; i++)
		ids[manifest->base + i] = Int64GetDatum(manifest->members[i].id);
	return id_array(ids, manifest->base + manifest->n);
}

/* Inside a scope: the row of a manifest whose members have their ids. */
static void
insert_manifest(const char *project, const SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_ADD, 5,
	{TEXTOID, BYTEAOID, TEXTOID, INT8ARRAYOID, TEXTOID}};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_arg_text(&args, slipway_order_name(manifest->order));
	slipway_arg_datum(&args, list_ids(project, manifest, base), false);
	slipway_arg_text(&args, slipway_actor_name());
	slipway_query(&query, &args, 0);
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

TimestampTz
slipway_store_manifest(const char *project, SlipwayManifest *manifest, const SlipwayManifestBase *base)
{
	TimestampTz stored_at;

	slipway_spi_begin();
	stored_at = slipway_manifest_stored_at(project, manifest->hash);
	if (stored_at == 0)
	{
		slipway_lock_newest(slipway_project_lock_key(project));
		/* Deployers that start together bring the same one. */
		stored_at = slipway_manifest_stored_at(project, manifest->hash);
	}
	if (stored_at == 0)
	{
		store_members(project, manifest, base);
		insert_manifest(project, manifest, base);
	}
	slipway_spi_end();
	slipway_store_newest(project, manifest->hash);
	return stored_at;
}
