/*
 * missing.c
 *	  Scripts that a manifest names and nobody has uploaded.
 *
 * In an order, so that two that upload the same do not wait for each other.
 */
#include "postgres.h"

#include "error_code.h"
#include "hash.h"
#include "lookup.h"
#include "missing.h"

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, SLIPWAY_HASH_LEN);
}

static void
add_hash(SlipwayMissing *list, bool wanted, const uint8 *hash)
{
	if (wanted)
		memcpy(list->hashes + SLIPWAY_HASH_LEN * list->n++, hash, SLIPWAY_HASH_LEN);
}

/* All scripts of the manifest, each once, in order. */
static SlipwayMissing
list_scripts(const SlipwayManifest *manifest, bool others_only)
{
	SlipwayMissing list = {palloc(Max(3 * manifest->n, 1) * SLIPWAY_HASH_LEN)};
	int			all;

	for (int i = 0; i < manifest->n; i++)
	{
		const SlipwayMember *member = &manifest->members[i];

		add_hash(&list, !others_only, member->up);
		add_hash(&list, member->has_down, member->down);
		add_hash(&list, member->has_verify, member->verify);
	}
	qsort(list.hashes, list.n, SLIPWAY_HASH_LEN, compare_hashes);
	all = list.n;
	list.n = 0;
	for (int i = 0; i < all; i++)
	{
		const uint8 *hash = list.hashes + SLIPWAY_HASH_LEN * i;

		if (i == 0 || memcmp(hash, hash - SLIPWAY_HASH_LEN, SLIPWAY_HASH_LEN) != 0)
			memmove(list.hashes + SLIPWAY_HASH_LEN * list.n++, hash, SLIPWAY_HASH_LEN);
	}
	return list;
}

static bool
is_stored(SlipwayLookup *script, const uint8 *hash)
{
	slipway_lookup_again(script);
	slipway_lookup_key_hash(script, "hash", hash);
	return slipway_lookup_previous(script);
}

SlipwayMissing
slipway_missing_find(const SlipwayManifest *manifest, bool others_only)
{
	SlipwayMissing list = list_scripts(manifest, others_only);
	int			all = list.n;
	SlipwayLookup script;

	list.n = 0;
	slipway_lookup_open(&script, "script");
	for (int i = 0; i < all; i++)
	{
		uint8	   *hash = list.hashes + SLIPWAY_HASH_LEN * i;

		if (!is_stored(&script, hash))
			memmove(list.hashes + SLIPWAY_HASH_LEN * list.n++, hash, SLIPWAY_HASH_LEN);
	}
	slipway_lookup_close(&script);
	return list;
}

void
slipway_missing_raise(const char *migration, const char *part, const uint8 *hash)
{
	ereport(ERROR,
			(errcode(SLIPWAY_NOT_UPLOADED),
			 errmsg("%s%sscript of migration \"%s\" was not uploaded", part ? part : "", part ? " " : "", migration),
			 errdetail("Its hash is %s.", slipway_hash_hex(hash)),
			 errhint("Upload it with slipway.add_script().")));
}

void
slipway_missing_refuse(const SlipwayMissing *missing, const SlipwayMember *member)
{
	if (bsearch(member->up, missing->hashes, missing->n, SLIPWAY_HASH_LEN, compare_hashes))
		slipway_missing_raise(member->name, NULL, member->up);
}

bool
slipway_missing_last_came(const SlipwayMissing *missing)
{
	SlipwayLookup script;
	bool		came;

	slipway_lookup_open(&script, "script");
	came = is_stored(&script, missing->hashes + SLIPWAY_HASH_LEN * (missing->n - 1));
	slipway_lookup_close(&script);
	return came;
}

ArrayType *
slipway_missing_array(const SlipwayMissing *missing)
{
	char	  **hexes = palloc(Max(missing->n, 1) * sizeof(char *));

	for (int i = 0; i < missing->n; i++)
		hexes[i] = slipway_hash_hex(missing->hashes + SLIPWAY_HASH_LEN * i);
	return slipway_hash_array(hexes, missing->n);
}
