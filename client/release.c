/*
 * release.c
 *	  What a command line is about.
 */
#include "release.h"

#include "connection.h"
#include "output.h"

SlipwayManifest *
slipway_release_load(const SlipwayArguments *arguments, SlipwayAttemptReady ready,
					 void *context)
{
	const char *path = slipway_folder_locate(slipway_option_text(arguments, SLIPWAY_OPTION_DIR));
	SlipwayFolder *folder = slipway_folder_read(path);
	const char *order_name = slipway_option_text(arguments, SLIPWAY_OPTION_ORDER);
	SlipwayOrder order = slipway_manifest_order(order_name);
	SlipwayManifest *manifest;

	if (folder->count == 0)
		slipway_output_say("folder %s has no scripts", folder->path);
	if (slipway_option_text(arguments, SLIPWAY_OPTION_TO) != NULL)
		slipway_folder_require(folder, slipway_option_text(arguments, SLIPWAY_OPTION_TO));
	slipway_connection_begin(arguments, ready, context);
	manifest = slipway_manifest_build(folder, order, slipway_connection_advance);
	slipway_output_detail("folder %s: %zu %s, manifest %s", folder->path, folder->count,
						  folder->count == 1 ? "migration" : "migrations", manifest->hash);
	return manifest;
}

void
slipway_release_free(SlipwayManifest *manifest)
{
	SlipwayFolder *folder = manifest->folder;

	slipway_manifest_free(manifest);
	slipway_folder_free(folder);
}

const char *
slipway_release_project(const SlipwayArguments *arguments)
{
	const char *project = slipway_option_text(arguments, SLIPWAY_OPTION_PROJECT);

	return project != NULL ? project : "default";
}
