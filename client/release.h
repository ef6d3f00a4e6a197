/*
 * release.h
 *	  What a command line is about: a folder with its manifest, a project.
 */
#ifndef SLIPWAY_RELEASE_H
#define SLIPWAY_RELEASE_H

#include "manifest.h"
#include "option.h"

/* Reads the folder of --dir in the order of --order; errors end the program. */
SlipwayManifest *slipway_release_load(const SlipwayArguments *arguments);

/* Frees a manifest together with its folder. */
void		slipway_release_free(SlipwayManifest *manifest);

/* The project of --project. */
const char *slipway_release_project(const SlipwayArguments *arguments);

#endif
