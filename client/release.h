/*
 * release.h
 *	  What a command line is about: a folder with its manifest, a project.
 */
#ifndef SLIPWAY_RELEASE_H
#define SLIPWAY_RELEASE_H

#include "attempt.h"
#include "manifest.h"
#include "option.h"

/*
 * Reads the folder of --dir in the order of --order; errors end the program.
 * Begins to connect when it has listed the folder and lets that go on while
 * it reads the scripts: slipway_connection_open() is expected to follow. ready: see
 * slipway_connection_begin().
 */
SlipwayManifest *slipway_release_load(const SlipwayArguments *arguments, SlipwayAttemptReady ready,
									  void *context);

/* Frees a manifest together with its folder. */
void		slipway_release_free(SlipwayManifest *manifest);

/* The project of --project. */
const char *slipway_release_project(const SlipwayArguments *arguments);

#endif
