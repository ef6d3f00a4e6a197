/*
 * run_options.h
 *	  What the options of every CALL that runs scripts have in common.
 */
#ifndef SLIPWAY_RUN_OPTIONS_H
#define SLIPWAY_RUN_OPTIONS_H

#include <jansson.h>

#include "manifest.h"
#include "option.h"

/* Adds what says which migrations are to run, and whether and with what: of a manifest that was uploaded. */
void		slipway_run_options_add_plan(json_t *options, const SlipwayArguments *arguments,
										 const SlipwayManifest *manifest, const char *variables_key);

/* Adds the client's version, time-outs, retries and who may be cancelled, as far as they were given. */
void		slipway_run_options_add(json_t *options, const SlipwayArguments *arguments);

/*
 * Adds a duration, if it was given: a plain number as a number (milliseconds), one with a unit as
 * text.
 */
void		slipway_run_options_duration(json_t *options, const char *key,
										 const SlipwayArguments *arguments, SlipwayOptionId id);

/* As text, which the caller frees; releases the object. */
char	   *slipway_run_options_text(json_t *options);

#endif
