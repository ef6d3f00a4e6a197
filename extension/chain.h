/*
 * chain.h
 *	  The hash that links each history entry to the one before it.
 *
 * Canonical form of an entry, in UTF-8:
 *		slipway-history 1\n
 *		then for each field, in the order of enum SlipwayField,
 *		<name>=<length in bytes>:<value>\n	or, for NULL,	<name>=-\n
 * Numbers are decimal, hashes lower-case hex, times UTC with six decimals
 * (2026-11-21T07:30:00.000000Z), addresses as host() prints them. The hash of
 * an entry is SHA-256 over that; prev_hash is its last field.
 */
#ifndef SLIPWAY_CHAIN_H
#define SLIPWAY_CHAIN_H

#include "script.h"

typedef enum SlipwayField
{
	FIELD_PROJECT,
	FIELD_ENTRY,
	FIELD_RUN,
	FIELD_MIGRATION,
	FIELD_ACTION,
	FIELD_OUTCOME,
	FIELD_SCRIPT_HASH,
	FIELD_MANIFEST_HASH,
	FIELD_STARTED_AT,
	FIELD_FINISHED_AT,
	FIELD_SESSION_ROLE,
	FIELD_EFFECTIVE_ROLE,
	FIELD_CLIENT_ADDR,
	FIELD_APPLICATION_NAME,
	FIELD_CLIENT_VERSION,
	FIELD_SQLSTATE,
	FIELD_MESSAGE,
	FIELD_DETAIL,
	FIELD_HINT,
	FIELD_CONTEXT,
	FIELD_POSITION,
	FIELD_LINE_NUMBER,
	FIELD_COLUMN_NUMBER,
	FIELD_REASON,
	FIELD_VARIABLES,
	FIELD_DIRECTION,
	FIELD_APPROVED_BY,
	FIELD_PREV_HASH,
	NFIELDS
} SlipwayField;

/* The values of an entry as text in the server's encoding; NULL for NULL. */
typedef struct SlipwayEntry
{
	char	   *field[NFIELDS];
} SlipwayEntry;

/* Computes the hash of an entry. */
extern void slipway_chain_hash(const SlipwayEntry *entry, uint8 *hash);

#endif							/* SLIPWAY_CHAIN_H */
