/*
 * hash.h
 *	  SHA-256, as the names of scripts and manifests.
 */
#ifndef SLIPWAY_HASH_H
#define SLIPWAY_HASH_H

#include <stddef.h>

#define SLIPWAY_HASH_SIZE 65	/* 64 hexadecimal digits and a NUL */

/* Writes the hash of some bytes in lower-case hexadecimal. */
void		slipway_hash_bytes(const char *bytes, size_t length, char hash[SLIPWAY_HASH_SIZE]);

/* The same for bytes that come in parts; one hash at a time. */
void		slipway_hash_begin(void);
void		slipway_hash_add(const char *bytes, size_t length);
void		slipway_hash_end(char hash[SLIPWAY_HASH_SIZE]);

#endif
