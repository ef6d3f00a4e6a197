/*
 * hash.c
 *	  SHA-256.
 */
#include "hash.h"

#include <openssl/evp.h>

#include "die.h"

void
slipway_hash_bytes(const char *bytes, size_t length, char hash[SLIPWAY_HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	static const EVP_MD *algorithm = NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (algorithm == NULL)
		algorithm = EVP_sha256();
	if (EVP_Digest(bytes, length, digest, &size, algorithm, NULL) != 1 || size != 32)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not compute a SHA-256 hash");
	for (unsigned int i = 0; i < size; i++)
	{
		hash[2 * i] = digits[digest[i] >> 4];
		hash[2 * i + 1] = digits[digest[i] & 15];
	}
	hash[SLIPWAY_HASH_SIZE - 1] = '\0';
}
