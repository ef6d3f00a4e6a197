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

typedef struct SlipwayManifest
{
	char	   *text;
	char		hash[SLIPWAY_HASH_SIZE];
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
 * its manifest. Ends the program with SLIPWAY_EXIT_INVALID where order auto
 * is ambiguous, and as slipway_script_file_hash() does.
 */
SlipwayManifest *slipway_manifest_build(SlipwayFolder *folder, SlipwayOrder order);
void		slipway_manifest_free(SlipwayManifest *manifest);

/* A script of that hash, or NULL. */
const SlipwayScriptFile *slipway_manifest_find(const SlipwayManifest *manifest, const char *hash);

#endif
