/*
 * credential_mapping.h
 *	  A table of the user's own that is told what became of a credential.
 *
 * It is read and written with the caller's rights, or as its owner: 42501 if the caller has not the rights of an owner who has not
 * the caller's. A mapping is a JSON object: see table slipway.credential.
 */
#ifndef SLIPWAY_CREDENTIAL_MAPPING_H
#define SLIPWAY_CREDENTIAL_MAPPING_H

#include "credential.h"

/*
 * A mapping with the table's name in full; NULL for NULL. Raises SW046 for what is none, or names what the table does
 * not have, and 42501 unless the caller may read and write its columns.
 */
extern char *slipway_mapping_check(const char *mapping);

/* Writes into the row of the project; returns what stood there, as JSON. SW046 unless there is just one row. */
extern char *slipway_mapping_write(const SlipwayCredential *credential, const char *status);

/* What that would be, as a statement. */
extern char *slipway_mapping_statement(const SlipwayCredential *credential, const char *status);

/* Puts back what stood there: credential->mapped. A WARNING if there is no such table or row any more. */
extern void slipway_mapping_restore(const SlipwayCredential *credential);

#endif							/* SLIPWAY_CREDENTIAL_MAPPING_H */
