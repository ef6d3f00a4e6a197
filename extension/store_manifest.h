/*
 * store_manifest.h
 *	  Manifests that a deploy brings.
 */
#ifndef SLIPWAY_STORE_MANIFEST_H
#define SLIPWAY_STORE_MANIFEST_H

#include "manifest.h"

/*
 * Stores a manifest unless it is there, and makes it the newest of the project;
 * sets the ids of its members. Raises 40001 where a concurrent upload of the
 * same cannot be seen.
 */
extern void slipway_store_manifest(const char *project, SlipwayManifest *manifest);

/* Makes a stored manifest the newest. */
extern void slipway_store_newest(const char *project, const uint8 *hash);

/* Loads a stored manifest by its hash in hex, for the function below. */
extern SlipwayManifest *slipway_store_load(const char *project, const char *hash);

/* Hashes, in hex, of the scripts of a stored manifest that are not; sets *n. */
extern char **slipway_store_missing(SlipwayManifest *manifest, int *n);

#endif							/* SLIPWAY_STORE_MANIFEST_H */
