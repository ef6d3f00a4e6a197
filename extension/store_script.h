/*
 * store_script.h
 *	  Script bodies that a deploy brings.
 */
#ifndef SLIPWAY_STORE_SCRIPT_H
#define SLIPWAY_STORE_SCRIPT_H

#include "script.h"

/*
 * Before anything is uploaded by an SQL function, "slipway.NAME()": raises 25006
 * on a standby, 42501 unless the caller is an uploader of
 * the project, makes project "default" if it is that, and raises SW012 if it
 * does not exist.
 */
extern void slipway_store_prepare(const char *function, const char *project);

/* Stores a body in its normal form unless it is there; sets its hash. */
extern void slipway_store_script(const char *body, uint8 *hash);

#endif							/* SLIPWAY_STORE_SCRIPT_H */
