/*
 * missing.h
 *	  Scripts that a manifest names and nobody has uploaded.
 */
#ifndef SLIPWAY_MISSING_H
#define SLIPWAY_MISSING_H

#include "manifest.h"

typedef struct SlipwayMissing
{
	uint8	   *hashes;			/* SLIPWAY_HASH_LEN bytes each; each once, in order */
	int			n;
} SlipwayMissing;

/*
 * The scripts of the members that were read which are not stored; others_only:
 * apart from up scripts.
 */
extern SlipwayMissing slipway_missing_find(const SlipwayManifest *manifest, bool others_only);

/* Raises SW009 if the up script of a member is among them. */
extern void slipway_missing_refuse(const SlipwayMissing *missing, const SlipwayMember *member);

/* Was the last of them uploaded since? There must be one. */
extern bool slipway_missing_last_came(const SlipwayMissing *missing);

/* Their hashes in hex, as text[]. */
extern ArrayType *slipway_missing_array(const SlipwayMissing *missing);

/* Raises SW009 for one script; part says which of the migration, NULL: the up script. */
extern _Noreturn void slipway_missing_raise(const char *migration, const char *part, const uint8 *hash);

#endif							/* SLIPWAY_MISSING_H */
