/*
 * body.c
 *	  Script bodies as they are stored.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "body.h"
#include "error_code.h"
#include "hash.h"
#include "query.h"
#include "spi.h"

/* What runs must be what the history will say has run. */
static void
check_body(const char *body, const uint8 *hash)
{
	uint8		actual[SLIPWAY_HASH_LEN];

	slipway_hash_text(body, actual);
	if (memcmp(actual, hash, SLIPWAY_HASH_LEN) != 0)
		ereport(ERROR,
				(errcode(SLIPWAY_CHAIN_BROKEN),
				 errmsg("stored script %s was changed after it was uploaded", slipway_hash_hex(hash)),
				 errhint("Find out who did that; then restore it from a backup.")));
}

char *
slipway_body_load(const uint8 *hash)
{
	static SlipwayQuery query = {"SELECT body FROM slipway.script WHERE hash = $1", 1, {BYTEAOID}};
	SlipwayArgs args = {0};
	char	   *body = NULL;

	slipway_arg_hash(&args, hash);
	slipway_spi_begin();
	if (slipway_query(&query, &args, 1) > 0)
		body = slipway_row_text(0, 1);
	slipway_spi_end();
	if (body)
		check_body(body, hash);
	return body;
}

char **
slipway_body_load_small(const uint8 *const *hashes, int n)
{
	static SlipwayQuery query = {SLIPWAY_QUERY_SCRIPT_BODIES, 2, {BYTEAARRAYOID, INT8OID}};
	char	  **bodies = palloc0(Max(n, 1) * sizeof(char *));
	SlipwayArgs args = {0};
	uint64		rows;

	slipway_arg_hashes(&args, hashes, n);
	slipway_arg_int8(&args, SLIPWAY_BODY_SMALL);
	slipway_spi_begin();
	rows = slipway_query(&query, &args, 0);
	for (uint64 i = 0; i < rows; i++)
		bodies[slipway_row_int8(i, 1) - 1] = slipway_row_text(i, 2);
	slipway_spi_end();
	for (int i = 0; i < n; i++)
		if (bodies[i])
			check_body(bodies[i], hashes[i]);
	return bodies;
}
