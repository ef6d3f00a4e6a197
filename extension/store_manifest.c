/*
 * store_manifest.c
 *	  Manifests that a deploy brings.
 *
 * A release has mostly the migrations of the one before. So its members are
 * first looked for, in memory, in the manifest that was applied whole last:
 * that one's members have their ids, and all of its scripts are here. Only the
 * rest is looked for in the tables.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "hash.h"
#include "lock.h"
#include "query.h"
#include "spi.h"
#include "store_manifest.h"

/* Members of a manifest that are looked for in the tables. */
typedef struct MemberList
{
	SlipwayMember **members;
	int			n;
} MemberList;

static bool
same_hash(bool has_a, const uint8 *a, bool has_b, const uint8 *b)
{
	return has_a == has_b && (!has_a || memcmp(a, b, SLIPWAY_HASH_LEN) == 0);
}

/* Looks for the members in the manifest that was applied whole last. */
static void
match_settled(const char *project, SlipwayManifest *manifest)
{
	SlipwayManifest *settled = slipway_manifest_load_settled(project);
	HTAB	   *index = settled ? slipway_manifest_index(settled) : NULL;

	for (int i = 0; index && i < manifest->n; i++)
	{
		SlipwayMember *member = &manifest->members[i];
		int			position = slipway_manifest_position(index, member->name);
		const SlipwayMember *known = position < 0 ? NULL : &settled->members[position];

		if (known && same_hash(true, member->up, true, known->up) &&
			same_hash(member->has_down, member->down, known->has_down, known->down) &&
			same_hash(member->has_verify, member->verify, known->has_verify, known->verify))
		{
			member->id = known->id;
			member->settled = true;
		}
	}
}

static MemberList
list_others(SlipwayManifest *manifest)
{
	MemberList	others = {palloc(Max(manifest->n, 1) * sizeof(SlipwayMember *))};

	for (int i = 0; i < manifest->n; i++)
		if (!manifest->members[i].settled)
			others.members[others.n++] = &manifest->members[i];
	return others;
}

/* Names, up, down and verify hashes of members, as arrays. */
static void
add_member_arrays(SlipwayArgs *args, const MemberList *list)
{
	Datum	   *names = palloc0(Max(list->n, 1) * sizeof(Datum));
	const uint8 **hashes[3];

	for (int c = 0; c < lengthof(hashes); c++)
		hashes[c] = palloc0(Max(list->n, 1) * sizeof(uint8 *));
	for (int i = 0; i < list->n; i++)
	{
		const SlipwayMember *member = list->members[i];

		names[i] = CStringGetTextDatum(member->name);
		hashes[0][i] = member->up;
		hashes[1][i] = member->has_down ? member->down : NULL;
		hashes[2][i] = member->has_verify ? member->verify : NULL;
	}
	slipway_arg_array(args, names, NULL, list->n, TEXTOID);
	for (int c = 0; c < lengthof(hashes); c++)
		slipway_arg_hashes(args, hashes[c], list->n);
}

static void
raise_concurrent(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the same manifest was uploaded at the same time"),
			 errhint("Upload it again, in isolation level read committed.")));
}

/* From the rows of a query: id and name, in the order of the list. */
static void
set_ids(const MemberList *list, uint64 rows)
{
	int			at = 0;

	for (uint64 i = 0; i < rows; i++)
	{
		char	   *name = slipway_row_text(i, 2);

		while (at < list->n && strcmp(list->members[at]->name, name) != 0)
			at++;
		if (at == list->n)
			elog(ERROR, "migration \"%s\" came out of order", name);
		list->members[at++]->id = slipway_row_int8(i, 1);
	}
}

/* Inside a scope: stores members that are not there, and sets the ids of all. */
static void
store_members(const char *project, const MemberList *list)
{
	static SlipwayQuery add = {SLIPWAY_QUERY_MIGRATION_ADD, 5,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID}};
	static SlipwayQuery find = {SLIPWAY_QUERY_MIGRATION_FIND, 5,
	{TEXTOID, TEXTARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID, BYTEAARRAYOID}};
	SlipwayArgs args = {0};
	uint64		rows;

	if (list->n == 0)
		return;
	slipway_arg_text(&args, project);
	add_member_arrays(&args, list);
	rows = slipway_query(&add, &args, 0);
	set_ids(list, rows);
	if (rows == list->n)
		return;
	rows = slipway_query(&find, &args, 0);
	set_ids(list, rows);
	for (int i = 0; i < list->n; i++)
		if (list->members[i]->id == 0)
			raise_concurrent();
}

/* Inside a scope: the row of a manifest whose members have their ids, unless it is there. */
static void
insert_manifest(const char *project, const SlipwayManifest *manifest)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_ADD, 5,
	{TEXTOID, BYTEAOID, TEXTOID, INT8ARRAYOID, TEXTOID}};
	Datum	   *ids = palloc(Max(manifest->n, 1) * sizeof(Datum));
	SlipwayArgs args = {0};

	for (int i = 0; i < manifest->n; i++)
		ids[i] = Int64GetDatum(manifest->members[i].id);
	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_arg_text(&args, slipway_order_name(manifest->order));
	slipway_arg_datum(&args, PointerGetDatum(construct_array(ids, manifest->n, INT8OID, sizeof(int64),
															 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)), false);
	slipway_arg_text(&args, GetUserNameFromId(GetSessionUserId(), false));
	if (slipway_query(&query, &args, 0) == 0 && !slipway_manifest_exists(project, manifest->hash))
		raise_concurrent();
	slipway_manifest_remember(project, manifest);
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
slipway_store_manifest(const char *project, SlipwayManifest *manifest)
{
	MemberList	others;
	bool		stored;

	match_settled(project, manifest);
	others = list_others(manifest);
	slipway_spi_begin();
	stored = slipway_manifest_exists(project, manifest->hash);
	if (!stored)
	{
		slipway_lock_newest(slipway_project_lock_key(project));
		store_members(project, &others);
		insert_manifest(project, manifest);
	}
	slipway_spi_end();
	if (stored)
		slipway_store_newest(project, manifest->hash);
}
SlipwayManifest *
slipway_store_load(const char *project, const char *hash)
{
	SlipwayManifest *manifest = slipway_manifest_load(project, hash);

	match_settled(project, manifest);
	return manifest;
}

char **
slipway_store_missing(SlipwayManifest *manifest, int *n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPTS_MISSING, 1, {BYTEAARRAYOID}};
	MemoryContext caller = CurrentMemoryContext;
	MemberList	others = list_others(manifest);
	const uint8 **hashes = palloc0(Max(3 * others.n, 1) * sizeof(uint8 *));
	SlipwayArgs args = {0};
	char	  **missing;

	*n = 0;
	for (int i = 0; i < others.n; i++)
	{
		const SlipwayMember *member = others.members[i];

		hashes[(*n)++] = member->up;
		if (member->has_down)
			hashes[(*n)++] = member->down;
		if (member->has_verify)
			hashes[(*n)++] = member->verify;
	}
	slipway_arg_hashes(&args, hashes, *n);
	slipway_spi_begin();
	*n = slipway_query(&query, &args, 0);
	missing = MemoryContextAlloc(caller, Max(*n, 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
		missing[i] = slipway_row_text(i, 1);
	slipway_spi_end();
	return missing;
}
