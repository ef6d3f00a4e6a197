/*
 * manifest.h
 *	  Immutable ordered lists of migrations.
 *
 * Text of a manifest, in UTF-8:
 *		slipway-manifest 1 order=<auto|name|number>\n
 *		<up hash> <down hash or -> <verify hash or -> <kind> <name>\n   ...
 * Its hash is that of its last line: SHA-256 over the hex digits of the hash of
 * the line before, if there is one, and the line itself without its line feed. So
 * who knows a manifest's hash can go on with more members.
 *
 * First the hooks, then repeatable migrations, each in byte order of their names, as
 * they are the same in most releases; then the versioned ones, in this order:
 * auto: in byte order of the names, and the order of leading numbers agrees;
 * name: in byte order, whatever the numbers; number: by leading number.
 */
#ifndef SLIPWAY_MANIFEST_H
#define SLIPWAY_MANIFEST_H

#include "utils/hsearch.h"

#include "hash.h"
#include "hook.h"
#include "project.h"
#include "unit.h"

typedef enum SlipwayNameOrder
{
	SLIPWAY_ORDER_AUTO,
	SLIPWAY_ORDER_NAME,
	SLIPWAY_ORDER_NUMBER
} SlipwayNameOrder;

/* In the order of a manifest. */
typedef enum SlipwayKind
{
	SLIPWAY_HOOK,				/* runs at a certain moment of each run: see hook.h */
	SLIPWAY_REPEATABLE,			/* runs again when its script has changed */
	SLIPWAY_VERSIONED			/* runs once */
} SlipwayKind;

typedef struct SlipwayMember
{
	SlipwayKind kind;
	char	   *name;
	uint8		up[SLIPWAY_HASH_LEN];
	uint8		down[SLIPWAY_HASH_LEN];
	uint8		verify[SLIPWAY_HASH_LEN];
	bool		has_down;
	bool		has_verify;
	int64		id;				/* in slipway.migration, once it was stored; else 0 */
	SlipwayOutline *outline;	/* of its up script, once that was checked */
	const char *approved_by;	/* who has approved that, once it was looked up for a run; or NULL */
} SlipwayMember;

typedef struct SlipwayManifest
{
	SlipwayNameOrder order;
	int			base;			/* how many members stand before these: they are left out */
	SlipwayMember *members;
	int			n;
	SlipwayMember *hooks[SLIPWAY_HOOKS];	/* or NULL; also those that are left out above */
	uint8		hash[SLIPWAY_HASH_LEN];
} SlipwayManifest;

/* A stored manifest that others begin with. */
typedef struct SlipwayManifestBase
{
	uint8		hash[SLIPWAY_HASH_LEN];
	SlipwayNameOrder order;
	int			n;				/* members */
	SlipwayKind last_kind;		/* of the last member */
	char	   *last;			/* its name */
} SlipwayManifestBase;

/*
 * Reads the text of a manifest into the current memory context; checks names
 * and order. Raises SW018 for what is not one, SW004, SW005, SW016.
 */
extern SlipwayManifest *slipway_manifest_parse(const char *text);

/*
 * The same for a manifest that begins with all members of base: reads the lines
 * of those that follow, and leaves out the others.
 */
extern SlipwayManifest *slipway_manifest_parse_more(const SlipwayManifestBase *base, const char *lines);

/*
 * Raises SW005. Only who stores a manifest behind a base can know that a name
 * of the base comes again as another kind.
 */
extern _Noreturn void slipway_manifest_refuse_twice(const char *name);

/* Index of the members by name, in the current memory context; position, or -1. */
extern HTAB *slipway_manifest_index(const SlipwayManifest *manifest);
extern int	slipway_manifest_position(HTAB *index, const char *name);

/* Reads the hash of a manifest as users give it; 22023 if it is none. */
extern void slipway_manifest_parse_hash(const char *hex, uint8 *hash);

/* <0, 0, >0 as a stands before b in this order; in bytes of UTF-8. */
extern int	slipway_name_compare(SlipwayNameOrder order, const char *a, const char *b);

/* The same for members, whose kinds are told apart first. */
extern int	slipway_member_compare(SlipwayNameOrder order, const SlipwayMember *a, const SlipwayMember *b);

/* "hook", "repeatable" or "versioned"; SW018 for any other name. */
extern const char *slipway_kind_name(SlipwayKind kind);
extern SlipwayKind slipway_kind_parse(const char *name);

/* "auto", "name" or "number"; SW018 for any other name. */
extern const char *slipway_order_name(SlipwayNameOrder order);
extern SlipwayNameOrder slipway_order_parse(const char *name);

#endif							/* SLIPWAY_MANIFEST_H */
