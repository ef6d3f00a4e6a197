/*
 * hash.c
 *	  SHA-256: the names of scripts and manifests, and the links of the history.
 *
 * By OpenSSL itself and not by the server's pg_cryptohash_*(), which looks the
 * algorithm up for each hash: for the few hundred bytes of a history entry that
 * takes longer than hashing.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "hash.h"

/* Made at first use and kept as long as the process: for whole texts, and for pieces. */
static EVP_MD_CTX *context = NULL;
static EVP_MD_CTX *pieces_contexts[SLIPWAY_PIECES_OF_UPLOAD + 1];

static void
require(int result)
{
	if (result != 1)
		elog(ERROR, "could not compute SHA-256");
}

static void
begin(EVP_MD_CTX **ctx)
{
	static const EVP_MD *algorithm = NULL;

	if (algorithm == NULL)
	{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
#else
		algorithm = EVP_sha256();
#endif
	}
	if (*ctx == NULL)
		*ctx = EVP_MD_CTX_new();
	require(*ctx != NULL && algorithm != NULL);
	require(EVP_DigestInit_ex(*ctx, algorithm, NULL));
}

/* Adds text in the server's encoding as UTF-8. */
static void
add(const char *text, int length)
{
	char	   *utf8 = pg_server_to_any(text, length, PG_UTF8);

	require(EVP_DigestUpdate(context, utf8, utf8 == text ? length : strlen(utf8)));
	if (utf8 != text)
		pfree(utf8);
}

static void
end(EVP_MD_CTX *ctx, uint8 *hash)
{
	unsigned int length = 0;

	require(EVP_DigestFinal_ex(ctx, hash, &length));
	Assert(length == SLIPWAY_HASH_LEN);
}

void
slipway_hash_text(const char *text, uint8 *hash)
{
	begin(&context);
	add(text, strlen(text));
	end(context, hash);
}

void
slipway_hash_begin(SlipwayPieces pieces)
{
	begin(&pieces_contexts[pieces]);
}

void
slipway_hash_add(SlipwayPieces pieces, const char *utf8, size_t length)
{
	require(EVP_DigestUpdate(pieces_contexts[pieces], utf8, length));
}

void
slipway_hash_end(SlipwayPieces pieces, uint8 *hash)
{
	end(pieces_contexts[pieces], hash);
}

void
slipway_hash_chain(uint8 *hash, const char *text)
{
	slipway_hash_chain_part(hash, text, strlen(text));
}

void
slipway_hash_chain_part(uint8 *hash, const char *text, int length)
{
	char		hex[SLIPWAY_HASH_HEX_LEN + 1];

	slipway_hash_write_hex(hash, hex);
	begin(&context);
	add(hex, SLIPWAY_HASH_HEX_LEN);
	add(text, length);
	end(context, hash);
}

void
slipway_hash_write_hex(const uint8 *hash, char *hex)
{
	hex_encode((const char *) hash, SLIPWAY_HASH_LEN, hex);
	hex[SLIPWAY_HASH_HEX_LEN] = '\0';
}

char *
slipway_hash_hex(const uint8 *hash)
{
	char	   *hex = palloc(SLIPWAY_HASH_HEX_LEN + 1);

	slipway_hash_write_hex(hash, hex);
	return hex;
}

Datum
slipway_hash_datum(const uint8 *hash)
{
	bytea	   *value = palloc(VARHDRSZ + SLIPWAY_HASH_LEN);

	SET_VARSIZE(value, VARHDRSZ + SLIPWAY_HASH_LEN);
	memcpy(VARDATA(value), hash, SLIPWAY_HASH_LEN);
	return PointerGetDatum(value);
}

void
slipway_hash_from_datum(Datum value, uint8 *hash)
{
	bytea	   *bytes = DatumGetByteaPP(value);

	if (VARSIZE_ANY_EXHDR(bytes) != SLIPWAY_HASH_LEN)
		elog(ERROR, "stored hash has %zu bytes", (size_t) VARSIZE_ANY_EXHDR(bytes));
	memcpy(hash, VARDATA_ANY(bytes), SLIPWAY_HASH_LEN);
}

ArrayType *
slipway_hash_array(char *const *hexes, int n)
{
	Datum	   *datums = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		datums[i] = CStringGetTextDatum(hexes[i]);
	return construct_array(datums, n, TEXTOID, -1, false, TYPALIGN_INT);
}

bool
slipway_hash_parse(const char *hex, uint8 *hash)
{
	if (strlen(hex) != SLIPWAY_HASH_HEX_LEN ||
		strspn(hex, "0123456789abcdefABCDEF") != SLIPWAY_HASH_HEX_LEN)
		return false;
	hex_decode(hex, SLIPWAY_HASH_HEX_LEN, (char *) hash);
	return true;
}
