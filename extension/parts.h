/*
 * parts.h
 *	  A script body that arrives in parts.
 */
#ifndef SLIPWAY_PARTS_H
#define SLIPWAY_PARTS_H

#include "postgres.h"

/*
 * Adds a part, cut anywhere, of a body in UTF-8. Its place is given in bytes of
 * what is sent; at 0 another body begins. Parts live as long as the transaction
 * in which they came. Raises 22023 if it does not follow the one before it, 22021 if the
 * body is not UTF-8, with the last part at the latest.
 */
extern void slipway_parts_add(const bytea *part, int64 offset, bool last);

/*
 * After the last part: the body in its normal form and the server's encoding, as
 * slipway_body_remember() takes it, and its hash.
 */
extern text *slipway_parts_take(uint8 *hash);

#endif							/* SLIPWAY_PARTS_H */
