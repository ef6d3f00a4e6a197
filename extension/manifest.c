/*
 * manifest.c
 *	  Immutable ordered lists of migrations: their text and their order.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"

#include "error_code.h"
#include "hook.h"
#include "manifest.h"

static const char *const order_names[] = {"auto", "name", "number"};

static const char *const kind_names[] = {"hook", "repeatable", "versioned"};

SlipwayKind
slipway_kind_parse(const char *name)
{
	for (int i = 0; i < lengthof(kind_names); i++)
		if (strcmp(name, kind_names[i]) == 0)
			return (SlipwayKind) i;
	ereport(ERROR,
			(errcode(SLIPWAY_INVALID_MANIFEST),
			 errmsg("unknown kind of migration \"%s\"", name)));
}

const char *
slipway_kind_name(SlipwayKind kind)
{
	return kind_names[kind];
}

SlipwayNameOrder
slipway_order_parse(const char *name)
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

int
slipway_member_compare(SlipwayNameOrder order, const SlipwayMember *a, const SlipwayMember *b)
{
	if (a->kind != b->kind)
		return (int) a->kind - (int) b->kind;
	return slipway_name_compare(a->kind == SLIPWAY_VERSIONED ? order : SLIPWAY_ORDER_NAME, a->name, b->name);
}

void
slipway_manifest_refuse_twice(const char *name)
{
	ereport(ERROR,
			(errcode(SLIPWAY_DUPLICATE_NAME),
			 errmsg("migration \"%s\" is there twice", name)));
}

/* A name has one history, whatever its kind. */
static void
check_unique(const SlipwayManifest *manifest)
{
	HTAB	   *index = slipway_manifest_index(manifest);

	for (int i = 0; i < manifest->n; i++)
		if (slipway_manifest_position(index, manifest->members[i].name) != i)
			slipway_manifest_refuse_twice(manifest->members[i].name);
	hash_destroy(index);
}

/* In byte order, number must not go down: numbered is the last member with one, or NULL. */
static void
check_number(const char *numbered, const char *name)
{
	if (numbered && compare_numbers(numbered, name) > 0)
		ereport(ERROR,
				(errcode(SLIPWAY_AMBIGUOUS_ORDER),
				 errmsg("order of migrations \"%s\" and \"%s\" is ambiguous", numbered, name),
				 errdetail("By bytes the first comes before the second, by number after it."),
				 errhint("Say which with order name or order number, or give the numbers the same width.")));
}

static bool
has_number(const SlipwayMember *member)
{
	return member->kind == SLIPWAY_VERSIONED && isdigit((unsigned char) member->name[0]);
}

/*
 * Members must stand in the order that the manifest declares, behind the one
 * before them (or NULL). In byte order that one is also the last one with a
 * number, or none before it has one.
 */
static void
check_order(const SlipwayManifest *manifest, const SlipwayMember *before)
{
	const char *numbered = before && has_number(before) ? before->name : NULL;

	for (int i = 0; i < manifest->n; i++)
	{
		const SlipwayMember *member = &manifest->members[i];
		int			step = before ? slipway_member_compare(manifest->order, before, member) : -1;

		if (step == 0)
			slipway_manifest_refuse_twice(member->name);
		if (step > 0)
			ereport(ERROR,
					(errcode(SLIPWAY_INVALID_MANIFEST),
					 errmsg("migration \"%s\" stands after \"%s\" in the manifest",
							member->name, before->name),
					 errdetail("That is not the order \"%s\" which it declares.",
							   order_names[manifest->order])));
		if (manifest->order == SLIPWAY_ORDER_AUTO && has_number(member))
		{
			check_number(numbered, member->name);
			numbered = member->name;
		}
		before = member;
	}
	if (manifest->n > 0 && manifest->members[0].kind != SLIPWAY_VERSIONED)
		check_unique(manifest);
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
check_hook(const SlipwayMember *member)
{
	if (!slipway_hook_is_name(member->name))
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("there is no hook \"%s\"", member->name)));
	if (member->kind != SLIPWAY_HOOK)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("\"%s\" is the name of a hook, not of a migration", member->name)));
	if (member->has_down || member->has_verify)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("hook \"%s\" has a down or verify script", member->name)));
}

static void
parse_member(SlipwayMember *member, char *line)
{
	parse_hash(next_word(&line), member->up, SLIPWAY_INVALID_MANIFEST);
	member->has_down = parse_optional_hash(next_word(&line), member->down);
	member->has_verify = parse_optional_hash(next_word(&line), member->verify);
	member->kind = slipway_kind_parse(next_word(&line));
	slipway_check_name("migration", line);
	member->name = line;
	if (member->kind == SLIPWAY_HOOK || slipway_hook_is_name(line))
		check_hook(member);
}

static int
count_lines(const char *text)
{
	int			lines = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	return lines;
}

static void
require_last_line_feed(const char *text)
{
	if (*text && text[strlen(text) - 1] != '\n')
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("this is not the text of a manifest"),
				 errdetail("It must end with a line feed.")));
}

/* Cuts the first line off *text, which is advanced. */
static char *
take_line(char **text)
{
	char	   *line = *text;
	char	   *end = strchr(line, '\n');

	*end = '\0';
	*text = end + 1;
	return line;
}

/* Lines of members, which may be changed. */
static void
parse_members(SlipwayManifest *manifest, char *text, const SlipwayMember *before)
{
	manifest->members = palloc0(Max(count_lines(text), 1) * sizeof(SlipwayMember));
	while (*text)
	{
		char	   *line = take_line(&text);

		slipway_hash_chain(manifest->hash, line);
		parse_member(&manifest->members[manifest->n++], line);
	}
	check_order(manifest, before);
}

SlipwayManifest *
slipway_manifest_parse(const char *text)
{
	static const char header[] = "slipway-manifest 1 order=";
	SlipwayManifest *manifest = palloc0(sizeof(SlipwayManifest));
	char	   *copy = pstrdup(text);
	char	   *line;

	if (strncmp(text, header, strlen(header)) != 0)
		ereport(ERROR,
				(errcode(SLIPWAY_INVALID_MANIFEST),
				 errmsg("this is not the text of a manifest"),
				 errdetail("It must begin with \"%s\".", header)));
	require_last_line_feed(text);
	line = take_line(&copy);
	slipway_hash_text(line, manifest->hash);
	manifest->order = slipway_order_parse(line + strlen(header));
	parse_members(manifest, copy, NULL);
	return manifest;
}

SlipwayManifest *
slipway_manifest_parse_more(const SlipwayManifestBase *base, const char *lines)
{
	SlipwayManifest *manifest = palloc0(sizeof(SlipwayManifest));
	SlipwayMember last = {.kind = base->last_kind, .name = base->last};

	require_last_line_feed(lines);
	manifest->base = base->n;
	manifest->order = base->order;
	memcpy(manifest->hash, base->hash, SLIPWAY_HASH_LEN);
	parse_members(manifest, pstrdup(lines), &last);
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
