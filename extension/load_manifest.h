/*
 * load_manifest.h
 *	  What the tables say of manifests.
 */
#ifndef SLIPWAY_LOAD_MANIFEST_H
#define SLIPWAY_LOAD_MANIFEST_H

#include "datatype/timestamp.h"
#include "manifest.h"

/* Which members of a manifest are read. What is left out stands at its beginning. */
typedef enum SlipwayManifestPart
{
	SLIPWAY_PART_WHOLE,
	SLIPWAY_PART_NEW,			/* without those that were once applied whole: their scripts are here */
	SLIPWAY_PART_UNAPPLIED		/* without those that are applied, if that is known without a look at each */
} SlipwayManifestPart;

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

extern SlipwayManifestState slipway_manifest_state(const char *project, const uint8 *hash);

/* When a manifest of that hash was stored; 0 if it was not. */
extern TimestampTz slipway_manifest_stored_at(const char *project, const uint8 *hash);

/*
 * The manifest of that hash in hex, or the newest (NULL), of a project, without
 * its members; SW009 if there is none of that hash. A project without any has
 * an empty one.
 */
extern SlipwayManifest *slipway_manifest_find(const char *project, const char *hash);

/*
 * Reads members of one that was found, into the current memory context. May be
 * called again: outlines of members that are read again stay. Opens a scope of
 * spi.h.
 */
extern void slipway_manifest_read(SlipwayManifest *manifest, const char *project, SlipwayManifestPart part);

/* Finds one and reads all of it. Opens a scope. */
extern SlipwayManifest *slipway_manifest_load(const char *project, const char *hash);

/*
 * The manifest of that hash in hex, or the last one (NULL), among those that
 * were applied whole: for another one to begin with. n is 0 if there is none.
 */
extern SlipwayManifestBase slipway_manifest_base(const char *project, const char *hash);

/* The ids of its members, as datums of type bigint. */
extern void slipway_manifest_read_ids(const char *project, const SlipwayManifestBase *base, Datum *ids);

#endif							/* SLIPWAY_LOAD_MANIFEST_H */
