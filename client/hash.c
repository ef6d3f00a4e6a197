/*
 * hash.c
 *	  SHA-256.
 */
#include "hash.h"

#include <openssl/evp.h>

#include "die.h"

/* Looked up once: for short scripts that takes longer than hashing. */
static EVP_MD *algorithm = NULL;
static EVP_MD_CTX *context = NULL;

static void
check(int result)
{
	if (result != 1)
		slipway_die(SLIPWAY_EXIT_ERROR, NULL, "could not compute a SHA-256 hash");
}

void
slipway_hash_begin(void)
{
	if (context == NULL)
	{
		algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
		context = EVP_MD_CTX_new();
		check(algorithm != NULL && context != NULL);
	}
	check(EVP_DigestInit_ex2(context, algorithm, NULL));
}

void
slipway_hash_add(const char *bytes, size_t length)
{
	check(EVP_DigestUpdate(context, bytes, length));
}

void
slipway_hash_end(char hash[SLIPWAY_HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	check(EVP_DigestFinal_ex(context, digest, &size) == 1 && size == 32);
	for (unsigned int i = 0; i < size; i++)
	{
		hash[2 * i] = digits[digest[i] >> 4];
		hash[2 * i + 1] = digits[digest[i] & 15];
	}
	hash[SLIPWAY_HASH_SIZE - 1] = '\0';
}

void
slipway_hash_bytes(const char *bytes, size_t length, char hash[SLIPWAY_HASH_SIZE])
{
	slipway_hash_begin();
	slipway_hash_add(bytes, length);
	slipway_hash_end(hash);
}
