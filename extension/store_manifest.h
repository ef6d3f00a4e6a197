/*
 * store_manifest.h
 *	  Manifests that a deploy brings.
 */
#ifndef SLIPWAY_STORE_MANIFEST_H
#define SLIPWAY_STORE_MANIFEST_H

#include "load_manifest.h"

/*
 * Stores a manifest unless it is there, and makes it the newest of the project;
 * sets the ids of its members. Those that it leaves out are all of base, else
 * base is NULL. Returns when it had been stored, 0 if it had not.
 */
extern TimestampTz slipway_store_manifest(const char *project, SlipwayManifest *manifest,
										  const SlipwayManifestBase *base);

/* Makes a stored manifest the newest. */
extern void slipway_store_newest(const char *project, const uint8 *hash);

#endif							/* SLIPWAY_STORE_MANIFEST_H */
