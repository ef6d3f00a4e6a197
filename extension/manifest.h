/*
 * manifest.h
 *	  Immutable ordered lists of migrations.
 *
 * Text of a manifest, in UTF-8, whose SHA-256 is its hash:
 *		slipway-manifest 1 order=<auto|name|number>\n
 *		<up hash> <down hash or -> <verify hash or -> versioned <name>\n   ...
 * auto: in byte order of the names, and the order of leading numbers agrees;
 * name: in byte order, whatever the numbers; number: by leading number.
 */
#ifndef SLIPWAY_MANIFEST_H
#define SLIPWAY_MANIFEST_H

#include "utils/hsearch.h"

#include "hash.h"
#include "project.h"
#include "unit.h"

typedef enum SlipwayNameOrder
{
	SLIPWAY_ORDER_AUTO,
	SLIPWAY_ORDER_NAME,
	SLIPWAY_ORDER_NUMBER
} SlipwayNameOrder;

typedef struct SlipwayMember
{
	char	   *name;
	uint8		up[SLIPWAY_HASH_LEN];
	uint8		down[SLIPWAY_HASH_LEN];
	uint8		verify[SLIPWAY_HASH_LEN];
	bool		has_down;
	bool		has_verify;
	int64		id;				/* in slipway.migration; 0: not known */
	bool		settled;		/* was applied with all the rest: its scripts are stored */
	SlipwayOutline *outline;	/* of its up script, once that was checked */
} SlipwayMember;

typedef struct SlipwayManifest
{
	SlipwayNameOrder order;
	SlipwayMember *members;
	int			n;
	uint8		hash[SLIPWAY_HASH_LEN];
} SlipwayManifest;

/* What the tables say of a manifest. */
typedef struct SlipwayManifestState
{
	bool		project_exists;
	char	   *owner;			/* of the project, or NULL */
	bool		stored;
	bool		newest;
	bool		settled;		/* the last run left it applied whole, and nothing happened since */
	char	   *head;			/* hash of the newest history entry in hex, or NULL */
} SlipwayManifestState;

/*
 * Reads the text of a manifest into the current memory context; checks names
 * and order. Raises SW018 for what is not one, SW004, SW005, SW016.
 */
extern SlipwayManifest *slipway_manifest_parse(const char *text);

/*
 * Loads the manifest of that hash in hex, or the newest (NULL), of a project;
 * SW009 if there is none of that hash. A project without any has an empty
 * one. Opens a scope of spi.h.
 */
extern SlipwayManifest *slipway_manifest_load(const char *project, const char *hash);

/* Opens a scope of spi.h. */
extern SlipwayManifestState slipway_manifest_state(const char *project, const uint8 *hash);

/* Inside a scope of spi.h: is a manifest of that hash stored? */
extern bool slipway_manifest_exists(const char *project, const uint8 *hash);

/* Keeps a manifest in this session's memory for slipway_manifest_load(), in place of the last one. */
extern void slipway_manifest_remember(const char *project, const SlipwayManifest *manifest);

/* Loads, with ids, the one that was applied whole last, or returns NULL. Opens a scope. */
extern SlipwayManifest *slipway_manifest_load_settled(const char *project);

/* Index of the members by name, in the current memory context; position, or -1. */
extern HTAB *slipway_manifest_index(const SlipwayManifest *manifest);
extern int	slipway_manifest_position(HTAB *index, const char *name);

/* Reads the hash of a manifest as users give it; 22023 if it is none. */
extern void slipway_manifest_parse_hash(const char *hex, uint8 *hash);

/* <0, 0, >0 as a stands before b in this order; in bytes of UTF-8. */
extern int	slipway_name_compare(SlipwayNameOrder order, const char *a, const char *b);

/* "auto", "name" or "number" */
extern const char *slipway_order_name(SlipwayNameOrder order);

#endif							/* SLIPWAY_MANIFEST_H */
