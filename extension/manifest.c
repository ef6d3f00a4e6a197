/*
 * manifest.c
 *	  Immutable ordered lists of migrations: their text and their order.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "error_code.h"
#include "manifest.h"
#include "query.h"
#include "spi.h"

static const char *const order_names[] = {"auto", "name", "number"};

static SlipwayNameOrder
parse_order(const char *name)
{
	for (int i = 0; i < lengthof(order_names); i++)
		if (strcmp(name, order_names[i]) == 0)
			return (SlipwayNameOrder) i;
	ereport(ERROR,
			(errcode(SLIPWAY_INVALID_MANIFEST),
			 errmsg("unknown order \"%s\" in a manifest", name)));
}

const char *
slipway_order_name(SlipwayNameOrder order)
{
	return order_names[order];
}

/* Leading zeros do not count; returns the number's digits and how many. */
static int
leading_number(const char *name, const char **digits)
{
	while (*name == '0' && isdigit((unsigned char) name[1]))
		name++;
	*digits = name;
	return strspn(name, "0123456789");
}

static int
compare_numbers(const char *a, const char *b)
{
	const char *a_digits;
	const char *b_digits;
	int			a_len = leading_number(a, &a_digits);
	int			b_len = leading_number(b, &b_digits);

	if (a_len == 0 || b_len == 0)
		return (a_len == 0) - (b_len == 0);
	if (a_len != b_len)
		return a_len - b_len;
	return strncmp(a_digits, b_digits, a_len);
}

int
slipway_name_compare(SlipwayNameOrder order, const char *a, const char *b)
{
	int			result = order == SLIPWAY_ORDER_NUMBER ? compare_numbers(a, b) : 0;

	if (result == 0)
		result = strcmp(pg_server_to_any(a, strlen(a), PG_UTF8),
						pg_server_to_any(b, strlen(b), PG_UTF8));
	return result;
}

/* Members must stand in the order that the manifest declares. */
static void
check_order(const SlipwayManifest *manifest)
{
	const char *numbered = NULL;

	for (int i = 0; i < manifest->n; i++)
	{
		const char *name = manifest->members[i].name;
		int			step = i == 0 ? -1 :
			slipway_name_compare(manifest->order, manifest->members[i - 1].name, name);

		if (step == 0)
			ereport(ERROR,
					(errcode(SLIPWAY_DUPLICATE_NAME),
					 errmsg("migration \"%s\" is there twice", name)));
		if (step > 0)
			ereport(ERROR,
					(errcode(SLIPWAY_INVALID_MANIFEST),
					 errmsg("migration \"%s\" stands after \"%s\" in the manifest",
							name, manifest->members[i - 1].name),
					 errdetail("That is not the order \"%s\" which it declares.",
							   order_names[manifest->order])));
		if (manifest->order == SLIPWAY_ORDER_AUTO && isdigit((unsigned char) name[0]))
		{
			if (numbered && compare_numbers(numbered, name) > 0)
				ereport(ERROR,
						(errcode(SLIPWAY_AMBIGUOUS_ORDER),
						 errmsg("order of migrations \"%s\" and \"%s\" is ambiguous", numbered, name),
						 errdetail("By bytes the first comes before the second, by number after it."),
						 errhint("Say which with order name or order number, or give the numbers the same width.")));
			numbered = name;
		}
	}
}

/* The next space-separated word of *line, which is advanced. */
static char *
next_word(char **line)
{
	char	   *word = *line;
	char	   *end = strchr(word, ' ');

	if (end == NULL)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("a line of the manifest has too few fields"),
				 errdetail("At \"%s\".", word)));
	*end = '\0';
	*line = end + 1;
	return word;
}

static void
parse_hash(const char *word, uint8 *hash, int sqlerrcode)
{
	if (!slipway_hash_parse(word, hash))
		ereport(ERROR,
				(errcode(sqlerrcode),
				 errmsg("invalid hash \"%s\"", word),
				 errhint("A hash is %d hexadecimal digits.", SLIPWAY_HASH_HEX_LEN)));
}

void
slipway_manifest_parse_hash(const char *hex, uint8 *hash)
{
	parse_hash(hex, hash, ERRCODE_INVALID_PARAMETER_VALUE);
}

static bool
parse_optional_hash(const char *word, uint8 *hash)
{
	if (strcmp(word, "-") == 0)
		return false;
	parse_hash(word, hash, SLIPWAY_INVALID_MANIFEST);
	return true;
}

static void
parse_member(SlipwayMember *member, char *line)
{
	char	   *kind;

	parse_hash(next_word(&line), member->up, SLIPWAY_INVALID_MANIFEST);
	member->has_down = parse_optional_hash(next_word(&line), member->down);
	member->has_verify = parse_optional_hash(next_word(&line), member->verify);
	kind = next_word(&line);
	if (strcmp(kind, "versioned") != 0)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("unknown kind of migration \"%s\"", kind)));
	slipway_check_name("migration", line);
	member->name = line;
}

SlipwayManifest *
slipway_manifest_parse(const char *text)
{
	static const char header[] = "slipway-manifest 1 order=";
	SlipwayManifest *manifest = palloc0(sizeof(SlipwayManifest));
	char	   *copy = pstrdup(text);
	char	   *line;
	int			lines = 0;

	for (const char *p = copy; *p; p++)
		lines += *p == '\n';
	if (strncmp(copy, header, strlen(header)) != 0 || copy[strlen(copy) - 1] != '\n')
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("this is not the text of a manifest"),
				 errdetail("It must begin with \"%s\" and end with a line feed.", header)));
	slipway_hash_text(text, manifest->hash);
	manifest->members = palloc0(Max(lines, 1) * sizeof(SlipwayMember));
	line = copy;
	for (int i = 0; i < lines; i++)
	{
		char	   *end = strchr(line, '\n');

		*end = '\0';
		if (i == 0)
			manifest->order = parse_order(line + strlen(header));
		else
			parse_member(&manifest->members[manifest->n++], line);
		line = end + 1;
	}
	check_order(manifest);
	return manifest;
}

/* Index of members by name. */
typedef struct MemberEntry
{
	char	   *name;
	int			position;
} MemberEntry;

static uint32
hash_name(const void *key, Size size)
{
	const char *name = *(char *const *) key;

	return hash_bytes((const unsigned char *) name, strlen(name));
}

static int
match_name(const void *a, const void *b, Size size)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

HTAB *
slipway_manifest_index(const SlipwayManifest *manifest)
{
	HASHCTL		control = {0};
	HTAB	   *table;

	control.keysize = sizeof(char *);
	control.entrysize = sizeof(MemberEntry);
	control.hash = hash_name;
	control.match = match_name;
	control.hcxt = CurrentMemoryContext;
	table = hash_create("slipway members", Max(manifest->n, 16), &control,
						HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	for (int i = 0; i < manifest->n; i++)
	{
		MemberEntry *entry = hash_search(table, &manifest->members[i].name, HASH_ENTER, NULL);

		entry->position = i;
	}
	return table;
}

int
slipway_manifest_position(HTAB *index, const char *name)
{
	MemberEntry *entry = hash_search(index, &name, HASH_FIND, NULL);

	return entry ? entry->position : -1;
}

/*
 * The members that were loaded or stored last, without their ids. A deploy
 * stores a manifest and runs it next, and what a hash stands for never changes.
 */
static struct
{
	MemoryContext context;
	char	   *project;		/* NULL: nothing is remembered */
	uint8		hash[SLIPWAY_HASH_LEN];
	SlipwayMember *members;
	int			n;
}			remembered;

static SlipwayMember *
copy_members(const SlipwayMember *members, int n)
{
	SlipwayMember *copy = palloc(Max(n, 1) * sizeof(SlipwayMember));

	for (int i = 0; i < n; i++)
	{
		copy[i] = members[i];
		copy[i].name = pstrdup(members[i].name);
		copy[i].id = 0;
		copy[i].settled = false;
		copy[i].outline = NULL;
	}
	return copy;
}

void
slipway_manifest_remember(const char *project, const SlipwayManifest *manifest)
{
	MemoryContext caller;

	if (remembered.context == NULL)
		remembered.context = AllocSetContextCreate(TopMemoryContext, "slipway manifest",
												   ALLOCSET_DEFAULT_SIZES);
	remembered.project = NULL;
	MemoryContextReset(remembered.context);
	caller = MemoryContextSwitchTo(remembered.context);
	remembered.members = copy_members(manifest->members, manifest->n);
	remembered.n = manifest->n;
	memcpy(remembered.hash, manifest->hash, SLIPWAY_HASH_LEN);
	remembered.project = pstrdup(project);
	MemoryContextSwitchTo(caller);
}

static void
read_members(SlipwayManifest *manifest, const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_MEMBERS, 2, {TEXTOID, BYTEAOID}};
	SlipwayArgs args = {0};
	MemoryContext caller = CurrentMemoryContext;

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, manifest->hash);
	slipway_spi_begin();
	manifest->n = slipway_query(&query, &args, 0);
	manifest->members = MemoryContextAllocZero(caller, Max(manifest->n, 1) * sizeof(SlipwayMember));
	for (int i = 0; i < manifest->n; i++)
	{
		SlipwayMember *member = &manifest->members[i];

		member->name = slipway_row_text(i, 1);
		(void) slipway_row_hash(i, 2, member->up);
		member->has_down = slipway_row_hash(i, 3, member->down);
		member->has_verify = slipway_row_hash(i, 4, member->verify);
		member->id = slipway_row_int8(i, 5);
	}
	slipway_spi_end();
}

static void
load_members(SlipwayManifest *manifest, const char *project)
{
	if (remembered.project && strcmp(remembered.project, project) == 0 &&
		memcmp(remembered.hash, manifest->hash, SLIPWAY_HASH_LEN) == 0)
	{
		manifest->members = copy_members(remembered.members, remembered.n);
		manifest->n = remembered.n;
		return;
	}
	read_members(manifest, project);
	slipway_manifest_remember(project, manifest);
}

/* The manifest that a query finds, still without its members, or NULL. */
static SlipwayManifest *
read_manifest(SlipwayQuery *query, SlipwayArgs *args)
{
	SlipwayManifest *manifest = palloc0(sizeof(SlipwayManifest));
	char	   *order = NULL;

	slipway_spi_begin();
	if (slipway_query(query, args, 1) > 0)
	{
		(void) slipway_row_hash(0, 1, manifest->hash);
		order = slipway_row_text(0, 2);
	}
	slipway_spi_end();
	if (order == NULL)
		return NULL;
	manifest->order = parse_order(order);
	return manifest;
}

static SlipwayQuery find_query = {SLIPWAY_QUERY_MANIFEST, 2, {TEXTOID, TEXTOID}};

bool
slipway_manifest_exists(const char *project, const uint8 *hash)
{
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_text(&args, slipway_hash_hex(hash));
	return slipway_query(&find_query, &args, 1) > 0;
}

SlipwayManifest *
slipway_manifest_load(const char *project, const char *hash)
{
	uint8		bytes[SLIPWAY_HASH_LEN];
	SlipwayManifest *manifest;
	SlipwayArgs args = {0};

	if (hash)
		slipway_manifest_parse_hash(hash, bytes);
	slipway_arg_text(&args, project);
	slipway_arg_text(&args, hash);
	manifest = read_manifest(&find_query, &args);
	if (manifest == NULL && hash)
		ereport(ERROR,
				(errcode(SLIPWAY_NOT_UPLOADED),
				 errmsg("project \"%s\" has no manifest %s", project, hash),
				 errhint("Upload it with slipway.add_manifest().")));
	if (manifest == NULL)
		return slipway_manifest_parse("slipway-manifest 1 order=auto\n");
	load_members(manifest, project);
	return manifest;
}

SlipwayManifest *
slipway_manifest_load_settled(const char *project)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_SETTLED, 1, {TEXTOID}};
	SlipwayManifest *manifest;
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	manifest = read_manifest(&query, &args);
	if (manifest)
		read_members(manifest, project);
	return manifest;
}

SlipwayManifestState
slipway_manifest_state(const char *project, const uint8 *hash)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_MANIFEST_STATE, 2, {TEXTOID, BYTEAOID}};
	SlipwayManifestState state = {0};
	SlipwayArgs args = {0};

	slipway_arg_text(&args, project);
	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
	{
		state.project_exists = true;
		state.stored = slipway_row_bool(0, 1);
		state.newest = slipway_row_bool(0, 2);
		state.settled = slipway_row_bool(0, 3);
		state.head = slipway_row_text(0, 4);
		state.owner = slipway_row_text(0, 5);
	}
	slipway_spi_end();
	return state;
}
