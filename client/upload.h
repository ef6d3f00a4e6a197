/*
 * upload.h
 *	  Brings a manifest and the scripts that it needs to the server.
 */
#ifndef SLIPWAY_UPLOAD_H
#define SLIPWAY_UPLOAD_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "manifest.h"

typedef struct SlipwayUpload
{
	size_t		scripts;		/* how many were sent */
	bool		settled;		/* all of it is applied: there is nothing to do */
	char	   *head;			/* hash of the newest history entry, or NULL */
} SlipwayUpload;

/*
 * To be called, if possible, before slipway_upload_run(), and before the manifest
 * is known: asks what the server knows of the project.
 */
void		slipway_upload_begin(PGconn *conn, const char *project);

/*
 * Asks first what the server knows; sends the manifest if it is new, or what it has
 * more than one that was applied whole, and then the bodies that are missing: one to
 * four exchanges, however many migrations there are. Memory does not grow
 * with the size of the scripts. Any error ends the program with the exit code
 * that fits it; a script that changed since it was hashed is one.
 */
SlipwayUpload slipway_upload_run(PGconn *conn, const SlipwayManifest *manifest, const char *project);

#endif
