/*
 * load_manifest.c
 *	  What the tables say of manifests.
 *
 * A release mostly has the migrations of the one before and some more. Those
 * that were applied whole with an earlier manifest need not be looked at again:
 * so a deploy costs as much as what is new in it, however long the project is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "error_code.h"
#include "hash.h"
#include "history.h"
#include "journal.h"
#include "load_manifest.h"
#include "lookup.h"
#include "query.h"
#include "spi.h"

/* Goes to the row of a manifest; false if there is none. The caller closes it. */
static bool
open_manifest(SlipwayLookup *row, const char *project, const uint8 *hash)
{
	slipway_lookup_open(row, "manifest");
	slipway_lookup_key_text(row, "project", project);
	slipway_lookup_key_hash(row, "hash", hash);
	return slipway_lookup_previous(row);
}

TimestampTz
slipway_manifest_stored_at(const char *project, const uint8 *hash)
{
	SlipwayLookup row;
	bool		isnull;
	TimestampTz at = 0;

	if (open_manifest(&row, project, hash))
		at = DatumGetTimestampTz(slipway_lookup_datum(&row, "created_at", &isnull));
	slipway_lookup_close(&row);
	return at;
}

/* The newest manifest of a project; false if there is none. */
static bool
find_newest(const char *project, uint8 *hash)
{
	SlipwayLookup row;
	bool		found;

	slipway_lookup_open(&row, "project");
	slipway_lookup_key_text(&row, "name", project);
	found = slipway_lookup_previous(&row) && slipway_lookup_hash(&row, "newest", hash);
	slipway_lookup_close(&row);
	return found;
}

SlipwayManifest *
slipway_manifest_find(const char *project, const char *hash)
{
	SlipwayManifest *manifest = palloc0(sizeof(SlipwayManifest));
	SlipwayLookup row;
	bool		found;

	if (hash)
		slipway_manifest_parse_hash(hash, manifest->hash);
	else if (!find_newest(project, manifest->hash))
		return slipway_manifest_parse("slipway-manifest 1 order=auto\n");
	found = open_manifest(&row, project, manifest->hash);
	if (found)
		manifest->order = slipway_order_parse(slipway_lookup_text(&row, "name_order"));
	slipway_lookup_close(&row);
	if (!found)
		ereport(ERROR,
				(errcode(SLIPWAY_NOT_UPLOADED),
				 errmsg("project \"%s\" has no manifest %s", project, slipway_hash_hex(manifest->hash)),
				 errhint("Upload it with slipway.add_manifest().")));
	return manifest;
}

/* Members that were read before may have outlines, from a context each. */
static void
keep_outlines(SlipwayManifest *manifest, const SlipwayManifest *before)
{
	for (int i = 0; i < SLIPWAY_HOOKS; i++)
		if (manifest->hooks[i] && before->hooks[i])
			manifest->hooks[i]->outline = before->hooks[i]->outline;
	for (int i = 0; i < before->n; i++)
	{
		SlipwayOutline *outline = before->members[i].outline;
		int			position = before->base + i - manifest->base;

		if (before->members[i].kind == SLIPWAY_HOOK)
			continue;
		if (outline && position >= 0)
			manifest->members[position].outline = outline;
		else if (outline)
			MemoryContextDelete(outline->context);
	}
}

/* Whoever owns the table may have put there whatever its type allows. */
static void
refuse_members(const uint8 *hash)
{
	ereport(ERROR,
			(errcode(SLIPWAY_CHAIN_BROKEN),
			 errmsg("the members of stored manifest %s were changed after it was uploaded", slipway_hash_hex(hash)),
			 errhint("Find out who did that; then restore it from a backup.")));
}

static ArrayType *
read_ids(const char *project, const uint8 *hash)
{
	SlipwayLookup row;
	ArrayType  *ids = NULL;
	bool		isnull;

	if (open_manifest(&row, project, hash))
		ids = DatumGetArrayTypePCopy(slipway_lookup_datum(&row, "members", &isnull));
	slipway_lookup_close(&row);
	if (ids && array_contains_nulls(ids))
		refuse_members(hash);
	return ids;
}

static int
count_ids(const ArrayType *ids)
{
	return ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
}

/* A member by its id, if it is a hook; else NULL. Hooks have one script. */
static SlipwayMember *
read_hook(const char *project, int64 id)
{
	SlipwayMember *hook = palloc0(sizeof(SlipwayMember));
	SlipwayLookup row;
	bool		found;

	slipway_lookup_open(&row, "migration");
	slipway_lookup_key_text(&row, "project", project);
	slipway_lookup_key_int8(&row, "id", id);
	found = slipway_lookup_previous(&row) &&
		slipway_kind_parse(slipway_lookup_text(&row, "kind")) == SLIPWAY_HOOK;
	if (found)
	{
		hook->kind = SLIPWAY_HOOK;
		hook->name = slipway_lookup_text(&row, "name");
		(void) slipway_lookup_hash(&row, "up_hash", hook->up);
	}
	slipway_lookup_close(&row);
	return found ? hook : NULL;
}

/* Finds the hooks, which stand first: among the members, or among those that are left out. */
static void
find_hooks(SlipwayManifest *manifest, const char *project)
{
	ArrayType  *ids = manifest->base > 0 ? read_ids(project, manifest->hash) : NULL;

	if (manifest->base > 0 && (ids == NULL || count_ids(ids) < manifest->base))
		refuse_members(manifest->hash);
	memset(manifest->hooks, 0, sizeof(manifest->hooks));
	for (int i = 0; i < manifest->base + manifest->n; i++)
	{
		SlipwayMember *member = i >= manifest->base ? &manifest->members[i - manifest->base] :
			read_hook(project, ((int64 *) ARR_DATA_PTR(ids))[i]);

		if (member == NULL || member->kind != SLIPWAY_HOOK)
			break;
		manifest->hooks[slipway_hook_find(member->name)] = member;
	}
}

/* Reads the members behind the first ones, which are so many; and the hooks among those, if wanted. */
static void
read_members(SlipwayManifest *manifest, const char *project, int base, bool hooks)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_MEMBERS, 3, {TEXTOID, BYTEAOID, INT8OID}};
	SlipwayArgs args = {0};
	MemoryContext caller = CurrentMemoryContext;
	SlipwayManifest before = *manifest;

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_arg_int8(&args, base);
	slipway_spi_begin();
	manifest->base = base;
	manifest->n = slipway_query(&query, &args, 0);
	manifest->members = MemoryContextAllocZero(caller, Max(manifest->n, 1) * sizeof(SlipwayMember));
	for (int i = 0; i < manifest->n; i++)
	{
		SlipwayMember *member = &manifest->members[i];

		member->name = slipway_row_text(i, 1);
		(void) slipway_row_hash(i, 2, member->up);
		member->has_down = slipway_row_hash(i, 3, member->down);
		member->has_verify = slipway_row_hash(i, 4, member->verify);
		member->kind = slipway_kind_parse(slipway_row_text(i, 5));
	}
	slipway_spi_end();
	if (hooks)
		find_hooks(manifest, project);
	keep_outlines(manifest, &before);
}

SlipwayManifest *
slipway_manifest_load(const char *project, const char *hash)
{
	SlipwayManifest *manifest = slipway_manifest_find(project, hash);

	read_members(manifest, project, 0, true);
	return manifest;
}

/* The entry with which the last run that left its manifest applied whole ended, and that manifest. */
typedef struct Settled
{
	int64		entry;			/* 0: there was none */
	uint8		hash[SLIPWAY_HASH_LEN];
} Settled;

/* Of the runs with that manifest, or with any (NULL). */
static Settled
find_settled(const char *project, const uint8 *hash)
{
	Settled		settled = {0};
	SlipwayLookup row;

	slipway_lookup_open(&row, "run");
	slipway_lookup_key_text(&row, "project", project);
	while (settled.entry == 0 && slipway_lookup_previous(&row))
	{
		(void) slipway_lookup_hash(&row, "manifest_hash", settled.hash);
		if (hash == NULL || memcmp(hash, settled.hash, SLIPWAY_HASH_LEN) == 0)
			settled.entry = slipway_lookup_int8(&row, "settled_entry");
	}
	slipway_lookup_close(&row);
	return settled;
}

/* How many members another manifest has, if they stand at the beginning of this one; else 0. */
static int
count_common(const char *project, const uint8 *hash, const uint8 *other)
{
	ArrayType  *ids = read_ids(project, hash);
	ArrayType  *others = read_ids(project, other);
	int			n;

	if (ids == NULL || others == NULL)
		return 0;
	n = count_ids(others);
	return n <= count_ids(ids) &&
		memcmp(ARR_DATA_PTR(ids), ARR_DATA_PTR(others), n * sizeof(int64)) == 0 ? n : 0;
}

/*
 * How many members stand at the beginning just as in the manifest that was
 * applied whole last; untouched: if nothing has happened since.
 */
static int
count_applied(const SlipwayManifest *manifest, const char *project, bool untouched)
{
	Settled		settled = find_settled(project, NULL);

	if (settled.entry == 0 || (untouched && !slipway_history_rests(project, settled.entry)))
		return 0;
	/* A rollback whose process was killed leaves no entry. */
	if (untouched && slipway_journal_is_open(project))
		return 0;
	return count_common(project, manifest->hash, settled.hash);
}

/*
 * Was something done before under the name of a member that was read? A repeatable migration may have been left out of releases, and come
 * back as a versioned one, with another script than was applied.
 */
static bool
has_past(const SlipwayManifest *manifest, const char *project)
{
	SlipwayLookup history;
	bool		past = false;

	slipway_lookup_open_by(&history, "history", "history_migration_idx");
	for (int i = 0; i < manifest->n && !past; i++)
	{
		slipway_lookup_again(&history);
		slipway_lookup_key_text(&history, "project", project);
		slipway_lookup_key_text(&history, "migration", manifest->members[i].name);
		while (!past && slipway_lookup_previous(&history))
			past = slipway_history_moves(slipway_lookup_text(&history, "action"));
	}
	slipway_lookup_close(&history);
	return past;
}

void
slipway_manifest_read(SlipwayManifest *manifest, const char *project, SlipwayManifestPart part)
{
	int			base = 0;

	if (part != SLIPWAY_PART_WHOLE)
		base = count_applied(manifest, project, part == SLIPWAY_PART_UNAPPLIED);
	read_members(manifest, project, base, part != SLIPWAY_PART_NEW);
	if (part == SLIPWAY_PART_UNAPPLIED && base > 0 && has_past(manifest, project))
		read_members(manifest, project, 0, true);
}

/* Fills in the last member of a base, by its id. */
static void
read_last(const char *project, int64 id, SlipwayManifestBase *base)
{
	SlipwayLookup row;

	slipway_lookup_open(&row, "migration");
	slipway_lookup_key_text(&row, "project", project);
	slipway_lookup_key_int8(&row, "id", id);
	if (slipway_lookup_previous(&row))
	{
		base->last = slipway_lookup_text(&row, "name");
		base->last_kind = slipway_kind_parse(slipway_lookup_text(&row, "kind"));
	}
	slipway_lookup_close(&row);
}

SlipwayManifestBase
slipway_manifest_base(const char *project, const char *hash)
{
	SlipwayManifestBase base = {{0}};
	uint8		wanted[SLIPWAY_HASH_LEN];
	ArrayType  *ids;
	Settled		settled;

	if (hash)
		slipway_manifest_parse_hash(hash, wanted);
	settled = find_settled(project, hash ? wanted : NULL);
	ids = settled.entry > 0 ? read_ids(project, settled.hash) : NULL;
	if (ids == NULL || count_ids(ids) == 0)
		return base;
	memcpy(base.hash, settled.hash, SLIPWAY_HASH_LEN);
	base.n = count_ids(ids);
	base.order = slipway_manifest_find(project, slipway_hash_hex(base.hash))->order;
	read_last(project, ((int64 *) ARR_DATA_PTR(ids))[base.n - 1], &base);
	return base;
}

void
slipway_manifest_read_ids(const char *project, const SlipwayManifestBase *base, Datum *ids)
{
	ArrayType  *array = read_ids(project, base->hash);

	if (array == NULL || count_ids(array) != base->n)
		refuse_members(base->hash);
	for (int i = 0; i < base->n; i++)
		ids[i] = Int64GetDatum(((int64 *) ARR_DATA_PTR(array))[i]);
}

/* Did the last run leave this manifest applied whole, and nothing has happened since? */
static bool
is_settled(const char *project, const uint8 *hash)
{
	SlipwayLookup row;
	uint8		manifest[SLIPWAY_HASH_LEN];
	bool		settled = false;
	int64		entry = 0;

	slipway_lookup_open(&row, "run");
	slipway_lookup_key_text(&row, "project", project);
	if (slipway_lookup_previous(&row))
		settled = slipway_lookup_hash(&row, "manifest_hash", manifest) &&
			memcmp(manifest, hash, SLIPWAY_HASH_LEN) == 0;
	if (settled)
		entry = slipway_lookup_int8(&row, "settled_entry");
	slipway_lookup_close(&row);
	return entry > 0 && slipway_history_rests(project, entry);
}

SlipwayManifestState
slipway_manifest_state(const char *project, const uint8 *hash)
{
	SlipwayManifestState state = {0};
	uint8		bytes[SLIPWAY_HASH_LEN];
	int64		last_entry;
	SlipwayLookup row;

	slipway_lookup_open(&row, "project");
	slipway_lookup_key_text(&row, "name", project);
	state.project_exists = slipway_lookup_previous(&row);
	if (state.project_exists)
	{
		state.owner = slipway_lookup_text(&row, "owner");
		state.newest = slipway_lookup_hash(&row, "newest", bytes) && memcmp(bytes, hash, SLIPWAY_HASH_LEN) == 0;
	}
	slipway_lookup_close(&row);
	state.stored = slipway_manifest_stored_at(project, hash) != 0;
	last_entry = slipway_history_last(project, bytes);
	state.settled = last_entry > 0 && is_settled(project, hash);
	state.head = last_entry > 0 ? slipway_hash_hex(bytes) : NULL;
	return state;
}
