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
 * Asks first what the server knows, by the hash of the manifest; sends the
 * text of that if it is new, and then the bodies that are missing: one, two or
 * three exchanges, however many migrations there are. Memory does not grow
 * with the size of the scripts. Any error ends the program with the exit code
 * that fits it; a script that changed since it was hashed is one.
 */
SlipwayUpload slipway_upload_run(PGconn *conn, const SlipwayManifest *manifest, const char *project);

#endif
