/*
 * manifest.h
 *	  The ordered list of a folder's migrations with their hashes.
 */
#ifndef SLIPWAY_MANIFEST_H
#define SLIPWAY_MANIFEST_H

#include <stddef.h>

#include "folder.h"

typedef enum SlipwayOrder
{
	SLIPWAY_ORDER_AUTO,			/* by bytes, refused where numbers disagree */
	SLIPWAY_ORDER_NAME,			/* by bytes */
	SLIPWAY_ORDER_NUMBER		/* by leading number, then by bytes */
} SlipwayOrder;

/*
 * Of each line of a manifest's text, from its header on. The hash is over that of
 * the line before, in hexadecimal digits, and the line without its line feed.
 */
typedef struct SlipwayManifestLine
{
	size_t		end;			/* offset in the text of what follows it */
	char		hash[SLIPWAY_HASH_SIZE];
} SlipwayManifestLine;

typedef struct SlipwayManifest
{
	char	   *text;
	const char *hash;			/* that of its last line */
	SlipwayManifestLine *lines; /* folder->count + 1 of them */
	SlipwayFolder *folder;
	const SlipwayMigration **ordered;	/* folder->count of them */
	const SlipwayScriptFile **by_hash;	/* every script of the folder */
	size_t		script_count;
} SlipwayManifest;

/* The order of that name, which must be one; NULL: auto. */
SlipwayOrder slipway_manifest_order(const char *name);

/*
 * Compares two names in an order (auto: as name), as qsort() wants it.
 * Numbers may have any length, leading zeros do not count; names without one
 * come last under number.
 */
int			slipway_manifest_compare(SlipwayOrder order, const char *a, const char *b);

/*
 * Hashes the scripts of a folder, which must outlive the result, and makes
 * its manifest; idle may be NULL. Ends the program with SLIPWAY_EXIT_INVALID
 * where order auto is ambiguous, and as slipway_script_file_hash() does.
 */
SlipwayManifest *slipway_manifest_build(SlipwayFolder *folder, SlipwayOrder order,
										SlipwayScriptReaderIdle idle);
void		slipway_manifest_free(SlipwayManifest *manifest);

/*
 * What follows in its text on another manifest, of that hash and with so many
 * migrations; NULL if it does not begin with that one.
 */
const char *slipway_manifest_rest(const SlipwayManifest *manifest, const char *hash, size_t count);

/* A script of that hash, or NULL. */
const SlipwayScriptFile *slipway_manifest_find(const SlipwayManifest *manifest, const char *hash);

#endif
