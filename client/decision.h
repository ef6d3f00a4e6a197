/*
 * decision.h
 *	  What somebody says by hand of migrations, with the scripts of a folder in view.
 */
#ifndef SLIPWAY_DECISION_H
#define SLIPWAY_DECISION_H

#include <libpq-fe.h>

#include "manifest.h"

/*
 * In the transaction in which slipway.accept_checksum(), mark_applied() or baseline() has been called for a migration: ends the
 * program, and with it the transaction, if that was about other scripts than those of the manifest. The server takes the newest
 * upload, and somebody else may have brought one behind ours.
 */
void		slipway_decision_check(PGconn *conn, const SlipwayManifest *manifest, const char *project, const char *migration);

#endif
