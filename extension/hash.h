/*
 * hash.h
 *	  SHA-256: the names of scripts and manifests, and the links of the history.
 */
#ifndef SLIPWAY_HASH_H
#define SLIPWAY_HASH_H

#include "utils/array.h"

#define SLIPWAY_HASH_LEN 32
#define SLIPWAY_HASH_HEX_LEN (2 * SLIPWAY_HASH_LEN)

/* Hash of text in the server's encoding, over its UTF-8 form. */
extern void slipway_hash_text(const char *text, uint8 *hash);

/*
 * The same of a text that comes in pieces, in UTF-8; one at a time of each kind. That of an upload comes by many calls, between which
 * others may be.
 */
typedef enum SlipwayPieces
{
	SLIPWAY_PIECES_OF_OBJECT,
	SLIPWAY_PIECES_OF_UPLOAD
} SlipwayPieces;

extern void slipway_hash_begin(SlipwayPieces pieces);
extern void slipway_hash_add(SlipwayPieces pieces, const char *utf8, size_t length);
extern void slipway_hash_end(SlipwayPieces pieces, uint8 *hash);

/* Replaces a hash by the hash over its hex digits and the text that follows them. */
extern void slipway_hash_chain(uint8 *hash, const char *text);
extern void slipway_hash_chain_part(uint8 *hash, const char *text, int length);

/* Lower-case hex: palloc'd, or into SLIPWAY_HASH_HEX_LEN + 1 bytes. */
extern char *slipway_hash_hex(const uint8 *hash);
extern void slipway_hash_write_hex(const uint8 *hash, char *hex);

/* As a value of type bytea; the second raises XX000 for one of another length. */
extern Datum slipway_hash_datum(const uint8 *hash);
extern void slipway_hash_from_datum(Datum value, uint8 *hash);

/* A text[] of hashes in hex. */
extern ArrayType *slipway_hash_array(char *const *hexes, int n);

/* Reads 64 hex digits; false for anything else. */
extern bool slipway_hash_parse(const char *hex, uint8 *hash);

#endif							/* SLIPWAY_HASH_H */
